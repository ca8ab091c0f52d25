"""A shard: its parent, its read position and its checkpoint.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Literal, NamedTuple

from router.local.event_source_mapping.lanes import Lane
from router.local.event_source_mapping.stream_record import StreamRecord

__all__ = ["Position", "Shard"]


class Position(NamedTuple):
    """A position in a shard, in the terms of ``GetShardIterator``.

    Args:
        type: The type of iterator.
        sequence_number: The sequence number, for ``AFTER_SEQUENCE_NUMBER``.
    """

    type: Literal["TRIM_HORIZON", "LATEST", "AFTER_SEQUENCE_NUMBER"]
    sequence_number: str | None = None


class Shard:
    """The mapping's state of one shard.

    Args:
        shard_id: Its ID.
        parent: The ID of its parent, whose records come first.
        lanes: Its lanes.
        start: The position of its first read.
    """

    def __init__(self, shard_id: str, parent: str | None, lanes: list[Lane], start: Position) -> None:
        self.shard_id = shard_id
        self.parent = parent
        self.lanes = lanes
        self.position = start
        self.ended = False
        self.checkpoint = start.sequence_number
        self.reported = self.checkpoint  # the checkpoint of the last action
        self._count = 0
        self._open: deque[StreamRecord] = deque()
        self._settled: set[int] = set()

    @property
    def finished(self) -> bool:
        """Whether it has ended and all its records are handled or discarded."""
        return self.ended and not self._open and not any(lane.busy for lane in self.lanes)

    def next_position(self) -> int:
        """The position of the next record to read."""
        self._count += 1
        return self._count - 1

    def read(self, record: StreamRecord) -> None:
        """Track a record until it is handled or discarded."""
        self._open.append(record)
        if record.sequence_number is not None:
            self.position = Position("AFTER_SEQUENCE_NUMBER", record.sequence_number)

    def settle(self, records: Iterable[StreamRecord]) -> None:
        """Mark records as handled or discarded, and move the checkpoint up to the first that is neither."""
        self._settled.update(record.position for record in records)
        while self._open and self._open[0].position in self._settled:
            record = self._open.popleft()
            self._settled.discard(record.position)
            self.checkpoint = record.sequence_number or self.checkpoint
