"""A lane: the part of a shard in which one batch at a time is under way.

A shard has as many lanes as the parallelization factor says, and every change of one item goes into the same lane.
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
    Batch,
    Taken,
    fate,
    full,
    payload,
    take,
)
from router.local.event_source_mapping.settings import MappingSettings
from router.local.event_source_mapping.stream_record import StreamRecord
from router.local.event_source_mapping.windows import Window, too_large, window_fields, window_of

__all__ = ["Lane", "lane_of"]


def lane_of(raw: Mapping[str, Any], factor: int) -> int:
    """The lane of a record, by its item's key. Which lane AWS chooses is not published; that it is the same one, is.

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
    """The records that wait in a lane, and the batches that they have become.

    Args:
        settings: The mapping's settings.
        new_id: Makes a request ID for each new batch.
        shard_id: The shard.
        stream_arn: The stream.
        idle_flush: How long after its end a tumbling window is closed when no later record comes, in seconds.
    """

    def __init__(
        self, settings: MappingSettings, new_id: Callable[[], str], shard_id: str, stream_arn: str, idle_flush: float
    ) -> None:
        self.pending: deque[StreamRecord] = deque()
        self.work: list[Batch] = []  # the next one last
        self.in_flight: Batch | None = None
        self.window: Window | None = None
        self.state: Any = {}
        self.free_since = 0.0
        self._settings = settings
        self._new_id = new_id
        self._ids = {"shardId": shard_id, "eventSourceARN": stream_arn}
        self._idle = idle_flush

    @property
    def busy(self) -> bool:
        """Whether anything is left to do, an open window included."""
        return bool(self.pending or self.work or self.in_flight or self.window)

    def event(self, batch: Batch) -> dict[str, Any]:
        """The event of a batch, in the order of keys that Lambda has."""
        return self._envelope(batch) | {"Records": [record.raw for record in batch.records]}

    def oversized(self, batch: Batch) -> bool:
        """Whether the event of a batch is too long to be sent."""
        return payload(batch.records, self._envelope(batch)) > LARGEST_PAYLOAD

    def _envelope(self, batch: Batch) -> dict[str, Any]:
        """The event without its records."""
        if batch.window is None:
            return {"Records": []}
        fields = window_fields(batch.window, final=batch.final, early=batch.early)
        return {"Records": [], **self._ids, "window": fields.pop("window"), "state": self.state, **fields}

    def form(self, now: float, *, ended: bool) -> Taken:
        """Make the next batch of what waits, if it is time for it, and put it to work.

        Args:
            now: The time, in seconds since the epoch.
            ended: Whether no more records will come.

        Returns:
            What was taken: the batch's records, and those whose time was over.
        """
        taken = Taken([], [])
        while self.pending and fate(self.pending[0], now, self._settings) != "live":
            taken.over.append(self.pending.popleft())
        if self._closes_window(now, ended):
            self.work.append(Batch((), self._new_id(), window=self.window, final=True))
        elif self.pending and (ended or now >= self.gathered_at()):
            window = self._open_window(self.pending[0])
            end = math.inf if window is None else window.end
            more = take(self.pending, now, self._settings, self._space(window), end)
            taken.live.extend(more.live)
            taken.over.extend(more.over)
            self.work.append(Batch(tuple(more.live), self._new_id(), window=window))
        return taken

    def due_at(self, *, ended: bool) -> float:
        """When the lane wants to go on, in seconds since the epoch; infinity if nothing waits."""
        if self.work:
            return self.work[-1].not_before
        if ended and self.busy:
            return -math.inf
        return self.gathered_at() if self.pending else math.inf

    def gathered_at(self) -> float:
        """When what waits has been gathered for long enough, in seconds since the epoch."""
        seconds = self._settings.maximum_batching_window_in_seconds
        if not seconds or full(self.pending, self._settings, self._space(self.window)):
            return -math.inf
        # The clock starts with the end of the invocation before, or later, with the first record.
        return max(self.free_since, self.pending[0].arrived) + seconds

    def flushed_at(self) -> float:
        """When the open window is closed for want of records, in seconds since the epoch."""
        return math.inf if self.window is None or self.pending else self.window.end + self._idle

    def remember(self, batch: Batch, state: Any) -> None:
        """Keep the state that the function returned for a batch; one that is too large ends the window at once."""
        if batch.final:
            self.close_window()
        elif batch.window is not None:
            self.window, self.state = batch.window, state
            if too_large(state):
                self.work.append(Batch((), self._new_id(), window=batch.window, final=True, early=True))

    def close_window(self) -> None:
        """Let go of the window and its state."""
        self.window, self.state = None, {}

    def given_up(self, batch: Batch, now: float) -> bool:
        """Whether a window's final invocation has been tried for as long as a stream keeps records."""
        return batch.window is not None and not batch.records and now > batch.window.end + RETENTION

    def _space(self, window: Window | None) -> int:
        return LARGEST_PAYLOAD - payload((), self._envelope(Batch((), "", window=window)))

    def _open_window(self, record: StreamRecord) -> Window | None:
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
