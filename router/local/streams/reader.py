"""Read a stream's shards: list them, and read their records a page at a time.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any, Protocol

from router.local.event_source_mapping import Position

__all__ = ["ListedShard", "RecordPage", "StreamReader", "StreamsClient", "stream_records"]


class StreamsClient(Protocol):
    """The operations of a boto3 ``dynamodbstreams`` client that reading a stream needs."""

    def describe_stream(self, *args: Any, **kwargs: Any) -> Any:
        """List a page of the stream's shards."""
        ...

    def get_shard_iterator(self, *args: Any, **kwargs: Any) -> Any:
        """Make an iterator at a position in a shard."""
        ...

    def get_records(self, *args: Any, **kwargs: Any) -> Any:
        """Read a page of records at an iterator."""
        ...


@dataclass(frozen=True, slots=True)
class ListedShard:
    """A shard as ``DescribeStream`` lists it.

    Args:
        shard_id: Its ID.
        parent_id: The ID of its parent, if it has one.
        closed: Whether no more records are written to it.
    """

    shard_id: str
    parent_id: str | None
    closed: bool


@dataclass(frozen=True, slots=True)
class RecordPage:
    """A page of a shard's records.

    Args:
        records: Records as ``GetRecords`` returns them.
        last: Whether the shard has no more records after them, and never will have.
    """

    records: list[dict[str, Any]]
    last: bool


class StreamReader:
    """Reads a stream and keeps an iterator for each of its shards.

    Args:
        client: A boto3 ``dynamodbstreams`` client of any engine.
        stream_arn: The stream, as ``LatestStreamArn`` of its table names it.

    Example:
        >>> reader = StreamReader(engine.client("dynamodbstreams"), stream_arn)  # doctest: +SKIP
        >>> [len(reader.page(shard.shard_id, Position("TRIM_HORIZON")).records) for shard in reader.shards()]
        ... # doctest: +SKIP
        [12]
    """

    def __init__(self, client: StreamsClient, stream_arn: str) -> None:
        self._client = client
        self._stream_arn = stream_arn
        self._iterators: dict[str, str] = {}

    def shards(self) -> list[ListedShard]:
        """List the shards, parents before their children."""
        listed = {shard["ShardId"]: shard for shard in self._listed()}
        # A parent that is no longer listed has been trimmed.
        parents = {name: {shard.get("ParentShardId")} & listed.keys() for name, shard in listed.items()}
        return [_listed_shard(listed[name]) for name in TopologicalSorter(parents).static_order()]

    def page(self, shard_id: str, position: Position) -> RecordPage:
        """Read the next page of a shard.

        Args:
            shard_id: The shard.
            position: The position from which to read if the shard has no iterator yet, or an expired one: an iterator
                expires after 15 minutes.
        """
        iterator = self._iterators.pop(shard_id, None)
        found = None if iterator is None else self._unless_expired(iterator)
        if found is None:
            found = self._client.get_records(ShardIterator=self._new_iterator(shard_id, position))
        following = found.get("NextShardIterator")
        if following is not None:
            self._iterators[shard_id] = following
        return RecordPage(found["Records"], last=following is None)

    def _listed(self) -> Iterator[dict[str, Any]]:
        start: dict[str, str] = {}
        while True:
            page = self._client.describe_stream(StreamArn=self._stream_arn, **start)["StreamDescription"]
            yield from page["Shards"]
            if not page.get("LastEvaluatedShardId"):
                return
            start = {"ExclusiveStartShardId": page["LastEvaluatedShardId"]}

    def _unless_expired(self, iterator: str) -> Any:
        from botocore.exceptions import ClientError

        try:
            return self._client.get_records(ShardIterator=iterator)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ExpiredIteratorException":
                raise
            return None

    def _new_iterator(self, shard_id: str, position: Position) -> str:
        number = {} if position.sequence_number is None else {"SequenceNumber": position.sequence_number}
        found = self._client.get_shard_iterator(
            StreamArn=self._stream_arn, ShardId=shard_id, ShardIteratorType=position.type, **number
        )
        iterator: str = found["ShardIterator"]
        return iterator


def stream_records(client: StreamsClient, stream_arn: str) -> Iterator[dict[str, Any]]:
    """Read a stream from its oldest record to its newest one, each shard after its parent.

    Args:
        client: A boto3 ``dynamodbstreams`` client of any engine.
        stream_arn: The stream, as ``LatestStreamArn`` of its table names it.

    Example:
        >>> records = stream_records(engine.client("dynamodbstreams"), stream_arn)  # doctest: +SKIP
        >>> event = as_event(lambda_record(record, stream_arn, "us-east-1") for record in records)  # doctest: +SKIP
    """
    reader = StreamReader(client, stream_arn)
    for shard in reader.shards():
        position = Position("TRIM_HORIZON")
        page = RecordPage([], last=False)
        # The first empty page ends an open shard. A closed shard may have empty pages before its last records.
        while not page.last:
            page = reader.page(shard.shard_id, position)
            yield from page.records
            if page.records:
                position = Position("AFTER_SEQUENCE_NUMBER", page.records[-1]["dynamodb"]["SequenceNumber"])
            elif not shard.closed:
                break


def _listed_shard(shard: dict[str, Any]) -> ListedShard:
    closed = "EndingSequenceNumber" in shard.get("SequenceNumberRange", {})
    return ListedShard(shard["ShardId"], shard.get("ParentShardId"), closed)
