"""The calls of ``on_batch`` and ``on_window`` handlers, made after the records of an invocation have run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from router.dispatch.failure import Failures
from router.errors import PartialFailure, RouterError, any_error
from router.outcomes import Outcome, comes_again
from router.planning.step import Step

__all__ = ["Entry", "Gathered", "call_batch"]


class Entry(NamedTuple):
    """A change that waits for the call of its ``on_batch`` handler, with the position and the outcome of its record."""

    position: int
    change: Any
    outcome: Outcome


class Gathered:
    """The changes for the call of one ``on_batch`` handler."""

    __slots__ = ("entries", "step")

    def __init__(self, step: Step) -> None:
        self.step = step
        self.entries: list[Entry] = []


def call_batch(
    step: Step,
    entries: Sequence[Entry],
    failures: Failures,
    call: Callable[[Step, Sequence[Any]], None],
    counter: Callable[[], float],
    park_waiting: Callable[[], None],
) -> bool:
    """Call an ``on_batch`` or ``on_window`` handler and settle the outcomes of its changes.

    Args:
        step: The step of the handler.
        entries: The changes, in the order of their records.
        failures: Settles failures.
        call: Calls the handler of a step with changes.
        counter: The clock of durations, in seconds.
        park_waiting: Parks the records that wait for it.

    Returns:
        Whether no change has to come again.
    """
    started = counter()
    errors: Sequence[BaseException | None] = [None] * len(entries)
    try:
        call(step, [entry.change for entry in entries])
    except PartialFailure as error:
        errors = _errors_of(error, entries)
    except any_error() as error:  # of the handler
        errors = [error] * len(entries)
    duration = counter() - started
    settled = [
        Outcome("done", outcome.record)
        if error is None
        else failures.settle(outcome.record, position, "handler", error, step.route, step.levels)
        for (position, _, outcome), error in zip(entries, errors, strict=True)
    ]
    park_waiting()
    for (_, _, outcome), each in zip(entries, settled, strict=True):
        outcome.status, outcome.stage, outcome.error = each.status, each.stage, each.error
        outcome.duration = duration
    return not any(map(comes_again, settled))


def _errors_of(failure: PartialFailure, entries: Sequence[Entry]) -> Sequence[BaseException | None]:
    """The error of each change; of all where the failure names a change that is none of them."""
    errors = {id(change): error for change, error in failure.failures.items()}
    if errors.keys() <= {id(entry.change) for entry in entries}:
        return [errors.get(id(entry.change)) for entry in entries]
    msg = (
        "found a PartialFailure with a change that the handler was not called with, expected those that it was called "
        "with; all of them fail, because it is unknown which are done"
    )
    return [RouterError(msg)] * len(entries)
