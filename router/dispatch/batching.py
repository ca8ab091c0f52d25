"""The calls of ``on_batch`` handlers, made after the records of an invocation have run."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from router.context import Deadline
from router.dispatch.failure import Failures
from router.outcomes import Outcome
from router.planning.step import Step

__all__ = ["Entry", "Gathered", "run_batches"]


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


def run_batches(
    gathered: Iterable[Gathered], end: int, failures: Failures, finish: Callable[[Any], Any], deadline: Deadline
) -> None:
    """Call each ``on_batch`` handler, in the order of registration, until one fails or the time runs out.

    Args:
        gathered: The changes of each handler.
        end: The position of the first record that Lambda delivers again. It and all behind it wait for that.
        failures: Settles failures.
        finish: Waits for the result of a handler, where it is asynchronous.
        deadline: When nothing starts any more.
    """
    for each in sorted(gathered, key=lambda each: each.step.position):
        ready = sorted((entry for entry in each.entries if entry.position < end), key=lambda entry: entry.position)
        if deadline.passed:
            return
        if ready and not _call(each.step, ready, failures, finish, deadline.counter):
            return


def _call(
    step: Step,
    entries: Sequence[Entry],
    failures: Failures,
    finish: Callable[[Any], Any],
    counter: Callable[[], float],
) -> bool:
    """Call a handler and settle the outcomes of its changes; returns whether none of them failed."""
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
