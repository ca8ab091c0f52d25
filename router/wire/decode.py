"""Decode DynamoDB JSON to plain Python values, exactly.

``{"S": "a"}`` becomes ``"a"``, ``{"N": "1.5"}`` becomes ``Decimal("1.5")``. No number is rounded; a value that DynamoDB
cannot store raises :class:`~router.errors.DecodeError`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from router.wire.faults import Shown, image_fault, nesting_fault, value_fault
from router.wire.values import MALFORMED, map_of, value_of

__all__ = ["decode_image", "decode_value"]


def decode_image(
    wire: Any, image: str | None = None, names: Iterable[str] | None = None, shown: Shown | None = None
) -> dict[str, Any]:
    """Decode an image: its attributes, to any depth.

    Args:
        wire: The image as Lambda delivers it, attribute names to attribute values. It is not changed.
        image: ``"NewImage"``, ``"OldImage"`` or ``"Keys"``, for the error.
        names: The attributes to decode; all by default. An attribute that the image lacks is left out, and one that
            is not named is not read.
        shown: Returns the names that may stand in an error below an attribute; by default any may.

    Raises:
        DecodeError: The image, or a value that is decoded, is not what DynamoDB stores.

    Example:
        >>> decode_image({"id": {"S": "o-1"}, "total": {"N": "12.5"}, "tags": {"L": [{"NULL": True}]}})
        {'id': 'o-1', 'total': Decimal('12.5'), 'tags': [None]}
    """
    try:
        return map_of(wire, names)
    except RecursionError:
        fault = nesting_fault(image)
    except MALFORMED:
        fault = image_fault(wire, image, names, shown)
    raise fault  # outside the except blocks: its traceback does not show the error that was caught


def decode_value(wire: Any) -> Any:
    """Decode one attribute value.

    Numbers become ``int`` when they are integral, else ``Decimal``; binaries ``bytes``; sets ``set``.

    Args:
        wire: An attribute value with its type tag, such as ``{"N": "1"}``. It is not changed.

    Raises:
        DecodeError: The value is not what DynamoDB stores.

    Example:
        >>> decode_value({"NS": ["1", "2.0"]})
        {1, 2}

    See https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_AttributeValue.html
    """
    try:
        return value_of(wire)
    except RecursionError:
        fault = nesting_fault()
    except MALFORMED:
        fault = value_fault(wire)
    raise fault
