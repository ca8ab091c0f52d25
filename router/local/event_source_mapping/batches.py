"""Gathering records into batches: size, time, payload and age."""

from __future__ import annotations

import itertools
import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from router.local.event_source_mapping.settings import MappingSettings
from router.local.event_source_mapping.stream_record import StreamRecord
from router.local.event_source_mapping.windows import Window, window_of

__all__ = ["LARGEST_PAYLOAD", "RETENTION", "Batch", "Fate", "chunks", "fate", "full", "payload", "take"]

LARGEST_PAYLOAD = 6 * 1024 * 1024
"""How long an event may be, in bytes. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

RETENTION = 24 * 3600
"""For how long a stream keeps a record, in seconds."""

Fate = Literal["live", "aged", "trimmed"]


@dataclass(frozen=True, slots=True)
class Batch:
    """What one invocation is given, and how far it has come.

    Args:
        records: The records; none in the final invocation of a tumbling window.
        request_id: The invocation's request ID, which all its retries share.
        attempts: How often it was tried.
        waits: How often it was put off, which is what the next wait grows with.
        not_before: When it may be tried, in seconds since the epoch.
        window: Its tumbling window.
        final: Whether it is the window's final invocation.
        early: Whether it ends the window early, because the state has become too large.
    """

    records: tuple[StreamRecord, ...]
    request_id: str
    attempts: int = 0
    waits: int = 0
    not_before: float = 0.0
    window: Window | None = None
    final: bool = False
    early: bool = False


class Taken(NamedTuple):
    """What was taken off a queue: the records of a batch, and those whose time was over."""

    live: list[StreamRecord]
    over: list[StreamRecord]


def fate(record: StreamRecord, now: float, settings: MappingSettings) -> Fate:
    """Whether a record is delivered, or its time is over: by the mapping's setting, or by the stream's retention."""
    age, most = now - record.created, settings.maximum_record_age_in_seconds
    if -1 < most <= RETENTION and age > most:
        return "aged"
    return "trimmed" if age > RETENTION else "live"


def full(pending: deque[StreamRecord], settings: MappingSettings, space: int) -> bool:
    """Whether nothing more would fit into the batch that waits at the head of a queue."""
    if len(pending) >= settings.batch_size:
        return True
    if sum(record.size + 1 for record in pending) - 1 > space:
        return True
    length = settings.tumbling_window_in_seconds
    return bool(length and pending and window_of(pending[-1].created, length) > window_of(pending[0].created, length))


def take(pending: deque[StreamRecord], now: float, settings: MappingSettings, space: int, end: float) -> Taken:
    """Take a batch off a queue.

    Args:
        pending: The queue.
        now: The time, in seconds since the epoch.
        settings: The mapping's settings.
        space: How many bytes the records may take. A single one that is longer is a batch by itself.
        end: When the tumbling window ends, in seconds since the epoch; infinity without one.
    """
    taken = Taken([], [])
    while pending and len(taken.live) < settings.batch_size and pending[0].created < end:
        record = pending[0]
        if fate(record, now, settings) == "live":
            space -= record.size + 1
            if taken.live and space < -1:  # the last one has no comma behind it
                break
            taken.live.append(record)
        else:
            taken.over.append(record)
        pending.popleft()
    return taken


def chunks(
    over: Iterable[StreamRecord], now: float, settings: MappingSettings
) -> Iterator[tuple[Fate, tuple[StreamRecord, ...]]]:
    """Put together neighbours of one fate, at most as many as a batch may have."""

    def of(record: StreamRecord) -> Fate:
        return fate(record, now, settings)

    for found, group in itertools.groupby(over, key=of):
        records = tuple(group)
        for start in range(0, len(records), settings.batch_size):
            yield found, records[start : start + settings.batch_size]


def payload(records: Sequence[StreamRecord], envelope: dict[str, Any]) -> int:
    """How long an event is, in bytes.

    Args:
        records: Its records.
        envelope: The event without them.
    """
    beside = len(json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass"))
    return beside + sum(record.size + 1 for record in records) - bool(records)
