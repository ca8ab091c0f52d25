"""Python values as boto3's client takes them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from decimal import Context
from typing import Any, Final

from router.errors import RegistrationError, Reject
from router.wire.decode import decode_image
from router.wire.encode import to_wire

__all__ = ["EXACT", "from_attributes", "to_attributes"]

EXACT: Final = Context(prec=80)
"""Adds numbers of DynamoDB, which have 38 digits, without rounding."""


def to_attributes(values: Mapping[str, Any]) -> dict[str, Any]:
    """Encode named Python values as attribute values: numbers, also of type float, by their digits.

    Raises:
        Reject: No attribute can hold one of the values.

    Example:
        >>> to_attributes({"pk": "ORDER#1", "total": 1.5, "body": b"x"})
        {'pk': {'S': 'ORDER#1'}, 'total': {'N': '1.5'}, 'body': {'B': b'x'}}
    """
    return {name: _attribute(name, value) for name, value in values.items()}


def _attribute(name: str, value: Any) -> Any:
    try:
        return _converted(to_wire(value), base64.b64decode)
    except RegistrationError:
        kind = type(value).__name__
        msg = f"found a value of type {kind} for {name!r}, expected one that an attribute of DynamoDB can hold"
        raise Reject(msg) from None


def from_attributes(item: Mapping[str, Any]) -> dict[str, Any]:
    """Decode attribute values as boto3's client returns them.

    Example:
        >>> from_attributes({"pk": {"S": "ORDER#1"}, "body": {"B": b"x"}})
        {'pk': 'ORDER#1', 'body': b'x'}
    """
    return decode_image({name: _converted(value, _base64) for name, value in item.items()}, "item")


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _converted(value: Mapping[str, Any], convert: Callable[[Any], Any]) -> dict[str, Any]:
    """An attribute value whose bytes are base64, with bytes; or the other way round."""
    ((tag, content),) = value.items()
    if tag == "B":
        return {tag: convert(content)}
    if tag == "BS":
        return {tag: [convert(each) for each in content]}
    if tag == "L":
        return {tag: [_converted(each, convert) for each in content]}
    if tag == "M":
        return {tag: {name: _converted(each, convert) for name, each in content.items()}}
    return {tag: content}
