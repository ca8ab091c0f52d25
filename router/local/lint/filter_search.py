"""Whether filters let any record of a kind pass.

A filter may narrow what a route is given, and often is meant to; wrong is only one that no record of the route passes.
So of a witness a filter may choose all that is not fixed, and what the filter itself names is what is tried.
"""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from router.local.filter_patterns import FilterPattern
from router.local.lint.sample_records import OTHER, Allows, Witness

__all__ = ["passes"]

_IMAGES = ("NewImage", "OldImage", "Keys")
_TEXTS = ("S", "N", "B", "SS", "NS", "BS")  # the types whose values are strings on the wire
_SETS = ("SS", "NS", "BS", "L")
_MOST_PAIRS = 200  # of texts and numbers that are put together


def passes(witness: Witness, pattern: FilterPattern) -> bool | None:
    """Whether some record like a witness passes a pattern; ``None`` where that cannot be told.

    Args:
        witness: The witness.
        pattern: The pattern.
    """
    answers = [_fits(witness, pattern, rule) for rule in pattern.rules]
    return True if True in answers else None if None in answers else False


def _fits(witness: Witness, pattern: FilterPattern, rule: Iterable[tuple[str, Any]]) -> bool | None:
    record = copy.deepcopy(witness.record)
    pool = list(_pool(json.loads(pattern.text), witness.spellings))
    for path, leaf in rule:
        there = _get(record, path)
        if leaf.absent if there is None else leaf.holds(there):
            continue
        allows = _allowed(witness, record, path)
        fitting = [value for value in pool if leaf.holds(value)]
        if allows is None or (fitting and not any(map(allows, fitting)) and _is_certain(witness, path)):
            return False
        chosen = next(filter(allows, fitting), None)
        if chosen is None:
            return None
        _set(record, path, chosen)
    return True if pattern.matches(record) and witness.takes(record) else None


def _allowed(witness: Witness, record: dict[str, Any], path: str) -> Allows | None:
    """What a filter may put at a path, or ``None`` for nothing."""
    root, _, rest = path.partition(".")
    part, _, inner = rest.partition(".")
    if root != "dynamodb" or (part in _IMAGES and part not in record["dynamodb"]):
        return None
    if path in witness.fixed:
        return witness.fixed[path]
    attribute = path.rpartition(".")[0]
    if any(fixed.rpartition(".")[0] == attribute for fixed in witness.fixed):
        return None  # the same attribute with another type
    if inner and path.rpartition(".")[2] in _TEXTS:
        return lambda value: isinstance(value, str)
    return lambda _: True


def _is_certain(witness: Witness, path: str) -> bool:
    """Whether what is allowed at a path is so narrow that nothing else than what was tried would do."""
    return path in witness.fixed or path.rpartition(".")[2] == "N"  # where a filter for numbers never finds one


def _pool(pattern: Any, spellings: Sequence[str]) -> Iterator[Any]:
    """Values that a pattern may want: those that it names, and some around them."""
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
    """What stands at a path, of a list the first."""
    for step in path.split("."):
        record = record.get(step) if isinstance(record, dict) else None
        if isinstance(record, list):
            record = record[0] if record else None
    return None if isinstance(record, dict) else record


def _set(record: dict[str, Any], path: str, value: Any) -> None:
    """Put a value at a path; what stands in a list or a set is its only element."""
    *steps, last = path.split(".")
    holder: Any = record
    for step in steps:
        inner = holder.setdefault(step, [{}] if step == "L" else {})
        holder = inner[0] if isinstance(inner, list) else inner
    holder[last] = [value] if last in _SETS else value
