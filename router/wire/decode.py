"""Wire attribute values to plain Python, exactly.

``{"S": "a"}`` becomes ``"a"``, ``{"N": "1.5"}`` becomes ``Decimal("1.5")``. Nothing is rounded and nothing is guessed:
what no DynamoDB attribute can be raises :class:`~router.errors.DecodeError`.

The way down keeps no paths, because nearly every image is well formed. When something is wrong, a second and slow walk
asks the same functions again, value by value, and so finds the place without a second copy of the rules.
"""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Callable, Iterable, Iterator
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation, Overflow, Subnormal, Underflow
from typing import Any, Final, TypeGuard

from router.errors import DecodeError

__all__ = ["decode_image", "decode_value"]

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html#HowItWorks.DataTypes.Number
# Rounded is no trap: trailing zeros beyond the 38th digit change no value. Nor is Clamped: only zeros are clamped.
_SIGNIFICANT_DIGITS: Final = 38
_NUMBERS: Final = Context(
    prec=_SIGNIFICANT_DIGITS, Emin=-130, Emax=125, traps=[Inexact, InvalidOperation, Overflow, Subnormal, Underflow]
)

# What the functions below raise on a malformed value. Python raises most of it unasked, which is what makes them fast.
_FAULTS: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

_LONGEST_NAME: Final = 64
_LONGEST_PATH: Final = 256


def decode_image(wire: Any, image: str | None = None, names: Iterable[str] | None = None) -> dict[str, Any]:
    """Decode an image: its attributes, to any depth.

    Args:
        wire: The image as Lambda delivers it, attribute names to attribute values. It is not changed.
        image: ``"NewImage"``, ``"OldImage"`` or ``"Keys"``, for the error.
        names: The attributes to decode, as far as they are there; all of them when left out. Others are not looked at.

    Raises:
        DecodeError: The image, or a value that is decoded, is nothing that DynamoDB stores.

    Example:
        >>> decode_image({"id": {"S": "o-1"}, "total": {"N": "12.5"}, "tags": {"L": [{"NULL": True}]}})
        {'id': 'o-1', 'total': Decimal('12.5'), 'tags': [None]}
    """
    try:
        return _attributes(wire, names)
    except RecursionError:
        fault = _too_deep(image)
    except _FAULTS:
        fault = _explain_image(wire, image, names)
    raise fault  # out here, so that no traceback shows the plain errors which served as signals


def decode_value(wire: Any) -> Any:
    """Decode one attribute value.

    Numbers become ``int`` when they are integral, else ``Decimal``; binaries ``bytes``; sets ``set``.

    Args:
        wire: An attribute value with its type tag, such as ``{"N": "1"}``. It is not changed.

    Raises:
        DecodeError: It is nothing that DynamoDB stores.

    Example:
        >>> decode_value({"NS": ["1", "2.0"]})
        {1, 2}

    See https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_AttributeValue.html
    """
    try:
        return value_of(wire)
    except RecursionError:
        fault = _too_deep(None)
    except _FAULTS:
        fault = _explain(wire, None)
    raise fault


def value_of(wire: Any) -> Any:
    (tag,) = wire
    return _DECODERS[tag](wire[tag])


def _attributes(wires: Any, names: Iterable[str] | None = None) -> dict[str, Any]:
    if not isinstance(wires, dict):
        raise TypeError
    decoded: dict[str, Any] = {}
    for name in wires if names is None else names:
        if name not in wires:
            continue
        wire: Any = wires[name]
        if len(wire) != 1 or not isinstance(name, str):
            raise TypeError
        # Looking for the two tags that most values have is faster than asking which tag a value has.
        if "S" in wire:
            decoded[name] = body = wire["S"]
            if not isinstance(body, str):
                raise TypeError
        elif "N" in wire:
            decoded[name] = number_of(wire["N"])
        else:
            decoded[name] = value_of(wire)
    return decoded


def _elements(body: Any) -> list[Any]:
    if not _is_array(body):
        raise TypeError
    return [value_of(wire) for wire in body]


def _string(body: Any) -> str:
    if not isinstance(body, str):
        raise TypeError
    return body


def number_of(body: Any) -> int | Decimal:
    if not (isinstance(body, str) and body.isascii()):
        raise TypeError
    if body.isdigit() and len(body) <= _SIGNIFICANT_DIGITS:
        return int(body)
    number = _NUMBERS.create_decimal(body)  # unlike Decimal(), refuses blanks and underscores
    if "." in body and body[-1] in "123456789" and "E" not in body and "e" not in body:
        return number  # as DynamoDB writes fractions; what follows is slower and for any spelling
    integer = int(number)  # raises for NaN and Infinity
    return integer if integer == number else number


def _binary(body: Any) -> bytes:
    return a2b_base64(_string(body), strict_mode=True)


def _null(body: Any) -> None:
    if body is not True:
        raise TypeError


def _boolean(body: Any) -> bool:
    if not isinstance(body, bool):
        raise TypeError
    return body


def texts_of(body: Any) -> set[str]:
    if not _is_array(body):
        raise TypeError
    "".join(body)  # raises unless all are texts, at a fraction of the price of asking each
    return set(body)


