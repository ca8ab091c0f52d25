"""A record as the mapping carries it: what Lambda delivers, and what the mapping has to know of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from router.event import Event
from router.record import Record

__all__ = ["StreamRecord", "order", "stream_record"]


class StreamRecord(NamedTuple):
    """One record of a shard.

    Args:
        raw: The record as it stands in the event.
        position: How many records of the shard were read before it.
        arrived: When it was read, in seconds since the epoch.
        created: When the change was made, in seconds since the epoch.
        size: How long it is in the event, in bytes.
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
    """Take up a record that was read from a shard.

    Args:
        raw: The record as Lambda delivers it. One that says nothing of its time is as old as its arrival.
        position: How many records of the shard were read before it.
        now: The time, in seconds since the epoch.
    """
    created = Record(raw, _body(raw), Event.ANY).created_at
    return StreamRecord(raw, position, now, now if created is None else created.timestamp(), _size(raw))


def order(number: str | None) -> tuple[int, str]:
    """What sorts as the integer of a sequence number does: its length without leading zeros, then its digits.

    As text they sort wrongly where the number of digits changes, which it does within a shard.

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
