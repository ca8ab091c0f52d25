"""Convert records of ``GetRecords`` into records and events as Lambda delivers them.

Lambda's event source mapping calls ``GetRecords`` too, and delivers the records in another form: binary values as
base64 text, times as seconds, the identity of a TTL delete with lower-case names, and with the stream's ARN.
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["as_event", "event_source_arn", "lambda_record", "relocate"]

_PLACEHOLDER_ACCOUNT = "000000000000"  # of engines without accounts


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
    name = stream_record["eventName"]
    record = {
        "eventID": stream_record["eventID"],
        # DynamoDB Local 3.x gives this name to TTL deletes only.
        "eventName": "REMOVE" if name == "UNKNOWN_TO_SDK_VERSION" else name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": region,
        "dynamodb": _change(stream_record["dynamodb"]),
    }
    if identity := stream_record.get("userIdentity"):
        record["userIdentity"] = {"principalId": identity["PrincipalId"], "type": identity["Type"]}
    record["eventSourceARN"] = stream_arn
    return record


def as_event(records: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Make the event in which Lambda delivers records to a function.

    Example:
        >>> as_event([])
        {'Records': []}
    """
    return {"Records": list(records)}


def relocate(arn: str, *, region: str = "us-east-1", account: str = "123456789012") -> str:
    """Replace the region and the account of an ARN.

    Example:
        >>> relocate("arn:aws:dynamodb:ddblocal:000000000000:table/Shop")
        'arn:aws:dynamodb:us-east-1:123456789012:table/Shop'
    """
    prefix, partition, service, _, _, resource = arn.split(":", 5)
    return ":".join((prefix, partition, service, region, account, resource))


def event_source_arn(stream_arn: str) -> str:
    """A stream's ARN as its records in a Lambda event have it: with a region and an account, which some engines lack.

    Args:
        stream_arn: The ARN that the engine gives.

    Example:
        >>> event_source_arn("arn:aws:dynamodb:ddblocal:000000000000:table/Shop")
        'arn:aws:dynamodb:us-east-1:123456789012:table/Shop'
    """
    return relocate(stream_arn) if stream_arn.split(":")[4] == _PLACEHOLDER_ACCOUNT else stream_arn


def _change(change: Mapping[str, Any]) -> dict[str, Any]:
    images = {name: _image(change[name]) for name in ("Keys", "NewImage", "OldImage") if name in change}
    created = {"ApproximateCreationDateTime": change["ApproximateCreationDateTime"].timestamp()}
    rest = {name: change[name] for name in ("SequenceNumber", "SizeBytes", "StreamViewType") if name in change}
    return created | images | rest


def _image(image: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in image.items()}


def _value(value: Mapping[str, Any]) -> dict[str, Any]:
    ((tag, content),) = value.items()
    match tag:
        case "B":
            return {"B": _base64(content)}
        case "BS":
            return {"BS": [_base64(member) for member in content]}
        case "L":
            return {"L": [_value(member) for member in content]}
        case "M":
            return {"M": _image(content)}
        case _:
            return {tag: content}


def _base64(content: bytes) -> str:
    return b64encode(content).decode()
