"""Whether a parked record is older than what the table holds, and what it becomes then.

A record is fresh if the table holds what the record leaves behind: its new image, or no item after a removal. It is
fresh too if the parked records of its item at the same route lead on to that without a gap: each begins with the image
with which the one before it ends. Then the route has seen no later change of the item, and running them in order
overwrites nothing newer. Any other record is stale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from router.event import Event
from router.record import Record
from router.stream_view import VIEWS, carried
from router.wire.compare import same

__all__ = ["Image", "refreshed", "why_stale"]

Image = Mapping[str, Any]
"""An item in DynamoDB JSON, as a stream writes it."""

_ABSENT: Final = "absent"
_PRESENT: Final = "present"
_UNKNOWN: Final = "unknown"
State = Image | str
"""What a record says about the item: its image; that there is one, of a view without images; nothing."""


def why_stale(record: Record, later: Sequence[Record], held: Image | None) -> str | None:
    """Why a record is stale; ``None`` for a fresh one.

    Args:
        record: The record.
        later: The parked records of the same item and route after it, in order.
        held: The item as the table holds it; ``None`` if it holds none.
    """
    present: State = _ABSENT if held is None else held
    state = _after(record)
    if _leads_to(state, present):
        return None
    for each in later:
        if not _equal(state, _before(each)):
            break
        state = _after(each)
        if _leads_to(state, present):
            return None
    return _reason(record, held)


def refreshed(record: Record, held: Image | None) -> dict[str, Any] | None:
    """The change from a record's old image to the item as the table holds it; ``None`` where nothing changed.

    Args:
        record: The record.
        held: The item; ``None`` if the table holds none.
    """
    old = record.old_image
    if held is None:
        return None if record.event is Event.INSERT else _changed(record, "REMOVE", old, None)
    if record.event is Event.INSERT:
        return _changed(record, "INSERT", None, held)
    if old is not None and _equal(old, held):
        return None
    return _changed(record, "MODIFY", old, held)


def _changed(record: Record, event_name: str, old: Image | None, new: Image | None) -> dict[str, Any]:
    left_out = ("NewImage", "OldImage", "SizeBytes")
    body = {name: value for name, value in record.body.items() if name not in left_out}
    view = body.get("StreamViewType")
    names = carried(view, _EVENTS[event_name]) if view in VIEWS else ("NewImage", "OldImage")
    images = {name: image for name, image in (("NewImage", new), ("OldImage", old)) if image and name in names}
    wire = {name: value for name, value in record.wire.items() if name != "userIdentity"}
    return {**wire, "eventName": event_name, "dynamodb": {**body, **images}}


_EVENTS = {"INSERT": Event.INSERT, "MODIFY": Event.MODIFY, "REMOVE": Event.DELETE}


def _after(record: Record) -> State:
    if record.event in Event.REMOVE:
        return _ABSENT
    if record.new_image:
        return record.new_image
    return _UNKNOWN if record.old_image else _PRESENT


def _before(record: Record) -> State:
    if record.event is Event.INSERT:
        return _ABSENT
    if record.old_image:
        return record.old_image
    return _UNKNOWN if record.new_image else _PRESENT


def _leads_to(state: State, present: State) -> bool:
    """Whether a state is that of the table; a record without images says no more than that there is an item."""
    return present != _ABSENT if state == _PRESENT else _equal(state, present)


def _equal(left: State, right: State) -> bool:
    if isinstance(left, str) or isinstance(right, str):
        return left == right and left != _UNKNOWN
    return same({"M": left}, {"M": right})


def _reason(record: Record, held: Image | None) -> str:
    if _after(record) == _UNKNOWN:
        return "it has no new image to compare with the item"
    if held is None:
        return "the item is gone"
    return "the item exists again" if record.event in Event.REMOVE else "the item has changed since"
