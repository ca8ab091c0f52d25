"""Park the records of an invocation, several in one call where the parking place takes several.

A record that waits for a call is deferred. Until it is parked no handler runs for its lane, so that the order holds
where the place refuses it. Records of other lanes go on: they finish before a refusal is known.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from functools import cache, partial
from typing import Final, NamedTuple, cast

from router.context import now
from router.errors import ParkingError, any_error, as_exception
from router.inject.scopes import current_invocation
from router.naming import shortened
from router.observability.safe_errors import safe_error, without_inputs
from router.outcomes import Outcome
from router.parking import BulkParking, Parked, Parking

__all__ = ["NO_PARKER", "Parker", "Waiting", "log_outcome", "note_failure"]

_LONGEST_ENTITY = 256
_LONGEST_WAIT = 1_000
"""How many records may run after one that waits: what runs has to be remembered if the place refuses the one."""


class Waiting(NamedTuple):
    """A record that waits for the call that parks it, with its position, its outcome and the error of its handler."""

    position: int
    outcome: Outcome
    error: Exception
    parked: Parked


class Parker:
    """Parks the records of one invocation.

    Args:
        place: The parking place of the Dispatcher; ``None`` where nothing is parked.
        version: The version of the app.
        lanes: Gives the lane of each record.
    """

    __slots__ = (
        "_bulk",
        "_calling",
        "_changing",
        "_earliest",
        "_held",
        "_lanes",
        "_lanes_of",
        "_place",
        "_under_way",
        "_version",
        "most",
        "takes_several",
        "waiting",
    )

    def __init__(self, place: Parking | None, version: str | None, lanes: Callable[[], Sequence[Hashable]]) -> None:
        self._place = place
        self._version = version
        self.takes_several = place is not None and _takes_several(type(place))
        self._bulk = cast("BulkParking", place) if self.takes_several else None
        self._calling = threading.Lock()
        self._changing = threading.Lock()
        self._lanes_of = lanes
        self._lanes: Sequence[Hashable] = ()
        self._held: set[Hashable] = set()
        self._earliest = 0
        self._under_way = 0
        self.most = 1 if self._bulk is None else self._bulk.most
        """The most records of a call."""
        self.waiting: list[Waiting] = []
        """The records that wait, the earliest first; those of a call under way, too."""

    def park(self, outcome: Outcome, error: Exception, position: int) -> None:
        """Park a record, or have it wait, deferred, for :meth:`park_waiting`.

        Args:
            outcome: The outcome of the record at the route.
            error: Why it is parked.
            position: The position of the record.
        """
        assert self._place is not None  # noqa: S101 - options are checked: no policy parks without a place
        parked = _parked(outcome, error, self._version)  # which notes the first failure, if the place refuses it
        if self._bulk is not None:
            outcome.status = "deferred"
            self._change(lambda: self.waiting.append(Waiting(position, outcome, error, parked)))
            return
        refusal: BaseException | None = None
        try:
            self._place.park(parked)
        except any_error() as raised:  # then the record is not kept there
            refusal = raised
        _settle(outcome, error, refusal)

    @property
    def is_full(self) -> bool:
        """Whether there are enough records for a call, beside those of the call under way."""
        return len(self.waiting) - self._under_way >= self.most

    def holds(self, position: int) -> bool:
        """Whether a record may only start when those that wait are parked: one is of its lane, or has waited for long.

        Args:
            position: The position of the record.
        """
        return self._lanes[position] in self._held or position - self._earliest > _LONGEST_WAIT

    def park_waiting(self, most_left: int, undone: Callable[[int], None]) -> None:
        """Park records that wait, in full calls.

        Args:
            most_left: How many may be left waiting.
            undone: Called with the position of each record that the place refused, before the next one of its lane may
                start.
        """
        with self._calling:
            while len(self.waiting) > most_left:
                call = self.waiting[: self.most]
                self._under_way = len(call)
                for each, refusal in zip(call, self._refusals(call), strict=True):
                    _settle(each.outcome, each.error, refusal)
                    log_outcome(each.outcome)
                    if refusal is not None:
                        undone(each.position)
                self._change(partial(self.waiting.__delitem__, slice(len(call))))
                self._under_way = 0

    def _change(self, change: Callable[[], None]) -> None:
        """Change the list of those that wait, and what follows from it."""
        with self._changing:  # lanes do this at the same time
            self._lanes = self._lanes or self._lanes_of()
            change()
            self._held = {self._lanes[each.position] for each in self.waiting}
            self._earliest = min((each.position for each in self.waiting), default=0)

    def _refusals(self, call: Sequence[Waiting]) -> Sequence[BaseException | None]:
        """Park records in a call, and return the error of each that is not parked."""
        assert self._bulk is not None  # noqa: S101 - else nothing waits
        deadline = current_invocation.get().deadline
        try:
            refusals = [*self._bulk.park_bulk([each.parked for each in call], deadline)]
        except any_error() as error:  # then none is kept there
            return [error] * len(call)
        if len(refusals) == len(call):
            return refusals
        msg = f"found {len(refusals)} results of park_bulk(), expected {len(call)}, one for each record"
        return [ParkingError(msg)] * len(call)


NO_PARKER: Final = Parker(None, None, list)
"""Serves all invocations of all apps without a parking place: nothing waits in it."""


def log_outcome(outcome: Outcome) -> None:
    """Log an outcome that needs attention."""
    current_invocation.get().trouble.add(outcome)


def note_failure(outcome: Outcome) -> datetime:
    """Note the failure of a record that is delivered again or parked, and return when it failed for the first time."""
    route = None if outcome.route is None else outcome.route.name
    return current_invocation.get().container.first_failures.time(route, outcome.record.identity)


@cache
def _takes_several(kind_of_place: type[Parking]) -> bool:
    """Whether a place has ``park_bulk``. In a subclass that has a ``park`` of its own, that is what parks."""
    methods = ({"park", "park_bulk"} & vars(kind).keys() for kind in kind_of_place.__mro__)
    return "park_bulk" in next(filter(None, methods), ())


def _settle(outcome: Outcome, error: Exception, refusal: BaseException | None) -> None:
    if refusal is None:
        outcome.status = "parked"
        return
    failure = ParkingError(
        f"the parking place raised {type(refusal).__name__}, so the record, which failed with "
        f"{type(error).__name__}, is not kept there and is reported as failed"
    )
    failure.__cause__ = without_inputs(as_exception(refusal))
    outcome.status, outcome.stage, outcome.error = "failed", "park", failure


def _parked(outcome: Outcome, error: Exception, version: str | None) -> Parked:
    from router.sources.delivery_counts import delivery_count, first_delivery  # most invocations park nothing

    fields, route, record = safe_error(error), outcome.route, outcome.record
    entity, first_attempt_at = record.entity, first_delivery(record) or note_failure(outcome)
    return Parked(
        record=dict(record.wire or record.raw),
        entity=None if entity is None else shortened(entity, _LONGEST_ENTITY),
        route=record.only_route if route is None else route.name,
        stage=outcome.stage,
        error=fields["error"],
        reason=fields.get("reason") or "; ".join(fields.get("faults", ())),
        parked_at=now(),
        is_registered=route is not None and not route.fallback,
        redrive_of=record.redrive_of,
        source=record.source,
        changed_at=record.created_at,
        first_attempt_at=first_attempt_at,
        attempts=delivery_count(record),
        version=version or os.environ.get("AWS_LAMBDA_FUNCTION_VERSION"),
    )
