"""Writes of a function to its own table, and records that only such writes or another region made.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GlobalTables.html
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from router.event import Event
from router.record import BACKFILLED
from router.value_classes import dataclass

__all__ = ["STAMP", "LoopGuard", "images_needed", "loop_guard", "stamp"]

STAMP = "routerStamp"
"""The attribute of a stamp."""

_UPDATE_REGION = "aws:rep:updateregion"
_UPDATE_TIME = "aws:rep:updatetime"
_TYPES = frozenset({"B", "BOOL", "BS", "L", "M", "N", "NS", "NULL", "S", "SS"})


def stamp(item: Mapping[str, Any], *, attribute: str = STAMP) -> dict[str, Any]:
    """Stamp an item that the function writes, so that it skips the record of this write.

    Args:
        item: The item: Python values, or attribute values as ``{"S": "..."}``. It is not changed. For an
            ``UpdateItem``, stamp the attributes that it sets.
        attribute: The attribute of the stamp; functions that write to one table have different ones.

    Returns:
        The item with the stamp, which is another one at each call.

    Example:
        >>> sorted(stamp({"pk": "ORDER#1"}))
        ['pk', 'routerStamp']
        >>> list(stamp({"pk": {"S": "ORDER#1"}})["routerStamp"])
        ['S']
    """
    value = uuid4().hex
    return {**item, attribute: {"S": value} if item and all(map(_is_wire, item.values())) else value}


def _is_wire(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and not _TYPES.isdisjoint(value)


@dataclass(frozen=True)
class LoopGuard:
    """Tells which records are skipped.

    Args:
        stamp: The attribute of own writes' stamps; ``None`` where own writes are handled.
        region: The attribute in which each write names its region, or that of global tables of version 2017.11.29;
            ``None`` where echoes of other regions are handled.
    """

    stamp: str | None
    region: str | None

    def reason(self, event: Event, raw: Any, new: Any, old: Any) -> str | None:
        """Why a record is skipped; ``None`` if it is not.

        Removals carry no write, and are not skipped. Nor is an item that a backfill delivers: whoever wrote it last, it
        is there.

        Args:
            event: The event.
            raw: The record, as a stream writes it.
            new: Its new image as delivered.
            old: Its old image.
        """
        if not new or event not in Event.INSERT | Event.MODIFY or raw.get("eventSource") == BACKFILLED:
            return None
        if self.stamp is not None and _is_fresh(self.stamp, event, new, old):
            return f"an own write: it set a new {self.stamp}"
        if self.region is None:
            return None
        if self.region == _UPDATE_REGION:
            if event is Event.MODIFY and old and _same_but_for_replication(new, old):
                return "replication only: it changed nothing but aws:rep attributes"
            if not _is_fresh(_UPDATE_TIME, event, new, old):
                return None
        here, there = raw.get("awsRegion") or os.environ.get("AWS_REGION"), _text(new.get(self.region))
        return f"an echo: {self.region} names another region" if here and there and here != there else None


def loop_guard(own_writes: bool | str, replicated: bool | str) -> LoopGuard | None:
    """The guard for the options of a Dispatcher; ``None`` where both are off."""
    stamped = own_writes if isinstance(own_writes, str) else STAMP if own_writes else None
    region = replicated if isinstance(replicated, str) else _UPDATE_REGION if replicated else None
    return None if stamped is None and region is None else LoopGuard(stamped, region)


def images_needed(own_writes: bool | str, replicated: bool | str) -> set[str]:
    """The images of a modification by which the options of a Dispatcher tell who made it; none if both are off."""
    needed: set[str] = {"NewImage"} if replicated else set()
    return needed | {"NewImage", "OldImage"} if own_writes or replicated is True else needed


def _is_fresh(attribute: str, event: Event, new: Any, old: Any) -> bool:
    """Whether the write of a record has set an attribute to a new value; unknown without an old image, so no."""
    value = new.get(attribute)
    return value is not None and (event is Event.INSERT or (bool(old) and old.get(attribute) != value))


def _same_but_for_replication(new: Any, old: Any) -> bool:
    return new != old and all(
        new.get(name) == old.get(name) for name in new.keys() | old.keys() if not name.startswith("aws:rep:")
    )


def _text(value: Any) -> str | None:
    text = value.get("S") if isinstance(value, dict) else None
    return text if isinstance(text, str) else None
