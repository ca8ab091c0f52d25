"""Read saved output of ``GetRecords``, and of ``ReceiveMessage`` of SQS, as the event that Lambda would deliver.

AWS's command line and ``json.dumps(..., default=str)`` write times as ISO 8601 text, and the identity of a TTL delete
with upper-case names. An app would take such a TTL delete for a delete by a user.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html
"""

from __future__ import annotations

import ast
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from router.sources.change import EVENT_SOURCE, is_from_get_records
from router.sources.lambda_record import user_identity, with_identity

__all__ = ["is_event_of_pipe", "lambda_event"]

_OUTPUT_ONLY = ("NextShardIterator", "ResponseMetadata")
_MESSAGE_FIELDS = {"MD5OfBody": "md5OfBody"}  # the others begin with a lower-case letter
_IMAGES = ("Keys", "NewImage", "OldImage")


def lambda_event(document: Any) -> Any:
    """Convert the records of a document that have the form of ``GetRecords``; everything else stays as it is.

    Args:
        document: An event, or an output of ``GetRecords`` or ``ReceiveMessage``, as ``json.loads`` returns it. It is
            not changed.

    Example:
        >>> change = {"ApproximateCreationDateTime": "2026-01-02T00:00:00+00:00", "SequenceNumber": "100"}
        >>> ttl = {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
        >>> (record,) = lambda_event({"Records": [{"dynamodb": change, "userIdentity": ttl}]})["Records"]
        >>> record["dynamodb"]["ApproximateCreationDateTime"], record["userIdentity"]
        (1767312000.0, {'principalId': 'dynamodb.amazonaws.com', 'type': 'Service'})
    """
    if isinstance(document, dict) and isinstance(document.get("Messages"), list):
        return {"Records": [_message(message) for message in document["Messages"]]}
    records = document.get("Records") if isinstance(document, dict) else None
    if not isinstance(records, list):
        return document
    event = {name: value for name, value in document.items() if name not in _OUTPUT_ONLY}
    is_output = len(event) < len(document)  # then a record may have neither a time nor an identity
    return {**event, "Records": [_record(record) if _is_saved(record, is_output) else record for record in records]}


def is_event_of_pipe(document: Any) -> bool:
    """Whether a document is a list as only EventBridge Pipes delivers it: messages, or flattened records of Kinesis.

    A list of records of a table's stream may as well be the records of any event.

    Args:
        document: A JSON value.
    """
    return isinstance(document, list) and bool(document) and all(map(_is_of_pipe, document))


def _is_of_pipe(entry: Any) -> bool:
    source = entry.get("eventSource") if isinstance(entry, dict) else None
    return source == "aws:sqs" or (source == "aws:kinesis" and "kinesis" not in entry)


def _message(message: Any) -> Any:
    """A message with the names that Lambda gives to its fields.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
    """
    if not isinstance(message, dict):
        return message
    renamed = {_MESSAGE_FIELDS.get(name, name[:1].lower() + name[1:]): value for name, value in message.items()}
    return {**renamed, "eventSource": "aws:sqs"}


def _is_saved(record: Any, is_output: bool) -> bool:
    return is_from_get_records(record) or (is_output and isinstance(record, dict))


def _record(record: Mapping[str, Any]) -> dict[str, Any]:
    converted = {"eventSource": EVENT_SOURCE, **record}
    if isinstance(record.get("dynamodb"), dict):
        converted["dynamodb"] = _change(record["dynamodb"])
    if identity := user_identity(record):
        converted["userIdentity"] = identity
    return with_identity(converted)


def _change(change: Mapping[str, Any]) -> dict[str, Any]:
    converted = {**change, **{name: _image(change[name]) for name in _IMAGES if name in change}}
    time = change.get("ApproximateCreationDateTime")
    if isinstance(time, str):
        converted["ApproximateCreationDateTime"] = _seconds(time)
    return converted


def _seconds(text: str) -> float | str:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return text  # a record with an upper-case identity and no time
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def _image(image: Any) -> Any:
    return {name: _value(value) for name, value in image.items()} if isinstance(image, dict) else image


def _value(value: Any) -> Any:
    if not isinstance(value, dict) or len(value) != 1:
        return value  # malformed: for the app to refuse
    match value:
        case {"B": str(text)}:
            return {"B": _base64(text)}
        case {"BS": list(members)}:
            return {"BS": [_base64(member) if isinstance(member, str) else member for member in members]}
        case {"L": list(members)}:
            return {"L": [_value(member) for member in members]}
        case {"M": dict(image)}:
            return {"M": _image(image)}
        case _:
            return value


def _base64(text: str) -> str:
    """Base64 of bytes that Python's ``str`` has written: ``json.dumps(..., default=str)``; other text unchanged."""
    if not text.startswith(("b'", 'b"')):
        return text
    try:
        content = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    return b64encode(content).decode() if isinstance(content, bytes) else text
