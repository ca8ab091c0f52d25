"""Compare attribute values without decoding them: whether two are equal, and where two images differ."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from router.wire.paths import Path

__all__ = ["differences", "same"]


def same(left: Any, right: Any) -> bool:
    """Whether two attribute values are equal: numbers by value, sets and maps in any order, all else as written."""
    if left == right:
        # {"BOOL": 1} == {"BOOL": True} in Python. The first is malformed: decoding reports it, comparing need not.
        return True
    if not (_is_value(left) and _is_value(right)) or "S" in left:
        return False
    ((left_tag, left_body),) = left.items()
    ((right_tag, right_body),) = right.items()
    compare = _COMPARE.get(left_tag)
    return left_tag == right_tag and compare is not None and compare(left_body, right_body)


def _is_value(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1


def _same_number(left: Any, right: Any) -> bool:
    try:
        return isinstance(left, str) and isinstance(right, str) and Decimal(left) == Decimal(right)
    except InvalidOperation:
        return False


def _same_number_set(left: Any, right: Any) -> bool:
    try:
        return _are_texts(left, right) and {Decimal(text) for text in left} == {Decimal(text) for text in right}
    except (InvalidOperation, TypeError):
        return False


def _same_text_set(left: Any, right: Any) -> bool:
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
    "NS": _same_number_set,
    "SS": _same_text_set,
    "BS": _same_text_set,
    "L": _same_list,
    "M": _same_map,
}


def differences(old: Any, new: Any, path: Path = ()) -> list[tuple[Path, Any, Any]]:
    """List each place where two images differ, as path, old attribute value and new attribute value.

    Maps are compared name by name and lists position by position, to any depth. A value that one side lacks is
    ``None`` on that side.
    """
    found: list[tuple[Path, Any, Any]] = []
    for step in _steps(old, new):
        before, after = _at(old, step), _at(new, step)
        if same(before, after):
            continue
        containers = _containers(before, after)
        if containers is None:
            found.append(((*path, step), before, after))
        else:
            found.extend(differences(*containers, (*path, step)))
    return found


def _steps(old: Any, new: Any) -> list[str | int]:
    if isinstance(old, list):
        return list(range(max(len(old), len(new))))
    return list(dict.fromkeys((*old, *new)))


def _at(container: Any, step: Any) -> Any:
    if isinstance(container, list):
        return container[step] if step < len(container) else None
    return container.get(step)


def _containers(before: Any, after: Any) -> tuple[Any, Any] | None:
    """The contents of two maps or of two lists; ``None`` for any other two values."""
    for tag, kind in (("M", dict), ("L", list)):
        if _is_value(before) and _is_value(after) and tag in before and tag in after:
            left, right = before[tag], after[tag]
            return (left, right) if isinstance(left, kind) and isinstance(right, kind) else None
    return None
