"""What ``router replay`` prints, as a JSON document; the page shows it as text. Of items it holds entity names only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, TypedDict

from router.cli.json_output import ErrorDocument, error_document
from router.local.streams.replay import Invocation, Replay
from router.outcomes import Outcome
from router.record import Record

__all__ = [
    "GivenUpDocument",
    "InvocationDocument",
    "RecordDocument",
    "ReexecutionDocument",
    "ReplayDocument",
    "TroubleDocument",
    "replay_document",
]


class TroubleDocument(TypedDict):
    """A record that failed, was parked, or whose failure was dropped, at a route of an invocation."""

    record: int
    status: str
    stage: str | None
    handler: str | None
    error: ErrorDocument


class InvocationDocument(TypedDict):
    """One invocation; records are positions from 0 among all that are replayed."""

    time: float  # seconds since the mapping began
    request_id: str
    attempt: int
    records: list[int]
    statuses: dict[str, int]
    troubles: list[TroubleDocument]
    response: dict[str, Any] | None
    error: ErrorDocument | None


class RecordDocument(TypedDict):
    """A record that was replayed."""

    source: str
    event: str | None
    event_id: str | None
    sequence_number: str | None
    entity: str | None


class ReexecutionDocument(TypedDict):
    """A record that a handler was given more than once."""

    record: int
    handler: str
    times: int


class GivenUpDocument(TypedDict):
    """Records that were discarded to the failure destination, or trimmed."""

    condition: str
    records: list[int]
    document: dict[str, Any] | None


class ReplayDocument(TypedDict):
    """What ``router replay --json`` prints."""

    records: list[RecordDocument]
    filtered_out: list[int]
    invocations: list[InvocationDocument]
    reexecutions: list[ReexecutionDocument]
    discarded: list[GivenUpDocument]
    parked: list[int]
    unfinished: list[int]


def replay_document(done: Replay, sources: Sequence[str]) -> ReplayDocument:
    """Show a replay.

    Args:
        done: The replay.
        sources: Where each of its records came from.
    """
    seen: dict[int, Record] = {
        position: outcome.record for invocation in done.invocations for position, outcome in invocation.outcomes
    }
    return {
        "records": [_record(source, seen.get(position)) for position, source in enumerate(sources)],
        "filtered_out": done.filtered_out,
        "invocations": [_invocation(invocation) for invocation in done.invocations],
        "reexecutions": [
            {"record": position, "handler": handler, "times": times}
            for (position, handler), times in done.reexecutions.items()
        ],
        "discarded": [
            {
                "condition": given_up.condition,
                "records": list(given_up.records),
                "document": None if given_up.document is None else dict(given_up.document),
            }
            for given_up in done.given_up
        ],
        "parked": done.parked,
        "unfinished": done.unfinished,
    }


def _record(source: str, record: Record | None) -> RecordDocument:
    return {
        "source": source,
        "event": str(record.event) if record and record.event else None,
        "event_id": record.event_id if record else None,
        "sequence_number": record.sequence_number if record else None,
        "entity": record.entity if record else None,
    }


def _invocation(invocation: Invocation) -> InvocationDocument:
    return {
        "time": round(invocation.time, 3),
        "request_id": invocation.request_id,
        "attempt": invocation.attempt,
        "records": list(invocation.records),
        "statuses": dict(Counter(outcome.status for _, outcome in invocation.outcomes)),
        "troubles": [_trouble(*each) for each in invocation.outcomes if each[1].error is not None],
        "response": None if invocation.response is None else dict(invocation.response),
        "error": None if invocation.error is None else error_document(invocation.error),
    }


def _trouble(position: int, outcome: Outcome) -> TroubleDocument:
    assert outcome.error is not None  # noqa: S101 - asked for just before
    return {
        "record": position,
        "status": outcome.status,
        "stage": outcome.stage,
        "handler": None if outcome.route is None else outcome.route.name,
        "error": error_document(outcome.error),
    }
