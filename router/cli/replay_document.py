"""The JSON document of ``router replay``. The entity's name is the only value of an item in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, TypedDict

from router.cli.json_output import ErrorDocument, error_document
from router.local.streams.replay import AppCall, Replay
from router.outcomes import Outcome
from router.record import Record

__all__ = [
    "GivenUpDocument",
    "ReexecutionDocument",
    "ReplayDocument",
    "ReplayedInvocation",
    "replay_document",
]


class RecordErrorDocument(TypedDict):
    """The error of a record that failed, was parked or was dropped at one route."""

    record: int
    status: str
    stage: str | None
    handler: str | None
    error: ErrorDocument


class ReplayedInvocation(TypedDict):
    """One invocation; records are positions from 0 among all replayed records."""

    time: float  # seconds since the start of the replay
    request_id: str
    attempt: int
    records: list[int]
    statuses: dict[str, int]
    troubles: list[RecordErrorDocument]
    response: dict[str, Any] | None
    error: ErrorDocument | None


class ReplayedRecord(TypedDict):
    """A replayed record."""

    source: str
    event: str | None
    event_id: str | None
    sequence_number: str | None
    entity: str | None


class ReexecutionDocument(TypedDict):
    """A record with which a handler ran more than once."""

    record: int
    handler: str
    times: int


class GivenUpDocument(TypedDict):
    """Records that the mapping discarded or the stream trimmed."""

    condition: str
    records: list[int]
    document: dict[str, Any] | None


class ReplayDocument(TypedDict):
    """The document of ``router replay --json``."""

    settings_from: str  # the template and its function, or "defaults"
    records: list[ReplayedRecord]
    filtered_out: list[int]
    invocations: list[ReplayedInvocation]
    reexecutions: list[ReexecutionDocument]
    discarded: list[GivenUpDocument]
    parked: list[int]
    unfinished: list[int]


def replay_document(finished: Replay, sources: Sequence[str], settings_from: str) -> ReplayDocument:
    """Describe a replay.

    Args:
        finished: The replay after its run.
        sources: The name of each record's event.
        settings_from: Where the mapping's settings come from.
    """
    seen: dict[int, Record] = {
        position: outcome.record for invocation in finished.invocations for position, outcome in invocation.outcomes
    }
    return {
        "settings_from": settings_from,
        "records": [_record(source, seen.get(position)) for position, source in enumerate(sources)],
        "filtered_out": finished.filtered_out,
        "invocations": [_invocation(invocation) for invocation in finished.invocations],
        "reexecutions": [
            {"record": position, "handler": handler, "times": times}
            for (position, handler), times in finished.reexecutions.items()
        ],
        "discarded": [
            {
                "condition": given_up.condition,
                "records": list(given_up.records),
                "document": None if given_up.document is None else dict(given_up.document),
            }
            for given_up in finished.given_up
        ],
        "parked": finished.parked,
        "unfinished": finished.unfinished,
    }


def _record(source: str, record: Record | None) -> ReplayedRecord:
    return {
        "source": source,
        "event": str(record.event) if record and record.event else None,
        "event_id": record.event_id if record else None,
        "sequence_number": record.sequence_number if record else None,
        "entity": record.entity if record else None,
    }


def _invocation(invocation: AppCall) -> ReplayedInvocation:
    return {
        "time": round(invocation.time, 3),
        "request_id": invocation.request_id,
        "attempt": invocation.attempt,
        "records": list(invocation.records),
        "statuses": dict(Counter(outcome.status for _, outcome in invocation.outcomes)),
        "troubles": [_record_error(*each) for each in invocation.outcomes if each[1].error is not None],
        "response": None if invocation.response is None else dict(invocation.response),
        "error": None if invocation.error is None else error_document(invocation.error),
    }


def _record_error(position: int, outcome: Outcome) -> RecordErrorDocument:
    assert outcome.error is not None  # noqa: S101 - the caller selects outcomes with an error
    return {
        "record": position,
        "status": outcome.status,
        "stage": outcome.stage,
        "handler": None if outcome.route is None else outcome.route.name,
        "error": error_document(outcome.error),
    }
