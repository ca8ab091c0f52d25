"""A change of a table, as a DynamoDB stream writes it and as every source carries it.

https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

from router.errors import DecodeError, MalformedRecordError, RouterError
from router.event import Event
from router.record import BACKFILLED, Flaw, Record
from router.stream_view import VIEWS, carried

__all__ = [
    "EVENT_SOURCE",
    "NO_CHANGE",
    "NotAChangeError",
    "broken_record",
    "has_time_of_get_records",
    "is_backfilled",
    "is_change",
    "is_from_get_records",
    "make_record",
    "unread_record",
]

EVENT_SOURCE = "aws:dynamodb"
"""The ``eventSource`` of a change."""

NO_CHANGE: Final[Mapping[str, Any]] = {}
"""Stands for the change in a record of something else."""

_UPPER_CASE = frozenset({"PrincipalId", "Type"})

# UNKNOWN_TO_SDK_VERSION is how DynamoDB Local 3 names a deletion by time to live.
_EVENTS = {
    "INSERT": Event.INSERT,
    "MODIFY": Event.MODIFY,
    "REMOVE": Event.DELETE,
    "UNKNOWN_TO_SDK_VERSION": Event.DELETE,
}
_DELETE = Event.DELETE

# A Java program that writes a record as JSON by itself spells these in camel case.
_SECTIONS = {name.lower(): name for name in ("Keys", "NewImage", "OldImage", "SequenceNumber", "StreamViewType")}


class NotAChangeError(RouterError):
    """A document carries no change of a table; the text says what it is."""


def is_change(value: Any) -> bool:
    """Whether a value is a change of a table, if only by its ``eventSource``."""
    return isinstance(value, dict) and value.get("eventSource") == EVENT_SOURCE


def is_backfilled(value: Any) -> bool:
    """Whether a value is an item that a backfill delivers, in the form of a change."""
    return isinstance(value, dict) and value.get("eventSource") == BACKFILLED


def is_from_get_records(raw: Any) -> bool:
    """Whether a record has the form of ``GetRecords``: an ISO time, or an identity with upper-case names.

    Lambda converts both before it delivers a record, so an app meets them in saved output only.
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html

    Args:
        raw: A record, as saved or as delivered.
    """
    if not isinstance(raw, dict):
        return False
    return has_time_of_get_records(raw) or _is_of_get_records(raw.get("userIdentity"))


def has_time_of_get_records(raw: Mapping[str, Any]) -> bool:
    """Whether the time of a record is that of ``GetRecords``, which Lambda writes as a number."""
    try:
        time = raw["dynamodb"]["ApproximateCreationDateTime"]
    except (KeyError, TypeError):
        return False
    return isinstance(time, (date, str)) and (isinstance(time, date) or _is_iso_8601(time))


def _is_iso_8601(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return "-" in text  # Python reads digits alone as a date too


def _is_of_get_records(identity: Any) -> bool:
    return isinstance(identity, dict) and not _UPPER_CASE.isdisjoint(identity)


def make_record(change: Any, position: int) -> Record:
    """Make the record of a change, a malformed one too.

    Args:
        change: The change.
        position: Its position in the event, for errors.
    """
    try:
        body = change["dynamodb"]
        event = _EVENTS[change["eventName"]]
        record = Record(change, body, event)
    except (KeyError, TypeError, AttributeError):
        return _malformed(change, position)
    if "userIdentity" in change:
        identity = change["userIdentity"]
        if _is_of_get_records(identity):
            return _malformed(change, position)
        if event is _DELETE and _is_time_to_live(identity):
            record.event = Event.EXPIRE
    if not isinstance(record.new_image, dict) and "NewImage" in body:
        record.flaw = _image_flaw("NewImage", record.new_image)
    elif not isinstance(record.old_image, dict) and "OldImage" in body:
        record.flaw = _image_flaw("OldImage", record.old_image)
    elif not record.new_image and not record.old_image:
        record.flaw = _flaw_without_images(body, event, position)
    return record


def broken_record(position: int, found: str, expected: str) -> Record:
    """Make the record of what is delivered in place of a change, and cannot be read.

    Args:
        position: Its position in the event.
        found: What was found, for the error.
        expected: What was expected.
    """
    return Record(NO_CHANGE, {}, Event(0), _envelope_flaw(position, found, expected))


def unread_record(error: RouterError) -> Record:
    """Make the record that stands for those which cannot be read from their stream.

    Args:
        error: Why.
    """
    return Record({}, {}, Event(0), Flaw("envelope", error))


def _flaw_without_images(body: Mapping[str, Any], event: Event, position: int) -> Flaw | None:
    """The flaw of a record that has no image: it needs keys, and a view that carries none for this event."""
    misspelt = [name for name in body if name not in _SECTIONS.values() and _is_section(name)]
    if misspelt:
        found, expected = _listed(misspelt), _listed(_SECTIONS[name.lower()] for name in misspelt)
        return _envelope_flaw(position, f"{found} in the dynamodb section", f"{expected}, as Lambda writes them")
    if not (isinstance(body.get("Keys"), dict) and body["Keys"]):
        return _envelope_flaw(position, "neither Keys nor an image", "the keys of the item")
    view = body.get("StreamViewType")
    if view is not None and view not in VIEWS:
        return _envelope_flaw(position, "a StreamViewType that is none", " or ".join(VIEWS))
    # Recorded removals have been seen with their keys alone in every view.
    images = carried(view, event) if view and event not in Event.REMOVE else ()
    return (
        Flaw("decode", DecodeError("", "no such image", "one in a record of this event", images[0])) if images else None
    )


def _is_section(name: Any) -> bool:
    return isinstance(name, str) and name.lower() in _SECTIONS


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))


def _is_time_to_live(identity: Any) -> bool:
    """Whether the DynamoDB service itself removed the item.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
    """
    return (
        isinstance(identity, dict)
        and identity.get("type") == "Service"
        and identity.get("principalId") == "dynamodb.amazonaws.com"
    )


def _malformed(change: Any, position: int) -> Record:
    """A record with a broken envelope, with the fields that are sound."""
    name, body = change.get("eventName"), change.get("dynamodb")
    event = _EVENTS.get(name) if isinstance(name, str) else None
    if _is_of_get_records(change.get("userIdentity")):
        what, expected = "a userIdentity of GetRecords, with PrincipalId and Type", "principalId and type"
    elif event is None:
        what, expected = "an eventName that is none", "INSERT, MODIFY or REMOVE"
    else:
        what, expected = f"a dynamodb section of type {type(body).__name__}", "an object"
    flaw = _envelope_flaw(position, what, expected)
    return Record(change, body if isinstance(body, dict) else {}, event or Event(0), flaw)


def _envelope_flaw(position: int, found: str, expected: str) -> Flaw:
    return Flaw("envelope", MalformedRecordError(f"record {position}: found {found}, expected {expected}"))


def _image_flaw(name: str, image: Any) -> Flaw:
    found = "null" if image is None else f"a value of type {type(image).__name__}"
    return Flaw("decode", DecodeError("", found, "an object of attribute values", name))
