"""Find what is malformed in an image, and where. Runs only after decoding has failed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from decimal import DecimalException, InvalidOperation, Overflow, Subnormal, Underflow
from typing import Any, Final

from router.errors import DecodeError
from router.naming import KEY, shortened
from router.wire.values import (
    DECODERS,
    MALFORMED,
    NUMBER_CONTEXT,
    SIGNIFICANT_DIGITS,
    is_array,
    is_object,
    value_of,
)

__all__ = ["Shown", "image_fault", "nesting_fault", "value_fault"]

Shown = Callable[[], Collection[str]]
"""Returns the names that may stand in an error below an attribute: another may be the key of a map, which is data."""

_LONGEST_TAG: Final = 4
_LONGEST_PATH: Final = 256

_ONE_TAG: Final = f"one type tag of {', '.join(DECODERS)}"
_EXPECTED: Final = {
    "S": "a string",
    "N": f"a decimal number of at most {SIGNIFICANT_DIGITS} digits, as text",
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


def image_fault(wire: Any, image: str | None, names: Iterable[str] | None, shown: Shown | None) -> DecodeError:
    """Make the error for the first fault in an image, among the attributes that are named."""
    if not is_object(wire):
        return DecodeError("", _json_type(wire), "an object of attributes", image)
    decoded = wire if names is None else {name: wire[name] for name in names if name in wire}
    return value_fault({"M": decoded}, image, shown)


def value_fault(wire: Any, image: str | None = None, shown: Shown | None = None) -> DecodeError:
    """Make the error for the first fault in a malformed attribute value."""
    names = None if shown is None else shown()
    path = ""
    while (child := _malformed_child(wire)) is not None:
        step, wire = child
        path += f"[{step}]" if isinstance(step, int) else f".{_shown_name(step, names if path else None)}"
    return DecodeError(shortened(path.removeprefix("."), _LONGEST_PATH), *_found_and_expected(wire), image)


def _shown_name(name: str, names: Collection[str] | None) -> str:
    return shortened(name) if names is None or name in names else KEY


def nesting_fault(image: str | None = None) -> DecodeError:
    """Make the error for a value that exceeds Python's recursion limit."""
    expected = "at most 32 levels, as DynamoDB allows"
    return DecodeError("", "values nested deeper than Python can follow", expected, image)


def _malformed_child(wire: Any) -> tuple[str | int, Any] | None:
    return next((child for child in _children(wire) if not _is_well_formed(child[1])), None)


def _children(wire: Any) -> Iterator[tuple[str | int, Any]]:
    """Each value directly below this one, with its name or its position."""
    if not is_object(wire) or len(wire) != 1:
        return
    ((tag, body),) = wire.items()
    if tag == "M" and is_object(body):
        yield from ((name, child) for name, child in body.items() if isinstance(name, str))
    elif tag == "L" and is_array(body):
        yield from enumerate(body)
    elif tag in ("SS", "NS", "BS") and is_array(body):
        yield from ((position, {tag[0]: child}) for position, child in enumerate(body))


def _is_well_formed(wire: Any) -> bool:
    try:
        value_of(wire)
    except (RecursionError, *MALFORMED):
        return False
    return True


def _found_and_expected(wire: Any) -> tuple[str, str]:
    """The two halves of the message for a malformed value whose children are well formed."""
    if not is_object(wire):
        return _json_type(wire), "an attribute value, an object with one type tag"
    if len(wire) != 1:
        return _tags(list(wire)), _ONE_TAG
    ((tag, body),) = wire.items()
    if not isinstance(tag, str) or tag not in DECODERS:
        return _tags([tag]), _ONE_TAG
    if tag == "M" and is_object(body):
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
        NUMBER_CONTEXT.create_decimal(text)
    except InvalidOperation:
        pass
    except (Overflow, Underflow, Subnormal):
        return "a number outside DynamoDB's range of 1E-130 to 9.99E+125"
    except DecimalException:
        return f"a number of more than {SIGNIFICANT_DIGITS} significant digits"
    return "a string that is no number"


def _json_type(value: object) -> str:
    return _JSON_TYPES.get(type(value), f"a value of type {type(value).__name__}")


def _tags(tags: list[Any]) -> str:
    if not tags:
        return "an object without a type tag"
    names = ", ".join(map(_tag_text, tags[:2]))
    return f"the type tag {names}" if len(tags) == 1 else f"{len(tags)} type tags ({names}{', ...' * (len(tags) > 2)})"


def _tag_text(tag: object) -> str:
    if not isinstance(tag, str):
        return _json_type(tag)
    return repr(tag) if len(tag) <= _LONGEST_TAG else f"a text of {len(tag):,} characters"  # no tag, but data
