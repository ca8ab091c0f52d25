"""The latest change of each item that was handled, for sources that may deliver an older one behind it.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds.html
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime

from router.outcomes import UNDONE, Outcome
from router.record import Record, Records

__all__ = ["LatestChanges"]

_SOURCES = frozenset({"kinesis", "pipes"})
_MOST = 10_000  # items, of some 500 bytes each


@dataclass(frozen=True, slots=True)
class _Latest:
    """The time of an item's latest change, and the IDs of the changes of that time."""

    time: datetime
    ids: frozenset[str | None]

    def with_change(self, other: _Latest) -> _Latest:
        if other.time == self.time:
            return _Latest(self.time, self.ids | other.ids)
        return max(self, other, key=lambda each: each.time)

    def reason(self, time: datetime, event_id: str | None) -> str | None:
        """Why a change of the item is stale; ``None`` if it is not, as one of the same time and another ID."""
        if time < self.time:
            return "stale: a later change of its item comes before it"
        if time == self.time and event_id is not None and event_id in self.ids:
            return "stale: a duplicate of a change that comes before it"
        return None


class LatestChanges:
    """Tells which changes are stale: a later change of the item, or the same one, was handled before.

    Concerned are changes that DynamoDB writes to a Kinesis data stream, which have no sequence number of their table's
    stream. It is known of the latest 10,000 items that this container handled.
    """

    def __init__(self, most: int = _MOST) -> None:
        self.most = most
        self._latest: dict[Hashable, _Latest] = {}
        self._lock = threading.Lock()

    def stale(self, records: Records) -> set[int]:
        """The positions of the records that are stale, also behind others of the same event.

        Such a record need not wait for the one before it: where that fails, both are delivered again.

        Args:
            records: The records of an event.
        """
        found, latest = set[int](), dict[Hashable, _Latest]()
        for position, (record, lane) in enumerate(zip(records, records.lanes(), strict=True)):
            change = _change_of(record)
            if change is None or lane is None:
                continue
            item = _item(record, lane)
            before = latest.get(item) or self._latest.get(item)
            if before is not None and before.reason(change.time, record.event_id):
                found.add(position)
            else:
                latest[item] = change if before is None else before.with_change(change)
        return found

    def reason(self, record: Record) -> str | None:
        """Why a record would be skipped now; ``None`` if it would not be."""
        (lane,) = Records([record.wire], lambda _wire, _position: record).lanes()
        change, before = _change_of(record), self._latest.get(_item(record, lane))
        return None if change is None or before is None else before.reason(change.time, record.event_id)

    def keep(self, records: Records, outcomes: Iterable[Outcome], stale: Collection[int]) -> None:
        """Note the records of an event that are handled at all their routes.

        Args:
            records: The records.
            outcomes: Their outcomes.
            stale: The positions of the stale ones. Those before which they are stale may have failed.
        """
        others = {id(outcome.record) for outcome in outcomes if outcome.status in {*UNDONE, "unrouted"}}
        with self._lock:
            for position, (record, lane) in enumerate(zip(records, records.lanes(), strict=True)):
                change = _change_of(record)
                if change is None or lane is None or id(record) in others or position in stale:
                    continue
                item = _item(record, lane)
                before = self._latest.pop(item, None)  # the latest items come last
                self._latest[item] = change if before is None else before.with_change(change)
            while len(self._latest) > self.most:
                del self._latest[next(iter(self._latest))]


def _change_of(record: Record) -> _Latest | None:
    """The place of a record among the changes of its item; ``None`` where the order of its source tells it."""
    if record.source not in _SOURCES or record.flaw is not None or record.body.get("SequenceNumber") is not None:
        return None
    time = record.created_at
    return None if time is None else _Latest(time, frozenset({record.event_id}))


def _item(record: Record, lane: Hashable) -> Hashable:
    return str(record.wire.get("tableName")), lane
