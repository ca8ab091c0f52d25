"""The changes inside a document that another service carries: the body of a message, the detail of an event.

A document is a change, a document of a parking place, Lambda's failure document, the notification of S3 that names
one, an event with ``Records``, or one of these in the wrapping of SNS or EventBridge.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from router.errors import RecordsGoneError, RecordsUnreadError, RouterError
from router.sources.change import NO_CHANGE, NotAChangeError, is_backfilled, is_change

__all__ = [
    "Carried",
    "Redriven",
    "carried",
    "is_failure_document",
    "is_of_sns",
    "is_parked",
    "is_s3_notification",
    "is_s3_test",
    "record_of_kinesis",
]

_MOST_LAYERS = 16  # a text and its JSON are two

# https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
_AGGREGATE = b"\xf3\x89\x9a\xc2"


class Redriven(NamedTuple):
    """A parked record that comes back in its document.

    Args:
        document: Identifies the document.
        route: The name of the route at which it was parked; ``None`` where it reached none.
        is_held: Whether the sender keeps the document until the record is done.
    """

    document: str
    route: str | None
    is_held: bool


class Carried(NamedTuple):
    """A change that a document carries, or what stands in its place.

    Args:
        change: The change; ``NO_CHANGE`` where something else stands.
        number: The sequence number of the record of Kinesis around it.
        found: What stands in its place.
        error: Why it cannot be read from its stream.
        redriven: Where it comes back after it was parked.
    """

    change: Any
    number: Any = None
    found: str = ""
    error: RouterError | None = None
    redriven: Redriven | None = None


def carried(
    document: Any, number: Any = None, layers: int = _MOST_LAYERS, redriven: Redriven | None = None
) -> Iterator[Carried]:
    """The changes that a document carries, in order, with all that stands in place of one.

    Args:
        document: A JSON value, or the text of one.
        number: The sequence number of the record of Kinesis around it.
        layers: How many wrappings may be around a change.
        redriven: Where it comes back after it was parked.
    """
    if is_change(document) or is_backfilled(document):
        yield Carried(document, number, redriven=redriven)
        return
    if is_parked(document):
        redriven = _redriven(document, redriven)
    if (kinesis := record_of_kinesis(document)) is not None:
        number = kinesis.get("sequenceNumber")
    try:
        inside = _inside(document, layers)
    except NotAChangeError as error:
        yield Carried(NO_CHANGE, number, str(error), redriven=redriven)
        return
    except (RecordsGoneError, RecordsUnreadError) as error:
        yield Carried({}, number, error=error, redriven=redriven)
        return
    for each in inside:
        yield from carried(each, number, layers - 1, redriven)


def _redriven(document: Mapping[str, Any], around: Redriven | None) -> Redriven:
    """What the document of a parked record says; the document around it may be the message that names its object."""
    route = document.get("route")
    return Redriven(
        str(document.get("id") or document["parkedAt"]),
        route if isinstance(route, str) and route else None,
        bool(document.get("held")) or (around is not None and around.is_held),
    )


def is_failure_document(value: Any) -> bool:
    """Whether a value is a document that Lambda writes to an on-failure destination of an event source mapping.

    https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
    """
    return isinstance(value, dict) and ("DDBStreamBatchInfo" in value or "KinesisBatchInfo" in value)


def is_parked(value: Any) -> bool:
    """Whether a value is the document of a parked record, which contains it or says where it is."""
    return isinstance(value, dict) and "parkedAt" in value and not value.keys().isdisjoint(("record", "recordIn"))


def is_of_sns(value: Any) -> bool:
    """Whether a value is a message of SNS as it invokes a function."""
    return isinstance(value, dict) and value.get("EventSource") == "aws:sns"


def is_s3_notification(value: Any) -> bool:
    """Whether a value is an entry of a notification of S3, or the event that EventBridge makes of one.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    """
    if not isinstance(value, dict):
        return False
    by_event_bridge = value.get("source") == "aws.s3" and "detail-type" in value
    return by_event_bridge or (value.get("eventSource") == "aws:s3" and "s3" in value)


def is_s3_test(value: Any) -> bool:
    """Whether a value is the message by which S3 checks that it may notify: it is about no object.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    return isinstance(value, dict) and value.get("Event") == "s3:TestEvent"


def _inside(document: Any, layers: int) -> list[Any]:
    """The documents inside a wrapping.

    Raises:
        NotAChangeError: It is no wrapping.
        RecordsGoneError: What it refers to is not there: the records of a failure document without payload, or an
            object in a bucket.
        RecordsUnreadError: They cannot be read now.
    """
    if is_s3_test(document):
        return []
    if layers == 0:
        raise NotAChangeError("a document in too many wrappings")
    if isinstance(document, str):
        return [_json_of(document)]
    if isinstance(document, list) and document:
        return document
    if isinstance(document, dict):
        for inner in _wrapped(document):
            return [inner]
    raise NotAChangeError(_named(document))


def _wrapped(document: Mapping[str, Any]) -> Iterator[Any]:
    """What an object wraps; nothing where it is no wrapping."""
    if is_failure_document(document):
        yield document["payload"] if "payload" in document else _read_again(document)
    elif is_parked(document):
        yield document["record"] if "record" in document else _read_parked(document)
    elif is_s3_notification(document):
        yield _read_stored(document)
    elif "Records" in document:
        yield document["Records"]
    elif document.get("Type") == "Notification" and "Message" in document:
        yield document["Message"]
    elif "detail-type" in document and "detail" in document:
        yield document["detail"]
    elif (kinesis := record_of_kinesis(document)) is not None:
        yield _text_of(kinesis.get("data"))
    elif document.get("eventSource") == "aws:sqs" and "body" in document:
        yield document["body"]
    elif is_of_sns(document) and isinstance(document.get("Sns"), dict):
        yield document["Sns"].get("Message")


def _read_again(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The records that a failure document without payload refers to, from their stream."""
    from router.sources.discarded_batch import discarded_batch  # not for most events

    batch = discarded_batch(document)
    if batch is None:  # that of a window's last invocation is one
        raise NotAChangeError("a failure document without payload and without sequence numbers")
    return batch.read()


def _read_parked(document: Mapping[str, Any]) -> Any:
    from router.sources.parked_object import read_parked  # not for most events

    return read_parked(document["recordIn"])


def _read_stored(notification: Mapping[str, Any]) -> Any:
    from router.sources.stored_document import stored_document  # not for most events

    where, document = stored_document(notification)
    if not is_failure_document(document):
        msg = f"an object that is no failure document at {where}"
        raise NotAChangeError(msg)
    return document


def record_of_kinesis(document: Any) -> Mapping[str, Any] | None:
    """The section of a record of Kinesis with its data; a pipe delivers it flattened."""
    if not isinstance(document, dict) or document.get("eventSource") != "aws:kinesis":
        return None
    section = document.get("kinesis", document)
    return section if isinstance(section, dict) else None


def _text_of(data: Any) -> str:
    """The text of a Kinesis record's data."""
    try:
        content = base64.b64decode(data, validate=True)
        if content.startswith(_AGGREGATE):
            raise NotAChangeError("an aggregate of the Kinesis Producer Library")
        return content.decode()
    except (TypeError, ValueError, binascii.Error):
        raise NotAChangeError("data that is no base64 of a text") from None


def _json_of(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise NotAChangeError("a text that is no JSON") from None


def _named(value: Any) -> str:
    if isinstance(value, dict):
        return "an object that is no change of a table"  # without the names of its members, which may be data
    return "an empty list" if value == [] else f"a value of type {type(value).__name__}"
