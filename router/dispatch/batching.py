"""The calls of ``on_batch`` and ``on_window`` handlers, made after the records of an invocation have run."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from router.dispatch.delivery import Delivery
from router.dispatch.ended import settle_ended
from router.dispatch.gathered import Entry, Gathered
from router.errors import PartialFailure, RouterError, any_error
from router.observability.logs import write_line
from router.observability.safe_errors import safe_error
from router.outcomes import UNDONE
from router.planning.step import Step

if TYPE_CHECKING:
    from router.dispatch.windows import Windows

__all__ = ["run_batches"]


def run_batches(delivery: Delivery, steps_of_windows: Sequence[Step]) -> None:
    """Call the handlers of batches and windows with the changes before the first undone record of their group.

    Args:
        delivery: The delivery, whose records have run.
        steps_of_windows: One step of each ``on_window`` route.
    """
    gathered, windows = delivery.for_batches, delivery.windows
    if windows is not None and windows.is_final:
        for step in steps_of_windows:
            if step.key not in gathered:
                _call_final(delivery, windows, step)
    for each in sorted(gathered.values(), key=lambda each: each.step.position):
        if delivery.invocation.deadline.passed:
            break
        ready = _ready(delivery, each)
        if ready and not _call_with(delivery, each.step, ready):
            delivery.stopped = True
            if delivery.groups is None:
                break
    delivery.stopped = delivery.stopped or bool(gathered)  # a call may have failed or not been made


def _ready(delivery: Delivery, gathered: Gathered) -> list[Entry]:
    """The changes before the first undone record of their group, in the order of their records."""
    ready, ends = gathered.entries, _ends(delivery)
    if ends:
        ready = [entry for entry in ready if entry.position < ends.get(delivery.group(entry.position), math.inf)]
    return sorted(ready, key=attrgetter("position"))


def _ends(delivery: Delivery) -> Mapping[Hashable, int]:
    """The position of the first record of each group that is undone, other than by waiting for a call."""
    if not delivery.stopped and not delivery.failed_groups:
        return {}
    waiting = {id(entry.outcome) for gathered in delivery.for_batches.values() for entry in gathered.entries}
    ends: dict[Hashable, int] = {}
    for position in range(len(delivery.records)):
        for outcome in delivery.results.at(position):
            if outcome.status in UNDONE and (outcome.status == "failed" or id(outcome) not in waiting):
                ends.setdefault(delivery.group(position), position)
    return ends


def _call_with(delivery: Delivery, step: Step, entries: Sequence[Entry]) -> bool:
    """Call a handler and settle the outcomes of its changes; returns whether none failed."""
    windows = delivery.windows

    def call(step: Step, changes: Sequence[Any]) -> None:
        delivery.invocation.finish(step.call(changes))

    # A context of its own: no handler sees the context variables that another one has set.
    run = delivery.invocation.variables.copy().run
    return run(_settle, delivery, step, entries, call if step.route.state is None or windows is None else windows.call)


def _settle(
    delivery: Delivery, step: Step, entries: Sequence[Entry], call: Callable[[Step, Sequence[Any]], None]
) -> bool:
    started = delivery.counter()
    errors: Sequence[BaseException | None] = [None] * len(entries)
    try:
        call(step, [entry.change for entry in entries])
    except PartialFailure as error:
        errors = _errors_of(error, entries)
    except any_error() as error:  # of the handler
        errors = [error] * len(entries)
    duration = delivery.counter() - started
    for entry in entries:
        entry.outcome.duration = duration
    settle_ended(delivery, [(step, position, outcome) for position, _, outcome in entries], errors)
    return all(entry.outcome.status != "failed" for entry in entries)


def _call_final(delivery: Delivery, windows: Windows, step: Step) -> None:
    """Call a handler without changes at the end of its window; the next one is called even if it fails."""
    invocation = delivery.invocation
    try:
        if invocation.deadline.passed:
            msg = "found too little time left to call the handler, expected more than the reserve"
            raise RouterError(msg)
        invocation.variables.copy().run(windows.call, step, [])
    except any_error() as error:  # of the handler
        dropped = delivery.failures.drops(error, step.levels)
        log, event = invocation.log(None, step.route), "final invocation failed"
        write_line(log, "warning" if dropped else "error", event, dropped=dropped, **safe_error(error))
        if not dropped:
            windows.fail(step, error)


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
