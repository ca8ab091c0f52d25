"""A shard: its place in the lineage, how far it was read, and how far it is done.

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
    """Where to read on, in the words of ``GetShardIterator``.

    Args:
        type: The kind of iterator.
        sequence_number: The record after which to read, where the kind has one.
    """

    type: Literal["TRIM_HORIZON", "LATEST", "AFTER_SEQUENCE_NUMBER"]
    sequence_number: str | None = None


class Shard:
    """One shard as the mapping knows it.

    Args:
        shard_id: Its name.
        parent: The shard whose records come before its own, if there is one.
        lanes: Its lanes.
        start: Where to begin.
    """

    def __init__(self, shard_id: str, parent: str | None, lanes: list[Lane], start: Position) -> None:
        self.shard_id = shard_id
        self.parent = parent
        self.lanes = lanes
        self.position = start
        self.ended = False
        self.checkpoint = start.sequence_number
        self.announced = self.checkpoint
        self._count = 0
        self._open: deque[StreamRecord] = deque()
        self._settled: set[int] = set()

    @property
    def finished(self) -> bool:
        """Whether it has ended and everything of it is handled or discarded."""
        return self.ended and not self._open and not any(lane.busy for lane in self.lanes)

    def next_position(self) -> int:
        """Count a record that was read."""
        self._count += 1
        return self._count - 1

    def read(self, record: StreamRecord) -> None:
        """Keep account of a record until it is handled or discarded."""
        self._open.append(record)
        if record.sequence_number is not None:
            self.position = Position("AFTER_SEQUENCE_NUMBER", record.sequence_number)

    def settle(self, records: Iterable[StreamRecord]) -> None:
        """Note that records are handled or discarded; the checkpoint stands before the first that is not."""
        self._settled.update(record.position for record in records)
        while self._open and self._open[0].position in self._settled:
            record = self._open.popleft()
            self._settled.discard(record.position)
            self.checkpoint = record.sequence_number or self.checkpoint
