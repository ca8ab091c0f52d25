"""The actions of the mapping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from router.local.event_source_mapping.failure_documents import Discard

__all__ = ["Action", "Checkpoint", "Invoke", "Trim"]


@dataclass(frozen=True, slots=True)
class Invoke:
    """Invoke the function, and pass the result to the mapping.

    Args:
        shard_id: The shard.
        lane: The lane of the shard.
        request_id: The request ID; all retries of one batch share it.
        attempt: 1 for the first attempt of this batch.
        event: The event. It shares the records that were fed, so a function gets a copy.
    """

    shard_id: str
    lane: int
    request_id: str
    attempt: int
    event: dict[str, Any] = field(repr=False)  # items are not for logs


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All records of a shard up to and including this one are handled or discarded.

    Args:
        shard_id: The shard.
        sequence_number: The record's sequence number.
    """

    shard_id: str
    sequence_number: str


@dataclass(frozen=True, slots=True)
class Trim:
    """Records left the stream after 24 hours before they were handled; no document is sent.

    Args:
        shard_id: The shard.
        records: The records, as in the event.
    """

    shard_id: str
    records: tuple[Mapping[str, Any], ...] = field(repr=False)  # items are not for logs


Action = Invoke | Discard | Checkpoint | Trim
