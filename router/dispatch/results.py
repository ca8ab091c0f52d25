"""What became of the records of an invocation: a mark and a duration of each, and outcomes when they are asked for."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

from router.inject.outboxes import StepOfRoute
from router.outcomes import UNDONE, Outcome
from router.planning.step import Mark, Step
from router.record import Record, Records

__all__ = ["Results"]


class Results:
    """The marks of an invocation's records. Records and outcomes are made of them on first use.

    Args:
        records: The records.
        find_record: Finds the record of one as delivered, at its position.
    """

    __slots__ = ("_outcomes", "durations", "find_record", "marks", "records")

    def __init__(self, records: Records, find_record: Callable[[Any, int], Record]) -> None:
        self.records = records
        self.find_record = find_record
        size = len(records.wires)
        self.marks: list[Mark] = ["deferred"] * size
        self.durations = [0.0] * size
        """Seconds spent on each record."""
        self._outcomes: list[Outcome] | None = None

    def outcomes(self) -> list[Outcome]:
        """The outcomes of all records, in their order; to be asked for when the records have run."""
        if self._outcomes is None:
            self._outcomes = [outcome for position in range(len(self.records)) for outcome in self.at(position)]
        return self._outcomes

    @property
    def made(self) -> list[Outcome] | None:
        """The outcomes if they are made: from then on they count, because a later step may change them."""
        return self._outcomes

    def undone(self) -> list[Record]:
        """The records that have to be delivered again, each once, in their order."""
        return list({id(each.record): each.record for each in self.outcomes() if each.status in UNDONE}.values())

    def unrouted(self) -> int:
        """How many records were skipped because their entity has no route."""
        return self.marks.count("unrouted")

    def ended_well(self, step: StepOfRoute, position: int) -> bool | None:
        """Whether the handler of a step has ended well for a record; ``None`` while that is unknown."""
        for each in self._steps_at(position):
            if each is step:
                return True
            if isinstance(each, Outcome) and each.route is step.route:
                return True if each.status == "done" else None if each.error is None else False
        return None

    def outcome_of(self, step: StepOfRoute, position: int) -> Outcome:
        """The outcome of a record at a step whose handler has ended well. A change of it counts."""
        mark = self.marks[position]
        steps = self._steps_at(position)
        place = next(
            place
            for place, each in enumerate(steps)
            if each is step or (isinstance(each, Outcome) and each.route is step.route)
        )
        if isinstance(outcome := steps[place], Outcome):
            return outcome
        outcome = Outcome("done", self.find_record(self.records.wires[position], position), step.route)
        if isinstance(mark, list):
            mark[2 * place] = outcome
        else:
            self.marks[position] = outcome
        return outcome

    def _steps_at(self, position: int) -> list[Any]:
        mark = self.marks[position]
        return mark[::2] if isinstance(mark, list) else [mark]

    def at(self, position: int) -> Iterable[Outcome]:
        """The outcomes of the record at a position."""
        mark, duration = self.marks[position], self.durations[position]
        if isinstance(mark, Outcome):
            return (_timed(mark, duration),)
        if mark == "deferred":
            return (Outcome("deferred", self.records.at(position)),)
        record = self.find_record(self.records.wires[position], position)
        if isinstance(mark, Step):
            return (_done(record, mark, duration),)
        if not isinstance(mark, list):
            return (Outcome("skipped" if mark is None else "unrouted", record),)
        return (
            _timed(each, seconds) if isinstance(each, Outcome) else _done(record, each, seconds)
            for each, seconds in zip(mark[::2], durations_of_steps(mark, duration), strict=True)
        )


def durations_of_steps(mark: list[Any], duration: float) -> Iterable[float]:
    """The seconds of each step of a record that took several.

    Args:
        mark: Its mark: each step, or its outcome, and the time at which it ended.
        duration: The seconds of the record.
    """
    ends = mark[1::2]
    return map(operator.sub, ends, [ends[-1] - duration, *ends])


def _done(record: Record, step: Step, duration: float) -> Outcome:
    return Outcome("done", record, step.route, None, None, duration)


def _timed(outcome: Outcome, duration: float) -> Outcome:
    """The outcome of a failure with its duration, unless it has one; what did not run took no time."""
    if outcome.error is not None:
        outcome.duration = outcome.duration or duration
    return outcome
