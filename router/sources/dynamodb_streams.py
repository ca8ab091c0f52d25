"""DynamoDB Streams, as Lambda's event source mapping delivers them.

https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from router.errors import DecodeError, MalformedRecordError, UnknownEventError
from router.event import Event
from router.record import Flaw, Record, Records
from router.sources.source import Source
from router.stream_view import VIEWS, carried

__all__ = ["EVENT_SOURCE", "SOURCE", "is_from_get_records"]

EVENT_SOURCE = "aws:dynamodb"
"""The ``eventSource`` of a record."""

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


def claims(event: Any) -> bool:
    """Whether the first record is of DynamoDB Streams; an event with no records is taken for one, too."""
    records = event.get("Records") if isinstance(event, dict) else None
    return isinstance(records, list) and (not records or _is_ours(records[0]))


def _is_ours(raw: Any) -> bool:
    return isinstance(raw, dict) and raw.get("eventSource") == EVENT_SOURCE


def records(event: Any) -> Records:
    """The records of the event, in order.

    Raises:
        UnknownEventError: A record is of another source, or the records are saved output of ``GetRecords``.
    """
    raws = event["Records"]
    try:
        ours = [raw["eventSource"] for raw in raws].count(EVENT_SOURCE)
    except (KeyError, TypeError):
        ours = -1
    if ours != len(raws):
        raise _foreign(next(position for position, raw in enumerate(raws) if not _is_ours(raw)))
    if raws and _has_time_of_get_records(raws[0]):
        raise _saved_output()
    return Records(raws, _record)


def is_from_get_records(raw: Any) -> bool:
    """Whether a record has the form of ``GetRecords``: an ISO time, or an identity with upper-case names.

    Lambda converts both before it delivers a record, so an app meets them in saved output only.
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html

    Args:
        raw: A record, as saved or as delivered.
    """
    if not isinstance(raw, dict):
        return False
    return _has_time_of_get_records(raw) or _is_of_get_records(raw.get("userIdentity"))


def _has_time_of_get_records(raw: Mapping[str, Any]) -> bool:
    body = raw.get("dynamodb")
    time = body.get("ApproximateCreationDateTime") if isinstance(body, dict) else None
    return isinstance(time, date) or (isinstance(time, str) and _is_iso_8601(time))


def _is_iso_8601(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return "-" in text  # Python reads digits alone as a date too


def _is_of_get_records(identity: Any) -> bool:
    return isinstance(identity, dict) and not _UPPER_CASE.isdisjoint(identity)


def _record(raw: Any, position: int) -> Record:
    try:
        body = raw["dynamodb"]
        event = _EVENTS[raw["eventName"]]
        record = Record(raw, body, event)
    except (KeyError, TypeError, AttributeError):
        return _malformed(raw, position)
    if "userIdentity" in raw:
        identity = raw["userIdentity"]
        if _is_of_get_records(identity):
            return _malformed(raw, position)
        if event is _DELETE and _is_time_to_live(identity):
            record.event = Event.EXPIRE
    if not isinstance(record.new_image, dict) and "NewImage" in body:
        record.flaw = _image_flaw("NewImage", record.new_image)
    elif not isinstance(record.old_image, dict) and "OldImage" in body:
        record.flaw = _image_flaw("OldImage", record.old_image)
    elif not record.new_image and not record.old_image:
        record.flaw = _flaw_without_images(body, event, position)
    return record


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


def _foreign(position: int) -> UnknownEventError:
    msg = (
        f"found record {position} to be none of DynamoDB Streams in an event whose first record is one, expected "
        f"eventSource {EVENT_SOURCE!r} in each; check what invokes this function"
    )
    return UnknownEventError(msg)


def _saved_output() -> UnknownEventError:
    msg = (
        "found records in the form of GetRecords, whose ApproximateCreationDateTime is ISO 8601, expected that of a "
        "Lambda event; router.local.streams.saved_output.lambda_event converts them"
    )
    return UnknownEventError(msg)


def _malformed(raw: Any, position: int) -> Record:
    """A record with a broken envelope, with the fields that are sound."""
    name, body = raw.get("eventName"), raw.get("dynamodb")
    event = _EVENTS.get(name) if isinstance(name, str) else None
    if _is_of_get_records(raw.get("userIdentity")):
        what, expected = "a userIdentity of GetRecords, with PrincipalId and Type", "principalId and type"
    elif event is None:
        what, expected = "an eventName that is none", "INSERT, MODIFY or REMOVE"
    else:
        what, expected = f"a dynamodb section of type {type(body).__name__}", "an object"
    flaw = _envelope_flaw(position, what, expected)
    return Record(raw, body if isinstance(body, dict) else {}, event or Event(0), flaw)


def _envelope_flaw(position: int, found: str, expected: str) -> Flaw:
    return Flaw("envelope", MalformedRecordError(f"record {position}: found {found}, expected {expected}"))


def _image_flaw(name: str, image: Any) -> Flaw:
    found = "null" if image is None else f"a value of type {type(image).__name__}"
    return Flaw("decode", DecodeError("", found, "an object of attribute values", name))


def identify(record: Record) -> str | None:
    """The sequence number, from which Lambda delivers again."""
    return record.sequence_number


def respond(event: Any, undone: Sequence[Record]) -> dict[str, Any]:
    """Report the lowest sequence number that is not done: Lambda delivers every record from there again.

    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html

    Args:
        event: The event. A tumbling window's state goes back as it came: a response without it is a failed invocation.
        undone: The records that are not done, in the order of the event.

    Raises:
        MalformedRecordError: The first record that is not done has no sequence number. AWS reads an empty or unknown
            identifier as "the whole batch failed", so the invocation fails openly.
    """
    failures: list[dict[str, str]] = []
    if undone:
        first = identify(undone[0])
        if first is None:
            msg = (
                f"found no SequenceNumber on {undone[0]!r}, which is not done, expected one to report it by; "
                "the whole batch fails, so that Lambda delivers it again"
            )
            raise MalformedRecordError(msg)
        numbers = [number for number in map(identify, undone) if number is not None]
        failures.append({"itemIdentifier": _lowest(numbers)})
    response: dict[str, Any] = {"batchItemFailures": failures}
    if "state" in event:
        response["state"] = event["state"]
    return response


def coming_again(records: Sequence[Record], undone: Sequence[Record]) -> Sequence[Record]:
    """The records from the lowest sequence number that is not done; all of them where one has no number."""
    numbers = [identify(record) for record in records]
    if not undone or identify(undone[0]) is None or not all(map(_is_integer, numbers)):
        return records if undone else ()
    start = min(_as_integer(identify(record)) for record in undone)
    return [record for record in records if _as_integer(identify(record)) >= start]


def _lowest(numbers: list[str]) -> str:
    """The lowest of the numbers as integers; the first where they are not all integers."""
    return min(numbers, key=_as_integer) if all(map(_is_integer, numbers)) else numbers[0]


def _is_integer(number: str | None) -> bool:
    return number is not None and number.isascii() and number.isdigit()


def _as_integer(number: str | None) -> tuple[int, str]:
    """A key that sorts as the integer of any size does, without making one: the length, then the digits."""
    digits = (number or "").lstrip("0")
    return len(digits), digits


SOURCE = Source(
    name="dynamodb-streams",
    expects="an event of DynamoDB Streams (Records whose eventSource is 'aws:dynamodb')",
    claims=claims,
    records=records,
    identify=identify,
    respond=respond,
    coming_again=coming_again,
)
