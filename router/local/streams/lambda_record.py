"""Turn what a stream's ``GetRecords`` returns into records and events as Lambda delivers them.

Lambda's event source mapping calls ``GetRecords`` too, but hands records on in a form of its own: binary values as
base64 text, times as seconds, the identity of a TTL delete with lower-case names, and the stream's ARN added.
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from graphlib import TopologicalSorter
from typing import Any, Protocol

__all__ = ["StreamsClient", "as_event", "lambda_record", "relocate", "stream_records"]


class StreamsClient(Protocol):
    """What is asked of a boto3 ``dynamodbstreams`` client."""

    def describe_stream(self, *args: Any, **kwargs: Any) -> Any:
        """List the shards of a stream, a page at a time."""
        ...

    def get_shard_iterator(self, *args: Any, **kwargs: Any) -> Any:
        """Point at a position in a shard."""
        ...

    def get_records(self, *args: Any, **kwargs: Any) -> Any:
        """Read a page of records from such a position."""
        ...


def lambda_record(stream_record: Mapping[str, Any], stream_arn: str, region: str) -> dict[str, Any]:
    """Write one record of ``GetRecords`` as it stands in a Lambda event, in the order of keys that Lambda uses.

    Args:
        stream_record: The record as boto3 returns it, times as ``datetime`` and binary values as ``bytes``.
        stream_arn: The stream's ARN, which becomes ``eventSourceARN``.
        region: What ``awsRegion`` shall say; DynamoDB Local calls its own ``ddblocal``.

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
        # DynamoDB Local 3.x gives this name to TTL deletes, and to nothing else.
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
    """Put records into the event that Lambda would hand to a function.

    Example:
        >>> as_event([])
        {'Records': []}
    """
    return {"Records": list(records)}


def relocate(arn: str, *, region: str = "us-east-1", account: str = "123456789012") -> str:
    """Give an ARN another region and account, for records that shall not show where they were made.

    Example:
        >>> relocate("arn:aws:dynamodb:ddblocal:000000000000:table/Shop")
        'arn:aws:dynamodb:us-east-1:123456789012:table/Shop'
    """
    prefix, partition, service, _, _, resource = arn.split(":", 5)
    return ":".join((prefix, partition, service, region, account, resource))


def stream_records(client: StreamsClient, stream_arn: str) -> Iterator[dict[str, Any]]:
    """Read a stream from its oldest record to its end, as far as it goes now, each shard after its parent.

    Args:
        client: A boto3 ``dynamodbstreams`` client of any engine.
        stream_arn: The stream, as ``LatestStreamArn`` of its table names it.

    Example:
        >>> records = stream_records(engine.client("dynamodbstreams"), stream_arn)  # doctest: +SKIP
        >>> event = as_event(lambda_record(record, stream_arn, "us-east-1") for record in records)  # doctest: +SKIP
    """
    for shard in _parents_first(_shards(client, stream_arn)):
        yield from _shard_records(client, stream_arn, shard)


def _shards(client: StreamsClient, stream_arn: str) -> Iterator[dict[str, Any]]:
    page = client.describe_stream(StreamArn=stream_arn)["StreamDescription"]
    yield from page["Shards"]
    while last := page.get("LastEvaluatedShardId"):
        page = client.describe_stream(StreamArn=stream_arn, ExclusiveStartShardId=last)["StreamDescription"]
        yield from page["Shards"]


def _parents_first(shards: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    named = {shard["ShardId"]: shard for shard in shards}
    # A parent that is no longer listed has been trimmed: there is nothing of it to wait for.
    parents = {name: {shard.get("ParentShardId")} & named.keys() for name, shard in named.items()}
    return [named[name] for name in TopologicalSorter(parents).static_order()]


def _shard_records(client: StreamsClient, stream_arn: str, shard: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    iterator = client.get_shard_iterator(
        StreamArn=stream_arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    # An open shard never runs out of iterators: an empty page is its end. A closed one may have empty pages before it.
    closed = "EndingSequenceNumber" in shard["SequenceNumberRange"]
    while iterator:
        page = client.get_records(ShardIterator=iterator)
        yield from page["Records"]
        if not page["Records"] and not closed:
            return
        iterator = page.get("NextShardIterator")


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
