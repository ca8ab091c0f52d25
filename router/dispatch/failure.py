"""What a failure becomes: the policy decides, and its decision is carried out here."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from pydantic_core import ValidationError

from router.dispatch.parker import NO_PARKER, Parker, log_outcome, note_failure
from router.errors import DecodeError, RecordsUnreadError, Reject, Unfinished, UnroutedError, as_exception
from router.observability.safe_errors import without_inputs
from router.outcomes import Outcome, Stage
from router.planning.lookup import what_it_found
from router.planning.options import Options
from router.policies import RETRY, Drop, OnError, Park, Policy, decide
from router.record import Record
from router.routes import Route

__all__ = ["Failures"]

_OF_PARSER = (DecodeError, ValidationError)


class Failures:
    """Settles the failures of a Dispatcher's records: reports, parks or drops them, and logs that.

    Args:
        options: The options of the Dispatcher.
        lanes: Gives the lane of each record of the invocation.
    """

    __slots__ = ("_can_park", "_discriminator", "_on_error", "_unrouted", "parker")

    def __init__(self, options: Options, lanes: Callable[[], Sequence[Hashable]]) -> None:
        self._discriminator = options.discriminator
        self._on_error = options.on_error
        self._unrouted = options.unrouted
        self._can_park = options.parking is not None
        self.parker = Parker(options.parking, options.version, lanes) if self._can_park else NO_PARKER

    def settle(
        self,
        record: Record,
        position: int,
        stage: Stage,
        error: BaseException,
        route: Route | None = None,
        levels: Sequence[OnError | None] = (),
    ) -> Outcome:
        """Settle a failure.

        Args:
            record: The record that failed.
            position: Its position.
            stage: Where it failed.
            error: What was raised: an ``Exception``, or asyncio's ``CancelledError``, which is none.
            route: The route at which it failed, if it reached one.
            levels: The policies, the route's own first; the Dispatcher's where it reached no route.
        """
        exception = as_exception(error)
        if isinstance(exception, Unfinished):
            unfinished = Outcome("deferred", record, route, stage, exception)
            log_outcome(unfinished)
            return unfinished
        policy: Policy = RETRY  # what is not read yet is neither parked nor dropped
        if not isinstance(exception, RecordsUnreadError):
            policy = decide(
                exception,
                permanent=stage != "handler" or isinstance(exception, Reject),
                levels=levels or (self._on_error,),
                age=record.age,
                can_park=self._can_park and not record.is_held,
            )
        if record.is_held and isinstance(policy, Park):
            policy = RETRY
        exception = without_inputs(exception)
        if stage != "handler" and isinstance(exception, _OF_PARSER):
            exception.__traceback__ = None  # its frames are the parser's, and hold the decoded item
        outcome = Outcome("failed", record, route, stage, exception)
        if isinstance(policy, Drop):
            outcome.status = "skipped"
        elif isinstance(policy, Park):
            self.parker.park(outcome, exception, position)
        else:
            note_failure(outcome)
        return _logged(outcome)

    def settle_unrouted(self, record: Record, position: int) -> Outcome:
        """Settle a record whose entity has no route, where such records are not skipped.

        Args:
            record: The record.
            position: Its position.
        """
        named = "an entity that has no route"
        if not record.entity:
            named = f"no entity name ({what_it_found(self._discriminator, record)})"
        error = UnroutedError(f"found {named}, expected a route for every record, because unrouted={self._unrouted!r}")
        outcome = Outcome("failed", record, None, None, error)
        if self._unrouted == "park" and not record.is_held:
            self.parker.park(outcome, error, position)
        return _logged(outcome)

    def drops(self, error: BaseException, levels: Sequence[OnError | None]) -> bool:
        """Whether the policies drop a failure without a record, which cannot be parked."""
        exception = as_exception(error)
        permanent = isinstance(exception, Reject)
        policy = decide(exception, permanent=permanent, levels=levels, age=lambda: None, can_park=False)
        return isinstance(policy, Drop)


def _logged(outcome: Outcome) -> Outcome:
    if outcome.status != "deferred":  # else it waits to be parked, and is logged then
        log_outcome(outcome)
    return outcome
