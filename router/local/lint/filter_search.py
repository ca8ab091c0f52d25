"""Search for a record of a route that passes a filter.

A filter may drop some records of a route on purpose; it is a mistake only if it drops all of them. So the search may
change every value of a sample record that the route does not determine, and tries the values that the pattern names.
"""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from router.local.filter_patterns import FilterPattern
from router.local.lint.sample_records import OTHER, Allows, SampleRecord

__all__ = ["passes"]

_IMAGES = ("NewImage", "OldImage", "Keys")
_TEXTS = ("S", "N", "B", "SS", "NS", "BS")  # the types whose values are strings on the wire
_SETS = ("SS", "NS", "BS", "L")
_MOST_PAIRS = 200  # of texts or numbers that are combined


def passes(sample: SampleRecord, pattern: FilterPattern) -> bool | None:
    """Whether some variant of a sample record passes a pattern; ``None`` if the search finds no answer.

    Args:
        sample: The sample record.
        pattern: The pattern.
    """
    answers = [_fits(sample, pattern, rule) for rule in pattern.rules]
    return True if True in answers else None if None in answers else False


def _fits(sample: SampleRecord, pattern: FilterPattern, rule: Iterable[tuple[str, Any]]) -> bool | None:
    record = copy.deepcopy(sample.record)
    pool = list(_pool(json.loads(pattern.text), sample.spellings))
    for path, leaf in rule:
        there = _get(record, path)
        if leaf.absent if there is None else leaf.holds(there):
            continue
        allows = _allowed(sample, record, path)
        fitting = [value for value in pool if leaf.holds(value)]
        if allows is None or (fitting and not any(map(allows, fitting)) and _is_certain(sample, path)):
            return False
        chosen = next(filter(allows, fitting), None)
        if chosen is None:
            return None
        _set(record, path, chosen)
    return True if pattern.matches(record) and sample.takes(record) else None


def _allowed(sample: SampleRecord, record: dict[str, Any], path: str) -> Allows | None:
    """A test of the values that the search may put at a path; ``None`` if it may put none."""
    root, _, rest = path.partition(".")
    part, _, inner = rest.partition(".")
    if root != "dynamodb" or (part in _IMAGES and part not in record["dynamodb"]):
        return None
    if path in sample.fixed:
        return sample.fixed[path]
    attribute = path.rpartition(".")[0]
    if any(fixed.rpartition(".")[0] == attribute for fixed in sample.fixed):
        return None  # the path has another type than the fixed value of the attribute
    if inner and path.rpartition(".")[2] in _TEXTS:
        return lambda value: isinstance(value, str)
    return lambda _: True


def _is_certain(sample: SampleRecord, path: str) -> bool:
    """Whether no value that the search did not try is allowed at a path."""
    return (
        path in sample.fixed or path.rpartition(".")[2] == "N"
    )  # numbers are strings on the wire, so a numeric filter never matches


def _pool(pattern: Any, spellings: Sequence[str]) -> Iterator[Any]:
    """Values that may match a pattern: those that it names, and values near them."""
    scalars = list(_scalars(pattern))
    texts = [each.replace("*", "") for each in scalars if isinstance(each, str)]
    numbers = [each for each in scalars if isinstance(each, int | float) and not isinstance(each, bool)]
    yield from (*spellings, *scalars, OTHER)
    for text in texts:
        yield from (text, text.partition("/")[0], *(f"{spelling}{text}" for spelling in spellings))
    yield from (f"{one}{other}" for one, other in itertools.islice(itertools.permutations(texts, 2), _MOST_PAIRS))
    yield from (number + step for number in numbers for step in (1, -1))
    yield from ((one + other) / 2 for one, other in itertools.islice(itertools.combinations(numbers, 2), _MOST_PAIRS))
    yield from (0, True, False)


def _scalars(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _scalars(each)
    elif value is not None:
        yield value


def _get(record: Any, path: str) -> Any:
    """The value at a path; the first element of a list."""
    for step in path.split("."):
        record = record.get(step) if isinstance(record, dict) else None
        if isinstance(record, list):
            record = record[0] if record else None
    return None if isinstance(record, dict) else record


def _set(record: dict[str, Any], path: str, value: Any) -> None:
    """Put a value at a path; in a list or a set it is the only element."""
    *steps, last = path.split(".")
    holder: Any = record
    for step in steps:
        inner = holder.setdefault(step, [{}] if step == "L" else {})
        holder = inner[0] if isinstance(inner, list) else inner
    holder[last] = [value] if last in _SETS else value
