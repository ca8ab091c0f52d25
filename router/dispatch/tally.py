"""The figures of an invocation, counted from the marks of its records.

Most records are done or skipped. They are counted without making their outcomes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from router.dispatch.results import Results, durations_of_steps
from router.observability.metrics import Figures, InvocationFigures
from router.planning.plan import Plan
from router.planning.step import Step

__all__ = ["figures_of"]


def figures_of(results: Results, plan: Plan) -> InvocationFigures:
    """The figures of an invocation.

    Args:
        results: What became of its records.
        plan: The Dispatcher's plan.
    """
    if results.made is not None:
        return InvocationFigures(results.made, plan.registered_entity)
    positions: defaultdict[Any, list[int]] = defaultdict(list)
    for position, mark in enumerate(results.marks):
        # Of several steps, those that stand in the mark beside the times at which they ended.
        positions[tuple(mark[::2]) if type(mark) is list else mark].append(position)
    others: list[int] = []
    parts: list[tuple[str | None, Figures]] = []
    for mark, those in positions.items():
        if mark is None or mark == "deferred":
            parts += _without_steps(results, plan, mark, those)
        elif mark == "unrouted":
            parts.append((None, _figures(results, those, unrouted=len(those))))
        elif type(mark) is Step:
            durations = [results.durations[position] for position in those]
            parts.append((mark.entity, _figures(results, those, routed=len(those), durations=durations)))
        elif type(mark) is tuple and all(type(each) is Step for each in mark):
            durations = [seconds for position in those for seconds in _of_steps(results, position)]
            parts.append((mark[0].entity, _figures(results, those, routed=len(durations), durations=durations)))
        else:
            others += those
    outcomes = [outcome for position in sorted(others) for outcome in results.at(position)]
    return InvocationFigures(outcomes, plan.registered_entity, parts)


def _of_steps(results: Results, position: int) -> Iterable[float]:
    mark: Any = results.marks[position]
    return durations_of_steps(mark, results.durations[position])


def _without_steps(
    results: Results, plan: Plan, mark: str | None, positions: Sequence[int]
) -> Iterator[tuple[str | None, Figures]]:
    """The figures of records that were not started, or that no condition let through, by their entity."""
    of_entity: defaultdict[str | None, list[int]] = defaultdict(list)
    for position in positions:
        of_entity[_entity(results, plan, position)].append(position)
    for entity, those in of_entity.items():
        yield entity, _figures(results, those, deferred=0 if mark is None else len(those))


def _entity(results: Results, plan: Plan, position: int) -> str | None:
    """The registered entity of a record, mostly without making the record."""
    try:
        body = results.records.wires[position]["dynamodb"]
        image = body["NewImage"] if "NewImage" in body else body["OldImage"]
        name = image[plan.index.attribute]["S"]
        if name and type(name) is str:
            return plan.table.registered_name(name)
    except (KeyError, TypeError):
        pass
    return plan.registered_entity(results.records.at(position))


def _figures(
    results: Results,
    positions: Sequence[int],
    *,
    routed: int = 0,
    unrouted: int = 0,
    deferred: int = 0,
    durations: Sequence[float] = (),
) -> Figures:
    return Figures(
        records=len(positions),
        routed=routed,
        unrouted=unrouted,
        parked=0,
        dropped=0,
        deferred=deferred,
        failed={},
        durations=durations,
        age=results.records.at(positions[0]).age(),
    )
