"""JSON documents that several commands print with ``--json``; without it, the same documents are printed as text.

A document that only one command prints is declared beside that command. Positions count from 0, as in the event and in
error messages; durations are in seconds; a missing value is null. The entity's name is the only value of an item.
"""

from __future__ import annotations

import json
from typing import Any, Required, TypedDict, cast

from router.cli.app_loader import here
from router.local.filter_criteria import Filters
from router.observability.safe_errors import safe_error
from router.planning.explain import Explanation

__all__ = ["ErrorDocument", "RecordDocument", "error_document", "filters_document", "print_json", "record_document"]


class ErrorDocument(TypedDict, total=False):
    """An error as in the log: ``reason``, ``faults`` and ``at`` only where they contain no value of an item."""

    error: Required[str]
    reason: str
    faults: list[str]
    at: list[str]


class RecordDocument(TypedDict):
    """A record and the entity that the discriminator reads from it."""

    position: int
    event: str | None  # INSERT, MODIFY, DELETE or EXPIRE
    event_name: str | None
    event_id: str | None
    sequence_number: str | None
    entity: str | None
    read_from: str | None  # NewImage, OldImage or Keys


def error_document(error: BaseException) -> ErrorDocument:
    """Describe an error without values of an item."""
    if isinstance(error, Exception):
        fields = safe_error(error)
        if "at" in fields:
            fields["at"] = [here(place) for place in fields["at"]]
        return cast("ErrorDocument", fields)
    return {"error": type(error).__name__, "reason": "found a handler that ends the process, expected it to return"}


def record_document(position: int, explanation: Explanation) -> RecordDocument:
    """Describe a record.

    Args:
        position: Its position in the event.
        explanation: The record and what the discriminator reads.
    """
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


def print_json(document: Any, *, indent: int | None = None) -> None:
    """Print a document and flush, so that a reader of a pipe gets it at once.

    Args:
        document: The document.
        indent: Columns of a level; on one line if None.
    """
    print(json.dumps(document, indent=indent), flush=True)


def filters_document(found: Filters) -> dict[str, object]:
    """The document of ``router filters --json``, which CDK apps and Terraform modules read too.

    Args:
        found: The filters.
    """
    return {
        "filter_criteria": found.criteria,
        "exact": found.criteria is not None and not found.widened,
        "widened": list(found.widened),
        "absent": found.absent,
    }
