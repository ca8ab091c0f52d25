"""What a failure becomes: the policy decides, and its decision is carried out here."""

from __future__ import annotations

import os
from collections.abc import Sequence

from router.context import now
from router.errors import AnyError, ParkingError, RecordsUnreadError, Reject, UnroutedError, as_exception
from router.inject.scopes import current_invocation
from router.naming import shortened
from router.observability.logs import log_trouble
from router.observability.safe_errors import safe_error, without_inputs
from router.outcomes import Outcome, Stage
from router.parking import Parked
from router.planning.lookup import what_it_found
from router.planning.options import Options
from router.policies import Drop, OnError, Park, Policy, Retry, decide
from router.record import Record
from router.routes import Route
from router.sources import delivery_count

__all__ = ["Failures"]

_LONGEST_ENTITY = 256


class Failures:
    """Settles the failures of a Dispatcher's records: reports, parks or drops them, and logs that.

    Args:
        options: The options of the Dispatcher.
    """

    __slots__ = ("_discriminator", "_on_error", "_parking", "_unrouted", "_version")

    def __init__(self, options: Options) -> None:
        self._discriminator = options.discriminator
        self._on_error = options.on_error
        self._unrouted = options.unrouted
        self._parking = options.parking
        self._version = options.version

    def settle(
        self,
        record: Record,
        stage: Stage,
        error: BaseException,
        route: Route | None = None,
        levels: Sequence[OnError | None] = (),
    ) -> Outcome:
        """Settle a failure.

        Args:
            record: The record that failed.
            stage: Where it failed.
            error: What was raised: an ``Exception``, or asyncio's ``CancelledError``, which is none.
            route: The route at which it failed, if it reached one.
            levels: The policies, the route's own first; the Dispatcher's where it reached no route.
        """
        exception = as_exception(error)
        policy: Policy = Retry()  # what is not read yet is neither parked nor dropped
        if not isinstance(exception, RecordsUnreadError):
            policy = decide(
                exception,
                permanent=stage != "handler" or isinstance(exception, Reject),
                levels=levels or (self._on_error,),
                age=record.age(),
                can_park=self._parking is not None,
            )
        exception = without_inputs(exception)
        outcome = Outcome("failed", record, route, stage, exception)
        if isinstance(policy, Drop):
            outcome.status = "skipped"
        elif isinstance(policy, Park):
            self._park(outcome, exception)
        self.log(outcome)
        return outcome

    def settle_unrouted(self, record: Record) -> Outcome:
        """Settle a record whose entity has no route, where such records are not skipped.

        Args:
            record: The record.
        """
        named = "an entity that has no route"
        if not record.entity:
            named = f"no entity name ({what_it_found(self._discriminator, record)})"
        error = UnroutedError(f"found {named}, expected a route for every record, because unrouted={self._unrouted!r}")
        outcome = Outcome("failed", record, None, None, error)
        if self._unrouted == "park":
            self._park(outcome, error)
        self.log(outcome)
        return outcome

    def drops(self, error: BaseException, levels: Sequence[OnError | None]) -> bool:
        """Whether the policies drop a failure without a record, which cannot be parked."""
        exception = as_exception(error)
        permanent = isinstance(exception, Reject)
        return isinstance(decide(exception, permanent=permanent, levels=levels, age=None, can_park=False), Drop)

    def log(self, outcome: Outcome) -> None:
        """Log an outcome that needs attention."""
        log_trouble(current_invocation.get().log(outcome.record, outcome.route), outcome)

    def _park(self, outcome: Outcome, error: Exception) -> None:
        assert self._parking is not None  # noqa: S101 - options are checked: no policy parks without a place
        try:
            self._parking.park(_parked(outcome, error, self._version))
        except AnyError as refusal:  # then the record is not kept there
            failure = ParkingError(
                f"the parking place raised {type(refusal).__name__}, so the record, which failed with "
                f"{type(error).__name__}, is not kept there and is reported as failed"
            )
            failure.__cause__ = without_inputs(as_exception(refusal))
            outcome.stage, outcome.error = "park", failure
        else:
            outcome.status = "parked"


def _parked(outcome: Outcome, error: Exception, version: str | None) -> Parked:
    fields, route, record = safe_error(error), outcome.route, outcome.record
    entity = record.entity
    return Parked(
        record=dict(record.wire or record.raw),
        entity=None if entity is None else shortened(entity, _LONGEST_ENTITY),
        route=None if route is None else route.name,
        stage=outcome.stage,
        error=fields["error"],
        reason=fields.get("reason") or "; ".join(fields.get("faults", ())),
        parked_at=now(),
        is_registered=route is not None and not route.fallback,
        twin=outcome.record.twin,
        source=record.source,
        changed_at=record.created_at,
        attempts=delivery_count(record),
        version=version or os.environ.get("AWS_LAMBDA_FUNCTION_VERSION"),
    )
