"""What becomes of records at routes whose handlers have ended: those of batches, and those that left what was sent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from router.dispatch.delivery import Delivery
from router.inject.outboxes import Outbox
from router.inject.scopes import Invocation
from router.outcomes import Outcome, comes_again
from router.planning.step import Step

__all__ = ["send_of_handler", "send_outboxes", "settle_ended"]


Ended = tuple[Any, int, Outcome]
"""A record at a route whose handler has ended: the step, the position of the record, and the outcome to settle."""


def settle_ended(delivery: Delivery, ended: Sequence[Ended], errors: Sequence[BaseException | None]) -> None:
    """Give outcomes the status that the policies decide on.

    Args:
        delivery: The delivery.
        ended: The records.
        errors: The error of each; ``None`` for a record that is done.
    """
    settled = [
        None
        if error is None
        else delivery.failures.settle(outcome.record, position, "handler", error, step.route, step.levels)
        for (step, position, outcome), error in zip(ended, errors, strict=True)
    ]
    delivery.park_waiting()
    for (_, _, outcome), each in zip(ended, settled, strict=True):
        if each is None:
            outcome.status, outcome.stage, outcome.error = "done", None, None
        else:
            outcome.status, outcome.stage, outcome.error = each.status, each.stage, each.error


def send_outboxes(delivery: Delivery, outboxes: Collection[Outbox]) -> None:
    """Send what handlers have left; an error fails the record at the route whose handler has left it."""
    for outbox in outboxes:
        while errors := outbox.send():
            outcomes = {place: delivery.results.outcome_of(*place) for place in errors}
            # What another outbox has failed for is settled.
            left = [(place, outcome) for place, outcome in outcomes.items() if outcome.status == "done"]
            ended = [(place.step, place.position, outcome) for place, outcome in left]
            settle_ended(delivery, ended, [errors[place] for place, _ in left])
            again = {place: comes_again(outcome) for place, outcome in outcomes.items()}
            delivery.stopped = delivery.stopped or any(again.values())
            outbox.settle(again)


def send_of_handler(invocation: Invocation, step: Step, failed: Collection[Any]) -> None:
    """Send what the handler of a window has left for the changes that have not failed.

    Its state is kept as one, so the handler has failed if anything of it is refused.

    Raises:
        Exception: The error of what was sent.
    """
    outboxes = invocation.outboxes
    if outboxes is None:
        return
    for outbox in [*outboxes.made.values()]:
        places = {place for change in failed if (place := outboxes.place_of(change))}
        error = outbox.send_of(step, places)
        if error is not None:
            raise error
