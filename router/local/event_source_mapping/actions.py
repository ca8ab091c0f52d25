"""What the mapping wants done, and what it tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from router.local.event_source_mapping.failure_documents import Discard

__all__ = ["Action", "Checkpoint", "Invoke", "Trim"]


@dataclass(frozen=True, slots=True)
class Invoke:
    """The function is to be called, and the mapping told how that went.

    Args:
        shard_id: The shard.
        lane: The lane of the shard.
        request_id: The request ID; all retries of one batch share it.
        attempt: 1 for the first try of this batch.
        event: The event. It holds the records as they were fed, so hand on a copy.
    """

    shard_id: str
    lane: int
    request_id: str
    attempt: int
    event: dict[str, Any] = field(repr=False)  # items are not for logs


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything of a shard up to this record, the record included, is handled or discarded.

    Args:
        shard_id: The shard.
        sequence_number: The record.
    """

    shard_id: str
    sequence_number: str


@dataclass(frozen=True, slots=True)
class Trim:
    """The stream let records go before they were handled, as it does after 24 hours; nobody is told.

    Args:
        shard_id: The shard.
        records: The records, as they stand in the event.
    """

    shard_id: str
    records: tuple[Mapping[str, Any], ...] = field(repr=False)  # items are not for logs


Action = Invoke | Discard | Checkpoint | Trim
