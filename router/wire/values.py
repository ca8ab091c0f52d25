"""Decode attribute values of all ten types: the fast path of decoding.

The functions track no path, because nearly every image is well formed. A malformed value raises one of
:data:`MALFORMED`; :mod:`router.wire.faults` then finds the place by calling the same functions again.
"""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Callable, Iterable
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, Subnormal, Underflow
from typing import Any, Final, TypeGuard

__all__ = [
    "DECODERS",
    "MALFORMED",
    "NUMBER_CONTEXT",
    "SIGNIFICANT_DIGITS",
    "is_array",
    "is_object",
    "map_of",
    "number_of",
    "text_of",
    "value_of",
]

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html#HowItWorks.DataTypes.Number
SIGNIFICANT_DIGITS: Final = 38
# Rounded is no trap: zeros after the 38th digit do not change the value. Nor is Clamped: only zeros are clamped.
NUMBER_CONTEXT: Final = Context(
    prec=SIGNIFICANT_DIGITS, Emin=-130, Emax=125, traps=[Inexact, InvalidOperation, Overflow, Subnormal, Underflow]
)

# Most of these come from the operation itself ("abc"["S"], int + str), without a check of ours: that is the speed.
MALFORMED: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What the functions of this module raise for a malformed value."""


def text_of(image: Any, name: str) -> str | None:
    """The text of an attribute; ``None`` where it is absent, empty or anything else. Raises nothing."""
    try:
        value = image[name]["S"]
    except (KeyError, TypeError):
        return None
    return value if type(value) is str and value else None


def value_of(wire: Any) -> Any:
    """Decode an attribute value with its type tag."""
    (tag,) = wire
    return DECODERS[tag](wire[tag])


def map_of(body: Any, names: Iterable[str] | None = None) -> dict[str, Any]:
    """Decode an object of attribute values, or those of its attributes that are named."""
    if not isinstance(body, dict):
        raise TypeError
    if names is None:
        "".join(body)  # raises unless all names are strings, at a fraction of the cost of checking each
        names = body
    decoded: dict[str, Any] = {}
    for name in names:
        if name not in body:
            continue
        wire: Any = body[name]
        if len(wire) != 1:
            raise TypeError
        # Most values are strings or numbers: testing for these two tags is faster than the lookup in DECODERS.
        if "S" in wire:
            decoded[name] = text = wire["S"]
            if not isinstance(text, str):
                raise TypeError
        elif "N" in wire:
            decoded[name] = number_of(wire["N"])
        else:
            decoded[name] = value_of(wire)
    return decoded


def number_of(body: Any) -> int | Decimal:
    """Decode the body of an N: an ``int`` if it is integral, else a ``Decimal``."""
    if not (isinstance(body, str) and body.isascii()):
        raise TypeError
    if (body.isdigit() or (body[:1] == "-" and body[1:].isdigit())) and len(body) <= SIGNIFICANT_DIGITS:
        return int(body)
    number = NUMBER_CONTEXT.create_decimal(body)  # unlike Decimal(), refuses blanks and underscores
    if "." in body and body[-1] in "123456789" and "E" not in body and "e" not in body:
        return number  # the form in which DynamoDB writes fractions; the lines below are slower and take any form
    integer = int(number)  # raises for NaN and Infinity
    return integer if integer == number else number


def _string_set_of(body: Any) -> set[str]:
    """Decode the body of an SS."""
    if not is_array(body):
        raise TypeError
    "".join(body)  # raises unless all members are strings, at a fraction of the cost of checking each
    return set(body)


def is_object(value: Any) -> TypeGuard[dict[Any, Any]]:
    """Whether a value is a JSON object."""
    return isinstance(value, dict)


def is_array(value: Any) -> TypeGuard[list[Any]]:
    """Whether a value is a JSON array."""
    return isinstance(value, list)


def _list_of(body: Any) -> list[Any]:
    if not is_array(body):
        raise TypeError
    return [value_of(wire) for wire in body]


def _string_of(body: Any) -> str:
    if not isinstance(body, str):
        raise TypeError
    return body


def _binary_of(body: Any) -> bytes:
    return a2b_base64(_string_of(body), strict_mode=True)


def _null_of(body: Any) -> None:
    if body is not True:
        raise TypeError


def _boolean_of(body: Any) -> bool:
    if not isinstance(body, bool):
        raise TypeError
    return body


def _set_decoder(member_of: Callable[[Any], Any]) -> Callable[[Any], set[Any]]:
    def set_of(body: Any) -> set[Any]:
        if not is_array(body):
            raise TypeError
        return {member_of(member) for member in body}

    return set_of


DECODERS: Final[dict[str, Callable[[Any], Any]]] = {
    "S": _string_of,
    "N": number_of,
    "B": _binary_of,
    "SS": _string_set_of,
    "NS": _set_decoder(number_of),
    "BS": _set_decoder(_binary_of),
    "M": map_of,
    "L": _list_of,
    "NULL": _null_of,
    "BOOL": _boolean_of,
}
"""The decoder of a value's body, by its type tag."""
