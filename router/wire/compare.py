"""Attribute values as they are on the wire: finding, comparing and writing them without decoding an image."""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Mapping, Set
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

from router.errors import RegistrationError

__all__ = ["Path", "differences", "find", "parse_path", "same", "to_wire", "write_path"]

Path = tuple[str | int, ...]

_PLAIN = r"[^.\[\]\"]+"
_STEP = re.compile(rf'(?:^|\.)({_PLAIN})|\[(\d+)\]|\["((?:[^"\\]|\\.)+)"\]')


def parse_path(text: str) -> Path:
    """Split ``"lines[0].total"`` into its steps: names into maps, numbers into lists.

    A name that holds a dot, a bracket or a quotation mark is written as JSON text in brackets: ``'prices["a.b"]'``.

    Raises:
        RegistrationError: The text is no such path.
    """
    steps: list[str | int] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None or (position == 0 and (match[2] or text[0] == ".")):
            break
        name, index, quoted = match.groups()
        steps.append(int(index) if index else name or json.loads(f'"{quoted}"'))
        position = match.end()
    if not steps or position < len(text):
        msg = f"found the attribute path {text!r}, expected one such as 'status', 'address.city' or 'lines[0].total'"
        raise RegistrationError(msg)
    return tuple(steps)


def write_path(path: Path) -> str:
    """Write a path as :func:`parse_path` reads it."""
    return "".join(map(_write_step, path)).removeprefix(".")


def _write_step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if re.fullmatch(_PLAIN, step) else f"[{json.dumps(step)}]"


def find(image: Any, path: Path) -> Any:
    """The wire value at a path of an image, or ``None`` where there is none."""
    try:
        value = image[path[0]]
        if len(path) == 1:
            return value
        for step in path[1:]:
            value = value["L"][step] if isinstance(step, int) else value["M"][step]
    except (KeyError, IndexError, TypeError):
        return None
    return value


def same(left: Any, right: Any) -> bool:
    """Whether two wire values mean the same: numbers by value, sets without order, all else as it is written."""
    if left == right:
        # True is 1 in Python, but {"BOOL": 1} is no boolean on the wire: such values differ when they are decoded.
        return True
    if not (_is_value(left) and _is_value(right)) or "S" in left:
        return False
    ((tag, one),) = left.items()
    ((other_tag, other),) = right.items()
    compare = _COMPARE.get(tag)
    return tag == other_tag and compare is not None and compare(one, other)


def _is_value(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1


def _same_number(left: Any, right: Any) -> bool:
    try:
        return isinstance(left, str) and isinstance(right, str) and Decimal(left) == Decimal(right)
    except InvalidOperation:
        return False


def _same_numbers(left: Any, right: Any) -> bool:
    try:
        return _are_texts(left, right) and {Decimal(text) for text in left} == {Decimal(text) for text in right}
    except (InvalidOperation, TypeError):
        return False


def _same_texts(left: Any, right: Any) -> bool:
    return _are_texts(left, right) and set(left) == set(right)


def _are_texts(*arrays: Any) -> bool:
    return all(isinstance(array, list) and all(isinstance(text, str) for text in array) for array in arrays)


def _same_list(left: Any, right: Any) -> bool:
    if not (isinstance(left, list) and isinstance(right, list)) or len(left) != len(right):
        return False
    return all(same(one, other) for one, other in zip(left, right, strict=True))


def _same_map(left: Any, right: Any) -> bool:
    if not (isinstance(left, dict) and isinstance(right, dict)) or left.keys() != right.keys():
        return False
    return all(same(value, right[name]) for name, value in left.items())


_COMPARE = {
    "N": _same_number,
    "NS": _same_numbers,
    "SS": _same_texts,
    "BS": _same_texts,
    "L": _same_list,
    "M": _same_map,
}


def to_wire(value: Any) -> dict[str, Any]:
    """Write a Python value as DynamoDB has it on the wire.

    Raises:
        RegistrationError: No attribute can hold a value of this type.
    """
    value = _plain(value)
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, Mapping):
        return {"M": {name: to_wire(inner) for name, inner in value.items()}}
    if isinstance(value, list | tuple):
        return {"L": [to_wire(inner) for inner in value]}
    if isinstance(value, Set):
        return _set_to_wire(value)
    return _scalar_to_wire(value)


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def _scalar_to_wire(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bytes | bytearray):
        return {"B": binascii.b2a_base64(value, newline=False).decode()}
    # Text, because that is what the user wrote: Decimal(0.1) would be the binary fraction nearest to it.
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool) and Decimal(str(value)).is_finite():
        return {"N": str(value)}
    msg = f"found a value of type {type(value).__name__} to compare with, expected one that an attribute can hold"
    raise RegistrationError(msg)


def _set_to_wire(values: Set[Any]) -> dict[str, Any]:
    members = [_scalar_to_wire(_plain(value)) for value in values]
    tags = {tag for member in members for tag in member}
    if len(tags) != 1:
        msg = f"found a set of {len(tags)} kinds of value to compare with, expected strings, numbers or bytes alone"
        raise RegistrationError(msg)
    tag = tags.pop()
    return {f"{tag}S": [member[tag] for member in members]}


def differences(old: Any, new: Any, path: Path = ()) -> list[tuple[Path, Any, Any]]:
    """Each place where two images differ, as path, old wire value and new wire value.

    Maps are compared name by name and lists position by position, as deep as they go; a value that is missing on one
    side is ``None`` there.
    """
    found: list[tuple[Path, Any, Any]] = []
    for step in _steps(old, new):
        before, after = _at(old, step), _at(new, step)
        if same(before, after):
            continue
        inner = _inner(before, after)
        if inner is None:
            found.append(((*path, step), before, after))
        else:
            found.extend(differences(*inner, (*path, step)))
    return found


def _steps(old: Any, new: Any) -> list[str | int]:
    if isinstance(old, list):
        return list(range(max(len(old), len(new))))
    return list(dict.fromkeys((*old, *new)))


def _at(container: Any, step: Any) -> Any:
    if isinstance(container, list):
        return container[step] if step < len(container) else None
    return container.get(step)


def _inner(before: Any, after: Any) -> tuple[Any, Any] | None:
    """What two maps, or two lists, hold; ``None`` for any other two values."""
    for tag, kind in (("M", dict), ("L", list)):
        if _is_value(before) and _is_value(after) and tag in before and tag in after:
            left, right = before[tag], after[tag]
            return (left, right) if isinstance(left, kind) and isinstance(right, kind) else None
    return None
