"""The size of an item in bytes, as DynamoDB counts it.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

__all__ = ["size_bytes"]

_CONTAINER, _ELEMENT = 3, 1  # bytes of a list or map, and of each member


def size_bytes(*images: Mapping[str, Any]) -> int:
    """The ``SizeBytes`` of a record: the sum of the sizes of its keys and its images.

    Args:
        images: The keys and the images in DynamoDB JSON, binary values as base64 text.

    Example:
        >>> size_bytes({"id": {"S": "Fred"}}, {"id": {"S": "Fred"}, "age": {"N": "41"}})
        17
    """
    return sum(len(name.encode()) + _size(value) for image in images for name, value in image.items())


def _size(value: Mapping[str, Any]) -> int:
    ((tag, content),) = value.items()
    match tag:
        case "S":
            return len(content.encode())
        case "N":
            return _number_size(content)
        case "B":
            return len(b64decode(content))
        case "SS" | "NS" | "BS":
            return sum(_size({tag[0]: member}) for member in content)
        case "L":
            return _CONTAINER + sum(_ELEMENT + _size(member) for member in content)
        case "M":
            return _CONTAINER + len(content) * _ELEMENT + size_bytes(content)
        case _:
            return 1  # a null or a boolean


def _number_size(text: str) -> int:
    """One byte, one for a minus sign, and one for each pair of significant digits, paired from the decimal point."""
    plain = f"{Decimal(text):f}"  # not abs() or similar, which round to the context's precision
    whole, _, fraction = plain.removeprefix("-").partition(".")
    digits = whole.zfill(len(whole) + len(whole) % 2) + fraction + "0" * (len(fraction) % 2)
    pairs = [digits[at : at + 2] for at in range(0, len(digits), 2)]
    significant = [at for at, pair in enumerate(pairs) if pair != "00"]
    return 1 + plain.startswith("-") + significant[-1] - significant[0] + 1 if significant else 1
