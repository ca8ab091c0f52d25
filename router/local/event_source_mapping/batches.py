"""Form batches of records by size, time, payload and age."""

from __future__ import annotations

import itertools
import json
import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from router.local.event_source_mapping.settings import MappingSettings
from router.local.event_source_mapping.stream_record import StreamRecord
from router.local.event_source_mapping.windows import Interval, window_of

__all__ = ["LARGEST_PAYLOAD", "RETENTION", "Fate", "PendingBatch", "chunks", "fate", "full", "payload", "take"]

LARGEST_PAYLOAD = 6 * 1024 * 1024
"""The largest event, in bytes. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

RETENTION = 24 * 3600
"""The time for which a stream keeps a record, in seconds."""

Fate = Literal["live", "aged", "trimmed"]
"""Whether a record is delivered, discarded for its age, or no longer in the stream."""


@dataclass(frozen=True, slots=True)
class PendingBatch:
    """The records of one invocation, and its attempts so far.

    Args:
        records: The records; none in the final invocation of a tumbling window.
        request_id: The request ID, which all attempts share.
        attempts: The number of attempts so far.
        waits: The number of delays so far; the next delay grows with it.
        not_before: The earliest time of the next attempt, in seconds since the epoch.
        window: Its tumbling window.
        final: Whether it is the window's final invocation.
        early: Whether it ends the window early, because the state is too large.
    """

    records: tuple[StreamRecord, ...]
    request_id: str
    attempts: int = 0
    waits: int = 0
    not_before: float = -math.inf
    window: Interval | None = None
    final: bool = False
    early: bool = False


class Taken(NamedTuple):
    """Records taken from a queue: those of a batch, and the expired ones."""

    live: list[StreamRecord]
    expired: list[StreamRecord]


def fate(record: StreamRecord, now: float, settings: MappingSettings) -> Fate:
    """Whether a record is live, or too old by the mapping's setting or by the stream's retention.

    A record from a time more than a day after its arrival, which a test may append, ages as one from that day: it is
    not retried until the mapping's clock reaches its time.
    """
    age, most = now - min(record.created, record.arrived + RETENTION), settings.maximum_record_age_in_seconds
    if -1 < most <= RETENTION and age > most:
        return "aged"
    return "trimmed" if age > RETENTION else "live"


def full(pending: deque[StreamRecord], settings: MappingSettings, space: int) -> bool:
    """Whether the records at the head of a queue fill a batch."""
    if len(pending) >= settings.batch_size:
        return True
    if sum(record.size + 1 for record in pending) - 1 > space:
        return True
    length = settings.tumbling_window_in_seconds
    return bool(length and pending and window_of(pending[-1].created, length) > window_of(pending[0].created, length))


def take(pending: deque[StreamRecord], now: float, settings: MappingSettings, space: int, end: float) -> Taken:
    """Take a batch from the head of a queue.

    Args:
        pending: The queue.
        now: The time, in seconds since the epoch.
        settings: The mapping's settings.
        space: The bytes that the records may take. A single larger record is a batch of its own.
        end: The end of the tumbling window, in seconds since the epoch; infinity without one.
    """
    taken = Taken([], [])
    while pending and len(taken.live) < settings.batch_size and pending[0].created < end:
        record = pending[0]
        if fate(record, now, settings) == "live":
            space -= record.size + 1
            if taken.live and space < -1:  # no comma follows the last record
                break
            taken.live.append(record)
        else:
            taken.expired.append(record)
        pending.popleft()
    return taken


def chunks(
    records: Iterable[StreamRecord], now: float, settings: MappingSettings
) -> Iterator[tuple[Fate, tuple[StreamRecord, ...]]]:
    """Group neighbours of the same fate, at most a batch size each."""

    def of(record: StreamRecord) -> Fate:
        return fate(record, now, settings)

    for common, group in itertools.groupby(records, key=of):
        same = tuple(group)
        for start in range(0, len(same), settings.batch_size):
            yield common, same[start : start + settings.batch_size]


def payload(records: Sequence[StreamRecord], envelope: dict[str, Any]) -> int:
    """The size of an event, in bytes.

    Args:
        records: Its records.
        envelope: The event without the records.
    """
    empty = len(json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass"))
    return empty + sum(record.size + 1 for record in records) - bool(records)
