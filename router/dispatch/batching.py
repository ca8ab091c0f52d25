"""The calls of ``on_batch`` handlers, made after the records of an invocation have run."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from router.dispatch.failure import Failures
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
    finish: Callable[[Any], Any],
    counter: Callable[[], float],
) -> bool:
    """Call an ``on_batch`` handler and settle the outcomes of its changes.

    Args:
        step: The step of the handler.
        entries: The changes, in the order of their records.
        failures: Settles failures.
        finish: Waits for the result of a handler, where it is asynchronous.
        counter: The clock of durations, in seconds.

    Returns:
        Whether no change failed.
    """
    started = counter()
    try:
        result = step.call([entry.change for entry in entries])
        if result is not None:
            finish(result)
    except (Exception, CancelledError) as error:  # noqa: BLE001 - a handler may raise anything
        return _settle(step, entries, failures, error, counter() - started)
    duration = counter() - started
    for entry in entries:
        entry.outcome.status, entry.outcome.duration = "done", duration
    return True


def _settle(step: Step, entries: Sequence[Entry], failures: Failures, error: BaseException, duration: float) -> bool:
    for _, _, outcome in entries:
        settled = failures.settle(outcome.record, "handler", error, step.route, step.levels)
        outcome.status, outcome.stage, outcome.error = settled.status, settled.stage, settled.error
        outcome.duration = duration
    return all(entry.outcome.status != "failed" for entry in entries)
