"""The place in a shard up to which its records are read.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetShardIterator.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from router.local.event_source_mapping import Position
from router.local.event_source_mapping.stream_record import order

__all__ = ["RecordPage", "ShardCursor"]

_MINUTE = 60.0  # DynamoDB Local floors times to the minute


@dataclass(frozen=True, slots=True)
class RecordPage:
    """A page of a shard's records.

    Args:
        records: Records as ``GetRecords`` returns them.
        last: Whether the shard has no more records after them, and never will have.
        failed: Whether the page could not be read now.
        skipped: The number of records that were read before, or are older than the start.
    """

    records: list[dict[str, Any]]
    last: bool
    failed: bool = False
    skipped: int = 0

    @property
    def empty(self) -> bool:
        """Whether the service has answered without a record."""
        return not (self.records or self.failed or self.skipped)


class ShardCursor:
    """The iterator of a shard, and the last record that it has given.

    Args:
        start: The position at which reading starts.
        clock: Returns the time, in seconds since the epoch.

    Attributes:
        iterator: The iterator of the next page; ``None`` if there is to be a new one.
        position: The position of a new iterator.
    """

    def __init__(self, start: Position, clock: Callable[[], float]) -> None:
        self.position = start
        self.iterator: str | None = None
        self._last = start.sequence_number
        self._started = clock()
        self._skips_read = False  # after a new start at the oldest record
        self._skips_old = False

    def reposition(self, *, trimmed: bool = False) -> None:
        """Let the next iterator begin behind the last record, or at the oldest record that is left.

        Args:
            trimmed: Whether the record behind the last one is no longer in the shard.
        """
        self.iterator = None
        if self._last is not None and not trimmed:
            self.position = Position("AFTER_SEQUENCE_NUMBER", self._last)
            return
        # A second iterator at LATEST would leave out what was written since the first one.
        self._skips_old = self._skips_old or (self.position.type == "LATEST" and not trimmed)
        self._skips_read = self._last is not None
        self.position = Position("TRIM_HORIZON")

    def advanced(self, found: Mapping[str, Any]) -> RecordPage:
        """Move behind a page of ``GetRecords``, and return its records that were not read before.

        Args:
            found: The response.
        """
        self.iterator = found.get("NextShardIterator")
        records = [record for record in found["Records"] if self._is_new(record)]
        numbers = [number for number in map(_number, records) if number is not None]
        if numbers:
            self._last = numbers[-1]
            self._skips_read = self._skips_old = False
        return RecordPage(records, last=self.iterator is None, skipped=len(found["Records"]) - len(records))

    def _is_new(self, record: Mapping[str, Any]) -> bool:
        number, created = _number(record), _change(record).get("ApproximateCreationDateTime")
        if self._skips_read and number is not None and order(number) <= order(self._last):
            return False
        if self._skips_old and isinstance(created, datetime):
            return created.timestamp() >= self._started - _MINUTE
        return True


def _number(record: Mapping[str, Any]) -> str | None:
    number = _change(record).get("SequenceNumber")
    return number if isinstance(number, str) else None


def _change(record: Mapping[str, Any]) -> Mapping[str, Any]:
    change = record.get("dynamodb")
    return change if isinstance(change, Mapping) else {}
