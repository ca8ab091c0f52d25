"""A lane: a part of a shard with one batch in progress at a time.

The parallelization factor is the number of lanes of a shard. All changes of an item are in the same lane.
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
"""

from __future__ import annotations

import json
import math
import zlib
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from router.local.event_source_mapping.batches import (
    LARGEST_PAYLOAD,
    RETENTION,
    PendingBatch,
    Taken,
    fate,
    full,
    payload,
    take,
)
from router.local.event_source_mapping.settings import MappingSettings
from router.local.event_source_mapping.stream_record import StreamRecord
from router.local.event_source_mapping.windows import Interval, too_large, window_fields, window_of

__all__ = ["Lane", "lane_of"]


def lane_of(raw: Mapping[str, Any], factor: int) -> int:
    """The lane of a record: the same for all records of an item. AWS does not publish which lane it chooses.

    Example:
        >>> lane_of({"dynamodb": {"Keys": {"id": {"S": "1"}}}}, 1)
        0
    """
    if factor == 1:
        return 0
    body = raw.get("dynamodb")
    keys = body.get("Keys") if isinstance(body, dict) else None
    return zlib.crc32(json.dumps(keys, sort_keys=True).encode()) % factor


class Lane:
    """The pending records and batches of a lane.

    Args:
        settings: The mapping's settings.
        new_id: Makes a request ID for each new batch.
        shard_id: The shard.
        stream_arn: The stream.
        idle_flush: Seconds after its end at which a tumbling window closes without a later record.
    """

    def __init__(
        self, settings: MappingSettings, new_id: Callable[[], str], shard_id: str, stream_arn: str, idle_flush: float
    ) -> None:
        self.pending: deque[StreamRecord] = deque()
        self.work: list[PendingBatch] = []  # the next one last
        self.in_flight: PendingBatch | None = None
        self.window: Interval | None = None
        self.state: Any = {}
        self.free_since = -math.inf
        self._settings = settings
        self._new_id = new_id
        self._ids = {"shardId": shard_id, "eventSourceARN": stream_arn}
        self._idle = idle_flush

    @property
    def busy(self) -> bool:
        """Whether records, batches or an open window are pending."""
        return bool(self.pending or self.work or self.in_flight or self.window)

    def event(self, batch: PendingBatch) -> dict[str, Any]:
        """The event of a batch, with Lambda's order of keys."""
        return self._envelope(batch) | {"Records": [record.raw for record in batch.records]}

    def oversized(self, batch: PendingBatch) -> bool:
        """Whether the event of a batch is too large to send."""
        return payload(batch.records, self._envelope(batch)) > LARGEST_PAYLOAD

    def _envelope(self, batch: PendingBatch) -> dict[str, Any]:
        """The event without its records."""
        if batch.window is None:
            return {"Records": []}
        fields = window_fields(batch.window, final=batch.final, early=batch.early)
        return {"Records": [], **self._ids, "window": fields.pop("window"), "state": self.state, **fields}

    def form(self, now: float, *, ended: bool) -> Taken:
        """Form the next batch from the pending records if it is due, and add it to the work.

        Args:
            now: The time, in seconds since the epoch.
            ended: Whether the shard has no more records.

        Returns:
            The batch's records, and the expired ones.
        """
        taken = Taken([], [])
        while self.pending and fate(self.pending[0], now, self._settings) != "live":
            taken.expired.append(self.pending.popleft())
        if self._closes_window(now, ended):
            self.work.append(PendingBatch((), self._new_id(), window=self.window, final=True))
        elif self.pending and (ended or now >= self.gathered_at()):
            window = self._open_window(self.pending[0])
            end = math.inf if window is None else window.end
            more = take(self.pending, now, self._settings, self._space(window), end)
            taken.live.extend(more.live)
            taken.expired.extend(more.expired)
            self.work.append(PendingBatch(tuple(more.live), self._new_id(), window=window))
        return taken

    def due_at(self, *, ended: bool) -> float:
        """The time of the next batch, in seconds since the epoch; infinity if nothing is pending."""
        if self.work:
            return self.work[-1].not_before
        if ended and self.busy:
            return -math.inf
        return self.gathered_at() if self.pending else math.inf

    def gathered_at(self) -> float:
        """The end of the batching window, in seconds since the epoch."""
        seconds = self._settings.maximum_batching_window_in_seconds
        if not seconds or full(self.pending, self._settings, self._space(self.window)):
            return -math.inf
        # The window starts with the end of the last invocation or with the first record, whichever is later.
        return max(self.free_since, self.pending[0].arrived) + seconds

    def flushed_at(self) -> float:
        """The time at which the open window closes without a later record, in seconds since the epoch."""
        return math.inf if self.window is None or self.pending else self.window.end + self._idle

    def remember(self, batch: PendingBatch, state: Any) -> None:
        """Keep the state that the function returned for a batch; a state that is too large ends the window."""
        if batch.final:
            self.close_window()
        elif batch.window is not None:
            self.window, self.state = batch.window, state
            if too_large(state):
                self.work.append(PendingBatch((), self._new_id(), window=batch.window, final=True, early=True))

    def close_window(self) -> None:
        """Close the window and drop its state."""
        self.window, self.state = None, {}

    def window_expired(self, batch: PendingBatch, now: float) -> bool:
        """Whether a window's final invocation has failed for as long as a stream keeps records."""
        return batch.window is not None and not batch.records and now > batch.window.end + RETENTION

    def _space(self, window: Interval | None) -> int:
        return LARGEST_PAYLOAD - payload((), self._envelope(PendingBatch((), "", window=window)))

    def _open_window(self, record: StreamRecord) -> Interval | None:
        length = self._settings.tumbling_window_in_seconds
        if length and self.window is None:
            self.window = window_of(record.created, length)
        return self.window

    def _closes_window(self, now: float, ended: bool) -> bool:
        if self.window is None:
            return False
        if self.pending:
            return self.pending[0].created >= self.window.end
        return ended or now >= self.flushed_at()
