"""What the commands print, as JSON documents; ``--json`` prints them, the pages show them as text.

Positions count from 0, as in the event and in error messages; durations are seconds; what is not there is null. None of
them holds a value of an item but the entity's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Required, TypedDict, cast

from router.app import Dispatcher
from router.cli.app_loader import here
from router.observability.logs import safe_error
from router.outcomes import Outcome, Report
from router.planning.explain import Explanation
from router.policies import OnError
from router.record import Record
from router.routes import Route

__all__ = [
    "ErrorDocument",
    "ExplainDocument",
    "ExplainedRecord",
    "InvocationDocument",
    "InvokedRecord",
    "OutcomeDocument",
    "RecordDocument",
    "RouteDocument",
    "VerdictDocument",
    "error_document",
    "explained_record",
    "invoked_records",
    "route_document",
]


class RouteDocument(TypedDict):
    """One route of ``router routes --json``."""

    handler: str
    route: str  # the decorator as it was written
    entities: list[str]  # none: the fallback
    events: list[str]  # of INSERT, MODIFY, DELETE, EXPIRE
    condition: str | None
    source: str | None  # file:line
    batch: bool
    fallback: bool
    on_error: str | None  # null: the dispatcher's


class ErrorDocument(TypedDict, total=False):
    """An error as logs show it: ``reason``, ``faults`` and ``at`` as far as they hold nothing of an item."""

    error: Required[str]
    reason: str
    faults: list[str]
    at: list[str]


class RecordDocument(TypedDict):
    """A record, and what the discriminator read."""

    position: int
    event: str | None  # INSERT, MODIFY, DELETE or EXPIRE
    event_name: str | None
    event_id: str | None
    sequence_number: str | None
    entity: str | None
    read_from: str | None  # NewImage, OldImage or Keys


class OutcomeDocument(TypedDict):
    """What became of a record at one route; ``route`` and ``handler`` are null where it reached none."""

    status: str
    stage: str | None
    handler: str | None
    route: str | None
    error: ErrorDocument | None
    duration: float


class InvokedRecord(RecordDocument):
    """A record of ``router invoke --json``."""

    outcomes: list[OutcomeDocument]


class InvocationDocument(TypedDict):
    """One event of ``router invoke --json``: either it has a response, or the app raised an error."""

    source: str  # the file it came from
    request_id: str
    duration: float
    records: list[InvokedRecord]
    response: dict[str, Any] | None
    error: ErrorDocument | None


class VerdictDocument(TypedDict):
    """One route's verdict on a record; ``matches`` is null where it depends on the typed change."""

    handler: str
    route: str
    matches: bool | None
    reason: str


class ExplainedRecord(RecordDocument):
    """A record of ``router explain --json``; ``problem`` says why it cannot be routed at all."""

    discriminator: str
    problem: str | None
    routes: list[VerdictDocument]


class ExplainDocument(TypedDict):
    """One event of ``router explain --json``."""

    source: str
    records: list[ExplainedRecord]
    error: ErrorDocument | None


def route_document(route: Route, entities: Iterable[str]) -> RouteDocument:
    """Show a route.

    Args:
        route: The route.
        entities: The names of the entities that it takes.
    """
    return {
        "handler": route.name,
        "route": route.written,
        "entities": list(entities),
        "events": [str(event) for event in route.events],
        "condition": None if route.condition is None else repr(route.condition),
        "source": None if route.place is None else here(route.place),
        "batch": route.batch,
        "fallback": route.fallback,
        "on_error": None if route.on_error is None else _policy_text(route.on_error),
    }


def error_document(error: BaseException) -> ErrorDocument:
    """Show an error without anything of an item."""
    if isinstance(error, Exception):
        fields = safe_error(error)
        if "at" in fields:
            fields["at"] = [here(place) for place in fields["at"]]
        return cast("ErrorDocument", fields)
    return {"error": type(error).__name__, "reason": "found a handler that ends the process, expected it to return"}


def invoked_records(app: Dispatcher, report: Report) -> list[InvokedRecord]:
    """Show what became of each record of an invocation."""
    by_record: dict[int, tuple[Record, list[Outcome]]] = {}
    for outcome in report:
        by_record.setdefault(id(outcome.record), (outcome.record, []))[1].append(outcome)
    return [
        {**_record(position, app.explain(record)), "outcomes": [_outcome(outcome) for outcome in outcomes]}
        for position, (record, outcomes) in enumerate(by_record.values())
    ]


def explained_record(position: int, explanation: Explanation) -> ExplainedRecord:
    """Show what each route makes of a record."""
    return {
        **_record(position, explanation),
        "discriminator": repr(explanation.discriminator),
        "problem": explanation.problem,
        "routes": [
            {
                "handler": verdict.route.name,
                "route": verdict.route.written,
                "matches": verdict.matches,
                "reason": verdict.reason,
            }
            for verdict in explanation.verdicts
        ],
    }


def _record(position: int, explanation: Explanation) -> RecordDocument:
    record = explanation.record
    return {
        "position": position,
        "event": str(record.event) if record.event else None,
        "event_name": record.event_name,
        "event_id": record.event_id,
        "sequence_number": record.sequence_number,
        "entity": explanation.entity,
        "read_from": explanation.read_from,
    }


def _outcome(outcome: Outcome) -> OutcomeDocument:
    route = outcome.route
    return {
        "status": outcome.status,
        "stage": outcome.stage,
        "handler": None if route is None else route.name,
        "route": None if route is None else route.written,
        "error": None if outcome.error is None else error_document(outcome.error),
        "duration": round(outcome.duration, 6),
    }


def _policy_text(on_error: OnError) -> str:
    if isinstance(on_error, Mapping):
        policies = ", ".join(f"{kind.__name__}: {policy!r}" for kind, policy in on_error.items())
        return f"{{{policies}}}"
    return repr(on_error)
