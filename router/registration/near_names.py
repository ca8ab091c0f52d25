"""Tell a misspelt name from another name that is much like it."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["misspelt", "perhaps_misspelt"]

_SHORTEST = 3
_SHORTEST_WITH_A_LETTER_MORE = 4
_SHORTEST_WITH_ANOTHER_LETTER = 6


def misspelt(name: str, known: Iterable[str]) -> str | None:
    """The known name of which a name is surely a misspelling; ``None`` where it may be a name of its own.

    Example:
        >>> misspelt("stauts", ["total", "status"])
        'status'
        >>> misspelt("address2", ["address1"])
    """
    return next((other for other in known if _is_misspelt(name, other)), None)


def perhaps_misspelt(name: str, known: Iterable[str]) -> str | None:
    """The known name of which a name is the plural or the singular.

    Example:
        >>> perhaps_misspelt("totals", ["status", "total"])
        'total'
    """
    return next((other for other in known if _is_plural(name, other) or _is_plural(other, name)), None)


def _is_plural(name: str, other: str) -> bool:
    one, two = _letters(name), _letters(other)
    return one == two + "s" and not one.endswith(("ss", "us", "is"))


def _letters(name: str) -> str:
    return re.sub(r"[_\W]", "", name).casefold()


def _is_misspelt(name: str, other: str) -> bool:
    one, two = _letters(name), _letters(other)
    if one == two:
        return bool(one)
    if min(len(one), len(two)) < _SHORTEST or _may_be_a_pair(one, two):
        return False
    return _has_one_slip(one, two) or _ratio(one, two) > 0.92


def _ratio(one: str, two: str) -> float:
    from difflib import SequenceMatcher  # no name comes so near to another in most apps

    return SequenceMatcher(None, one, two).ratio()


def _may_be_a_pair(one: str, two: str) -> bool:
    """Whether tables have both names: they differ in a digit, in the plural, or are two keys of an index."""
    numbers = re.sub(r"\d+", "", one) == re.sub(r"\d+", "", two)
    return numbers or _is_plural(one, two) or _is_plural(two, one) or {one[-2:], two[-2:]} == {"pk", "sk"}


def _has_one_slip(one: str, two: str) -> bool:
    """Whether two letters are exchanged; in a longer name also whether one is missing, or another one."""
    start = next((place for place, (left, right) in enumerate(zip(one, two, strict=False)) if left != right), None)
    left, right = (one, two) if start is None else (one[start:], two[start:])
    if start is not None and left[:2] == right[1::-1] and left[2:] == right[2:]:
        return True
    if start is None or left[1:] == right or left == right[1:]:
        return abs(len(one) - len(two)) == 1 and min(len(one), len(two)) >= _SHORTEST_WITH_A_LETTER_MORE
    return left[1:] == right[1:] and start > 0 and len(one) >= _SHORTEST_WITH_ANOTHER_LETTER
