"""Encode Python values as DynamoDB JSON."""

from __future__ import annotations

import binascii
from collections.abc import Mapping, Set
from decimal import Decimal
from enum import Enum
from typing import Any

from router.errors import RegistrationError

__all__ = ["to_wire"]


def to_wire(value: Any) -> dict[str, Any]:
    """Encode a Python value as an attribute value; a member of an enum as its value.

    Raises:
        RegistrationError: No attribute can hold a value of this type.

    Example:
        >>> to_wire(["a", 1])
        {'L': [{'S': 'a'}, {'N': '1'}]}
    """
    value = _unwrap_enum(value)
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, Mapping):
        return {"M": {_plain(name): to_wire(inner) for name, inner in value.items()}}
    if isinstance(value, list | tuple):
        return {"L": [to_wire(inner) for inner in value]}
    if isinstance(value, Set):
        return _set_to_wire(value)
    return _scalar_to_wire(value)


def _plain(name: Any) -> Any:
    return str.__str__(name) if isinstance(name, str) else name


def _unwrap_enum(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def _scalar_to_wire(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"S": str.__str__(value)}
    if isinstance(value, bytes | bytearray):
        return {"B": binascii.b2a_base64(value, newline=False).decode()}
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        text = _number_text(value)
        if Decimal(text).is_finite():
            return {"N": text}
    msg = f"found a value of type {type(value).__name__} to compare with, expected one that an attribute can hold"
    raise RegistrationError(msg)


def _number_text(value: float | Decimal) -> str:
    """The digits of a number: those that the user wrote, and not the text that a subclass makes of them."""
    if isinstance(value, int):
        return int.__repr__(value)
    # Not the Decimal of the float: Decimal(0.1) is the binary fraction nearest to 0.1.
    return float.__repr__(value) if isinstance(value, float) else Decimal.__str__(value)


def _set_to_wire(values: Set[Any]) -> dict[str, Any]:
    members = [_scalar_to_wire(_unwrap_enum(value)) for value in values]
    tags = {tag for member in members for tag in member}
    if len(tags) != 1:
        msg = f"found a set of {len(tags)} kinds of value to compare with, expected strings, numbers or bytes alone"
        raise RegistrationError(msg)
    tag = tags.pop()
    return {f"{tag}S": [member[tag] for member in members]}
