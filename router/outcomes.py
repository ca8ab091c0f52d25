"""Outcomes: one for each record and route of an invocation."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

from router.errors import Unfinished

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from router.record import Record
    from router.routes import Route

__all__ = ["UNDONE", "Outcome", "Report", "Stage", "Status", "comes_again"]

Status = Literal["done", "skipped", "unrouted", "parked", "failed", "deferred"]
Stage = Literal["envelope", "decode", "validate", "handler", "park"]

UNDONE: tuple[Status, ...] = ("failed", "deferred")
"""The statuses of records that Lambda has to deliver again."""


class Outcome:
    """The outcome of one record at one route.

    Args:
        status: ``done``: the handler returned. ``skipped``: no route of the entity matched, an earlier delivery has
            completed this route, or the user's ``Drop`` dropped the failure. ``unrouted``: the entity has no route.
            ``parked``: the record is in the parking place and the stream moves on. ``failed``: Lambda delivers the
            record again. ``deferred``: not started, because an earlier record failed or the time ran out; or started
            and not finished, with the error ``Unfinished``.
        record: The record.
        route: The route; ``None`` where the record reached none.
        stage: The stage that failed: ``envelope``, ``decode``, ``validate``, ``handler`` or ``park``.
        error: The error.
        duration: Seconds spent on the record at this route.
    """

    __slots__ = ("duration", "error", "record", "route", "stage", "status")

    def __init__(
        self,
        status: Status,
        record: Record,
        route: Route | None = None,
        stage: Stage | None = None,
        error: Exception | None = None,
        duration: float = 0.0,
    ) -> None:
        self.status: Status = status
        self.record = record
        self.route = route
        self.stage: Stage | None = stage
        self.error = error
        self.duration = duration

    def __repr__(self) -> str:
        at = f" at {self.stage}: {type(self.error).__name__}" if self.stage else ""
        return f"<Outcome {self.status}{at}, {self.route!r}, {self.record!r}>"


def comes_again(outcome: Outcome) -> bool:
    """Whether a record has run at a route and has to be delivered again: it failed, or its handler did not finish."""
    return outcome.status == "failed" or isinstance(outcome.error, Unfinished)


class Report:
    """All outcomes of an invocation, in the order of its records, and the response to Lambda.

    Args:
        outcomes: One outcome for each record and route that matched it; one with ``route=None`` for a record that
            reached no route.
        response: The partial batch response.
    """

    __slots__ = ("outcomes", "response")

    def __init__(self, outcomes: Sequence[Outcome], response: dict[str, Any]) -> None:
        self.outcomes = outcomes
        self.response = response

    def __iter__(self) -> Iterator[Outcome]:
        return iter(self.outcomes)

    def __len__(self) -> int:
        return len(self.outcomes)

    def counts(self) -> dict[Status, int]:
        """The number of outcomes of each status that occurs."""
        return dict(Counter(outcome.status for outcome in self.outcomes))

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {status}" for status, count in self.counts().items())
        return f"<Report {counts or 'no records'}>"