def _set_of(member: Callable[[Any], Any]) -> Callable[[Any], set[Any]]:
    def decode(body: Any) -> set[Any]:
        if not _is_array(body):
            raise TypeError
        return {member(element) for element in body}

    return decode


_DECODERS: Final[dict[str, Callable[[Any], Any]]] = {
    "S": _string,
    "N": number_of,
    "B": _binary,
    "SS": texts_of,
    "NS": _set_of(number_of),
    "BS": _set_of(_binary),
    "M": _attributes,
    "L": _elements,
    "NULL": _null,
    "BOOL": _boolean,
}

# Below: what was wrong, and where.

_NUMBER: Final = f"a decimal number of at most {_SIGNIFICANT_DIGITS} digits, as text"
_ONE_TAG: Final = f"one type tag of {', '.join(_DECODERS)}"
_EXPECTED: Final = {
    "S": "a string",
    "N": _NUMBER,
    "B": "a string of base64",
    "SS": "an array of strings",
    "NS": "an array of numbers as text",
    "BS": "an array of base64 strings",
    "M": "an object of attributes",
    "L": "an array of attribute values",
    "NULL": "true",
    "BOOL": "true or false",
}
_JSON_TYPES: Final[dict[type, str]] = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
}


def _explain_image(wire: Any, image: str | None, names: Iterable[str] | None) -> DecodeError:
    if not _is_object(wire):
        return DecodeError("", _json_type(wire), "an object of attributes", image)
    wanted = wire if names is None else {name: wire[name] for name in names if name in wire}
    return _explain({"M": wanted}, image)


def _explain(wire: Any, image: str | None) -> DecodeError:
    """Find the first fault in a value that has one."""
    path = ""
    while (step := _faulty_child(wire)) is not None:
        name, wire = step
        path += name
    return DecodeError(_shortened(path.removeprefix("."), _LONGEST_PATH), *_describe(wire), image)


def _faulty_child(wire: Any) -> tuple[str, Any] | None:
    return next((child for child in _children(wire) if not _is_sound(child[1])), None)


def _children(wire: Any) -> Iterator[tuple[str, Any]]:
    """Each value directly below this one, after the step of the path that leads to it."""
    if not _is_object(wire) or len(wire) != 1:
        return
    ((tag, body),) = wire.items()
    if tag == "M" and _is_object(body):
        yield from ((f".{_shortened(name)}", child) for name, child in body.items() if isinstance(name, str))
    elif tag == "L" and _is_array(body):
        yield from ((f"[{index}]", child) for index, child in enumerate(body))
    elif tag in ("SS", "NS", "BS") and _is_array(body):
        yield from ((f"[{index}]", {tag[0]: child}) for index, child in enumerate(body))


def _is_sound(wire: Any) -> bool:
    try:
        value_of(wire)
    except (RecursionError, *_FAULTS):
        return False
    return True


def _describe(wire: Any) -> tuple[str, str]:
    """What is found and what is expected, for a value whose own children are sound."""
    if not _is_object(wire):
        return _json_type(wire), "an attribute value, an object with one type tag"
    if len(wire) != 1:
        return _tags(list(wire)), _ONE_TAG
    ((tag, body),) = wire.items()
    if not isinstance(tag, str) or tag not in _DECODERS:
        return _tags([tag]), _ONE_TAG
    if tag == "M" and _is_object(body):
        return "an attribute name that is no string", "strings as attribute names"
    return f"{_found(tag, body)} under {tag}", _EXPECTED[tag]


def _found(tag: str, body: Any) -> str:
    if tag == "N" and isinstance(body, str):
        return _number_fault(body)
    if tag == "B" and isinstance(body, str):
        return "a string that is no base64"
    return _json_type(body)


def _number_fault(text: str) -> str:
    try:
        _NUMBERS.create_decimal(text)
    except InvalidOperation:
        pass
    except (Overflow, Underflow, Subnormal):
        return "a number outside DynamoDB's range of 1E-130 to 9.99E+125"
    except DecimalException:
        return f"a number of more than {_SIGNIFICANT_DIGITS} significant digits"
    return "a string that is no number"


def _is_object(value: Any) -> TypeGuard[dict[Any, Any]]:
    return isinstance(value, dict)


def _is_array(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _json_type(value: object) -> str:
    return _JSON_TYPES.get(type(value), f"a value of type {type(value).__name__}")


def _tags(tags: list[Any]) -> str:
    if not tags:
        return "an object without a type tag"
    names = ", ".join(repr(_shortened(tag)) if isinstance(tag, str) else _json_type(tag) for tag in tags[:2])
    return f"the type tag {names}" if len(tags) == 1 else f"{len(tags)} type tags ({names}{', ...' * (len(tags) > 2)})"


def _shortened(text: str, limit: int = _LONGEST_NAME) -> str:
    """Cut in the middle: a key that never was an attribute name may be of any length."""
    return text if len(text) <= limit else f"{text[: limit // 2]}...{text[3 - limit // 2 :]}"


def _too_deep(image: str | None) -> DecodeError:
    return DecodeError(
        "", "values nested deeper than Python can follow", "at most 32 levels, as DynamoDB allows", image
    )
