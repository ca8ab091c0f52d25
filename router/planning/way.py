"""The way of the records of one entity and event: one function, compiled of their steps.

A record with one step is taken by the function of that step alone. A record with several steps is taken through the
functions of all twice, in the order of registration: first each makes its change, so that all conditions are asked of
the record as it was delivered, then each calls its handler. Each image is parsed once, and each handler has a copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from router.change import Change
from router.outcomes import Outcome, comes_again
from router.planning.shared_values import content_of, what_changed
from router.planning.step import UNPARSED, Attempt, Image, Mark, Runner, Slots, Step, Waiting, Way, attempt_by_images
from router.record import Record

__all__ = ["skip_record", "way_of"]


_Begun = tuple[list[Any], list[Any], int]
"""What each step of a record has prepared, what is taken of them, and the place of the one that was waited for."""


def skip_record(_runner: Runner, _raw: Any, _position: int, _new: Image, _old: Image) -> Mark:
    """The way of an entity's records of an event that no route takes."""
    return None


def way_of(steps: Sequence[Step]) -> Way:
    """Compile the steps of an entity and event; :func:`skip_record` where there are none.

    Args:
        steps: The steps, in the order of registration.
    """
    if not steps:
        return skip_record
    slots: Slots = {}
    attempts = [attempt_by_images(step, slots) for step in steps]
    return attempts[0] if len(steps) == 1 else _in_turn(steps, attempts, len(slots))


def _in_turn(  # noqa: C901 - for the reason below
    steps: Sequence[Step], attempts: Sequence[Attempt], models_shared: int
) -> Way:
    """Compile the way of records that take several steps."""
    unparsed = [UNPARSED] * models_shared
    turns = [*zip(range(len(steps)), steps, attempts, strict=True)]

    def take_in_turn(  # noqa: C901 - one more call would cost as much as a handler
        runner: Runner, raw: Any, position: int, new: Image, old: Image, begun: _Begun | None = None, ended: Any = None
    ) -> Mark | Waiting:
        counter, deadline, now, to_come = runner.counter, runner.deadline, 0.0, turns
        if begun is None:
            models = unparsed.copy()
            prepared: list[Any] = []
            taken: list[Any] = []
            for attempt in attempts:
                prepared.append(attempt(runner, raw, position, new, old, models))  # noqa: PERF401 - slower on Python 3.11
        else:
            prepared, taken, waited_for = begun
            to_come = turns[waited_for:]
        for number, step, attempt in to_come:
            change = prepared[number]
            if change is None:  # its condition is not met
                continue
            kind = type(change)
            if ended is not None:
                mark, ended = ended, None
            elif now > deadline:
                runner.stopped = True
                return taken + _deferred(steps, prepared, number, runner.find_record(raw, position), now)
            elif kind is tuple:
                mark = runner.failed(step, raw, position, *change)
            elif kind is Outcome:
                mark = change
            elif runner.watch is None:
                mark = attempt(runner, raw, position, new, old, None, change)
            else:
                mark = _watched(steps, attempts, prepared, number)(runner, raw, position, new, old, None, change)
            if mark is not step and type(mark) is Waiting:
                going_on = partial(take_in_turn, runner, raw, position, new, old, (prepared, taken, number))
                return mark.then(going_on)
            now = counter()
            taken.append(mark)
            taken.append(now)
            if mark is not step and mark.error is not None and _has_failed(runner, mark, steps, prepared, number):
                return taken + _deferred(steps, prepared, number + 1, mark.record, now)
        return taken or None

    return take_in_turn


def _has_failed(runner: Runner, outcome: Outcome, steps: Sequence[Step], prepared: Sequence[Any], number: int) -> bool:
    """Whether a step has to run again, which ends the record; one that waits to be parked is parked before the next."""
    following = zip(steps[number + 1 :], prepared[number + 1 :], strict=True)
    handlers_follow = any(isinstance(change, Change) and not step.route.batch for step, change in following)
    if outcome.status == "deferred" and handlers_follow:
        runner.park_waiting()
    return comes_again(outcome)


def _watched(steps: Sequence[Step], attempts: Sequence[Attempt], prepared: Sequence[Any], number: int) -> Attempt:
    """The attempt of a step that fails if its handler changes what the handlers still to be called are given."""
    step = steps[number]
    others = [
        change if place > number or (other.route.batch and place != number) else None
        for place, (other, change) in enumerate(zip(steps, prepared, strict=True))
    ]

    def attempt(runner: Runner, raw: Any, position: int, *rest: Any) -> Any:
        before = [*map(content_of, others)]

        def compared(mark: Mark | Waiting) -> Mark | Waiting:
            if isinstance(mark, Waiting):
                return mark.then(compared)
            error = what_changed(step, steps, before, [*map(content_of, others)])
            if error is None or runner.watch is None or (type(mark) is Outcome and mark.status == "failed"):
                return mark
            runner.watch.append(error)
            return runner.failed(step, raw, position, "handler", error)

        return compared(attempts[number](runner, raw, position, *rest))

    return attempt


def _deferred(
    steps: Sequence[Step], prepared: Sequence[Any], begun: int, record: Record, now: float
) -> list[Outcome | float]:
    """The outcomes of a record's steps that do not begin, each with the time.

    Args:
        steps: The steps.
        prepared: What each has prepared.
        begun: The place of the first of them that does not begin.
        record: The record.
        now: The time.
    """
    taken: list[Outcome | float] = []
    for step, change in zip(steps[begun:], prepared[begun:], strict=True):
        if change is not None:
            taken += [change if type(change) is Outcome else Outcome("deferred", record, step.route), now]
    return taken
