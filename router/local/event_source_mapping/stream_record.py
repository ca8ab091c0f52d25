"""A record of a shard, with the size and the times that the mapping needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from router.event import Event
from router.record import Record

__all__ = ["StreamRecord", "creation_time", "order", "stream_record"]


class StreamRecord(NamedTuple):
    """One record of a shard.

    Args:
        raw: The record, as in the event.
        position: The number of records of the shard before it.
        arrived: The time at which it was read, in seconds since the epoch.
        created: The time of the change, in seconds since the epoch.
        size: Its size in the event, in bytes.
    """

    raw: Mapping[str, Any]
    position: int
    arrived: float
    created: float
    size: int

    @property
    def sequence_number(self) -> str | None:
        """The sequence number, as delivered."""
        number = _body(self.raw).get("SequenceNumber")
        return number if isinstance(number, str) else None


def stream_record(raw: Mapping[str, Any], position: int, now: float) -> StreamRecord:
    """Make the mapping's record from a record of a shard.

    Args:
        raw: The record, as Lambda delivers it. If it has no creation time, its arrival stands for it.
        position: The number of records of the shard before it.
        now: The time, in seconds since the epoch.
    """
    created = creation_time(raw)
    return StreamRecord(raw, position, now, now if created is None else created, _size(raw))


def creation_time(raw: Mapping[str, Any]) -> float | None:
    """The time of a record's change, in seconds since the epoch; ``None`` where it has none.

    Args:
        raw: The record, as Lambda delivers it.

    Example:
        >>> creation_time({"dynamodb": {"ApproximateCreationDateTime": 1767225600}})
        1767225600.0
    """
    created = Record(raw, _body(raw), Event.ANY).created_at
    return None if created is None else created.timestamp()


def order(number: str | None) -> tuple[int, str]:
    """A sort key for sequence numbers that orders them as integers: the number of digits, then the digits.

    The number of digits changes within a shard, so the texts themselves sort in another order.

    Example:
        >>> sorted(["1000", "999"], key=order)
        ['999', '1000']
    """
    digits = (number or "").lstrip("0")
    return len(digits), digits


def _body(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    body = raw.get("dynamodb")
    return body if isinstance(body, dict) else {}


def _size(raw: Mapping[str, Any]) -> int:
    return len(json.dumps(raw, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass"))
