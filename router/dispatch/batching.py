"""The calls of ``on_batch`` and ``on_window`` handlers, made after the records of an invocation have run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from router.dispatch.failure import Failures
from router.errors import AnyError, PartialFailure, RouterError
from router.outcomes import Outcome
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
) -> bool:
    """Call an ``on_batch`` or ``on_window`` handler and settle the outcomes of its changes.

    Args:
        step: The step of the handler.
        entries: The changes, in the order of their records.
        failures: Settles failures.
        call: Calls the handler of a step with changes.
        counter: The clock of durations, in seconds.

    Returns:
        Whether no change failed.
    """
    started = counter()
    try:
        call(step, [entry.change for entry in entries])
    except PartialFailure as error:
        duration = counter() - started
        return _settle(step, entries, failures, _errors_of(error, entries), duration)
    except AnyError as error:  # of the handler
        return _settle(step, entries, failures, [error] * len(entries), counter() - started)
    return _settle(step, entries, failures, [None] * len(entries), counter() - started)


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


def _settle(
    step: Step, entries: Sequence[Entry], failures: Failures, errors: Sequence[BaseException | None], duration: float
) -> bool:
    for (_, _, outcome), error in zip(entries, errors, strict=True):
        if error is None:
            outcome.status = "done"
        else:
            settled = failures.settle(outcome.record, "handler", error, step.route, step.levels)
            outcome.status, outcome.stage, outcome.error = settled.status, settled.stage, settled.error
        outcome.duration = duration
    return all(entry.outcome.status != "failed" for entry in entries)
