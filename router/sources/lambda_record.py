"""Convert records of ``GetRecords``, of DynamoDB Streams and of Kinesis, into records as Lambda delivers them.

Lambda's event source mapping calls ``GetRecords`` too, and delivers the records in another form: binary values as
base64 text, times as seconds, the identity of a TTL delete with lower-case names, and with the stream's ARN.
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from router.sources.change import EVENT_SOURCE

__all__ = ["kinesis_record", "lambda_record", "user_identity", "wire_image", "with_identity"]

# DynamoDB Local 3.x gives this name to TTL deletes only, and leaves out their identity.
_UNKNOWN = "UNKNOWN_TO_SDK_VERSION"
_TIME_TO_LIVE = {"principalId": "dynamodb.amazonaws.com", "type": "Service"}


def lambda_record(stream_record: Mapping[str, Any], stream_arn: str, region: str) -> dict[str, Any]:
    """Convert one record of ``GetRecords`` into a record of a Lambda event, with Lambda's order of keys.

    Args:
        stream_record: The record as boto3 returns it, times as ``datetime`` and binary values as ``bytes``.
        stream_arn: The stream's ARN, which becomes ``eventSourceARN``.
        region: The record's ``awsRegion``; DynamoDB Local's own region is ``ddblocal``.

    Example:
        >>> from datetime import UTC, datetime
        >>> change = {
        ...     "ApproximateCreationDateTime": datetime(2026, 1, 2, tzinfo=UTC),
        ...     "Keys": {"pk": {"B": b"key"}},
        ...     "SequenceNumber": "100",
        ... }
        >>> record = {"eventID": "e1", "eventName": "REMOVE", "dynamodb": change}
        >>> lambda_record(record, "arn:aws:dynamodb:...", "us-east-1")["dynamodb"]
        {'ApproximateCreationDateTime': 1767312000.0, 'Keys': {'pk': {'B': 'a2V5'}}, 'SequenceNumber': '100'}
    """
    record = {
        **{name: stream_record[name] for name in ("eventID", "eventName") if name in stream_record},
        "eventVersion": "1.1",
        "eventSource": EVENT_SOURCE,
        "awsRegion": region,
        "dynamodb": _change(stream_record.get("dynamodb") or {}),
    }
    if identity := user_identity(stream_record):
        record["userIdentity"] = identity
    return with_identity({**record, "eventSourceARN": stream_arn})


def kinesis_record(record: Mapping[str, Any], stream_arn: str, shard_id: str) -> dict[str, Any]:
    """Convert one record of ``GetRecords`` of Kinesis into a record of a Lambda event.

    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html

    Args:
        record: The record as boto3 returns it.
        stream_arn: The stream's ARN.
        shard_id: The shard.
    """
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record["PartitionKey"],
            "sequenceNumber": record["SequenceNumber"],
            "data": _base64(record["Data"]),
            "approximateArrivalTimestamp": record["ApproximateArrivalTimestamp"].timestamp(),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard_id}:{record['SequenceNumber']}",
        "eventName": "aws:kinesis:record",
        "awsRegion": stream_arn.split(":")[3],
        "eventSourceARN": stream_arn,
    }


def with_identity(record: Mapping[str, Any]) -> dict[str, Any]:
    """Add the event ID and the event name that an engine leaves out; Lambda delivers no record without them.

    The ID is made from the stream and the sequence number, so every reading gives the same one. The name follows from
    the images and the view type; a record whose images do not determine it stays without a name.

    Args:
        record: A record of a Lambda event.

    Example:
        >>> body = {"NewImage": {"pk": {"S": "a"}}, "SequenceNumber": "1", "StreamViewType": "NEW_AND_OLD_IMAGES"}
        >>> with_identity({"dynamodb": body})
        ... # doctest: +NORMALIZE_WHITESPACE +ELLIPSIS
        {'eventID': '...', 'eventName': 'INSERT', 'dynamodb': {...}}
    """
    change = record.get("dynamodb")
    change = change if isinstance(change, Mapping) else {}
    number = change.get("SequenceNumber")
    name = record.get("eventName") or _event_name(record, change)
    name = "REMOVE" if name == _UNKNOWN else name
    identified = record.get("eventID") or (number and _event_id(str(record.get("eventSourceARN", "")), number))
    added = {key: value for key, value in (("eventID", identified), ("eventName", name)) if value}
    return {**added, **record, **added}


def user_identity(stream_record: Mapping[str, Any]) -> dict[str, Any] | None:
    """The identity in a record of ``GetRecords`` with the names that Lambda gives; TTL deletes have one.

    Args:
        stream_record: The record.

    Example:
        >>> user_identity({"userIdentity": {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}})
        {'principalId': 'dynamodb.amazonaws.com', 'type': 'Service'}
    """
    identity = stream_record.get("userIdentity")
    if isinstance(identity, Mapping) and identity:
        return {name[:1].lower() + name[1:]: value for name, value in identity.items()}
    return dict(_TIME_TO_LIVE) if stream_record.get("eventName") == _UNKNOWN else None


def _change(change: Mapping[str, Any]) -> dict[str, Any]:
    images = {name: wire_image(change[name]) for name in ("Keys", "NewImage", "OldImage") if name in change}
    time = change.get("ApproximateCreationDateTime")
    created = {} if time is None else {"ApproximateCreationDateTime": time.timestamp()}
    rest = {name: change[name] for name in ("SequenceNumber", "SizeBytes", "StreamViewType") if name in change}
    return created | images | rest


def _event_id(stream_arn: str, sequence_number: str) -> str:
    return blake2b(f"{stream_arn}:{sequence_number}".encode(), digest_size=16).hexdigest()


def _event_name(record: Mapping[str, Any], change: Mapping[str, Any]) -> str | None:
    old, new, view = "OldImage" in change, "NewImage" in change, change.get("StreamViewType")
    if record.get("userIdentity"):
        return "REMOVE"  # a TTL delete
    if old and new:
        return "MODIFY"
    if view == "OLD_IMAGE":
        return None if old else "INSERT"
    if view == "NEW_IMAGE":
        return None if new else "REMOVE"
    if view == "NEW_AND_OLD_IMAGES" and old != new:
        return "INSERT" if new else "REMOVE"
    return None


def wire_image(image: Mapping[str, Any]) -> dict[str, Any]:
    """An item as boto3 returns it in the form that a record has: with base64 in place of bytes.

    Args:
        image: The item.

    Example:
        >>> wire_image({"pk": {"B": b"key"}})
        {'pk': {'B': 'a2V5'}}
    """
    return {name: _value(value) for name, value in image.items()}


def _value(value: Mapping[str, Any]) -> dict[str, Any]:
    if len(value) != 1:
        return dict(value)  # malformed: for the app to refuse
    ((tag, content),) = value.items()
    match tag:
        case "B":
            return {"B": _base64(content)}
        case "BS":
            return {"BS": [_base64(member) for member in content]}
        case "L":
            return {"L": [_value(member) for member in content]}
        case "M":
            return {"M": wire_image(content)}
        case _:
            return {tag: content}


def _base64(content: bytes) -> str:
    return b64encode(content).decode()
