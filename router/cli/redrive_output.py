"""What ``router parked`` and ``router redrive`` print of parked records. The entity is the only value of an item."""

from __future__ import annotations

from typing import Any, TypedDict

from router.cli.console import Part
from router.local.redrive.records import ParkedRecord
from router.local.redrive.redrive import Attempt

__all__ = ["OUTCOME_STYLES", "AttemptDocument", "ParkedDocument", "attempt_document", "parked_document", "parked_text"]

OUTCOME_STYLES = {
    "done": "green",
    "superseded": "green",
    "ready": "cyan",
    "failed": "bold red",
    "waiting": "red",
    "stale": "yellow",
    "unchecked": "yellow",
    "skipped": "dim",
    "gone": "red",
    "unreadable": "red",
}
"""The style of each outcome."""

_LONGEST_ID = 12


class ParkedDocument(TypedDict):
    """One record in a place."""

    id: str
    at: str  # where it lies
    copies: int
    entity: str | None
    route: str | None
    stage: str | None
    error: str | None
    reason: str | None
    event_name: str | None
    sequence_number: str | None
    changed_at: str | None
    parked_at: str | None
    attempts: int | None
    problem: str | None


class AttemptDocument(ParkedDocument):
    """One record of ``router redrive --json``."""

    outcome: str
    failed_at: str | None
    failed_with: dict[str, Any] | None
    why: str | None
    refreshed: bool


def parked_document(record: ParkedRecord) -> ParkedDocument:
    """Describe a record."""
    return {
        "id": record.id,
        "at": record.documents[0].name,
        "copies": len(record.documents),
        "entity": record.entity,
        "route": record.route,
        "stage": record.stage,
        "error": record.error,
        "reason": record.reason,
        "event_name": record.event_name,
        "sequence_number": record.sequence_number,
        "changed_at": record.changed_at,
        "parked_at": record.parked_at,
        "attempts": record.attempts,
        "problem": None if record.problem is None else record.problem.reason,
    }


def attempt_document(attempt: Attempt) -> AttemptDocument:
    """Describe what became of a record."""
    return {
        **parked_document(attempt.record),
        "outcome": attempt.outcome,
        "failed_at": attempt.stage,
        "failed_with": dict(attempt.error) or None,
        "why": attempt.reason,
        "refreshed": attempt.is_refreshed,
    }


def parked_text(document: ParkedDocument) -> list[Part]:
    """A record in cells: the beginning of its ID, event, entity, route, stage and error."""
    return [
        (document["id"][:_LONGEST_ID], "dim"),
        document["event_name"] or "-",
        (document["entity"] or "-", "bold"),
        document["route"] or "-",
        document["stage"] or "-",
        document["error"] or "-",
    ]
