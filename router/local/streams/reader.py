"""Read a stream's shards: list them, and read their records a page at a time.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any, Protocol

from router.local.event_source_mapping import Position
from router.local.streams.poll_faults import PollFault, poll_fault
from router.local.streams.repeated_requests import RepeatedRequests
from router.local.streams.shard_cursor import RecordPage, ShardCursor

__all__ = ["ListedShard", "RecordPage", "StreamReader", "StreamsClient", "stream_records"]

_LIST = ""  # the request that lists the shards, among those of shards
_REPOSITIONINGS = 3  # for one page
_PATIENCE, _PAUSE = 60.0, 0.25  # seconds


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


class StreamReader:
    """Reads a stream, and keeps an iterator and the last sequence number of each of its shards.

    An error that passes does not end the reading: the page has no records then, and the next call reads it again. If an
    iterator has expired, its shard is read from behind the last record; if the next record was trimmed, from the oldest
    one that is left. A shard that no longer exists has ended.

    Args:
        client: A boto3 ``dynamodbstreams`` client of any engine.
        stream_arn: The stream, as ``LatestStreamArn`` of its table names it.
        clock: Returns the time, in seconds since the epoch.
        patience: Seconds for which one request may fail without an end.
        note: Receives a sentence for each kind of error, once.

    Raises:
        StreamLostError: The stream no longer exists, or the patience has ended.

    Example:
        >>> reader = StreamReader(engine.client("dynamodbstreams"), stream_arn)  # doctest: +SKIP
        >>> [len(reader.page(shard.shard_id, Position("TRIM_HORIZON")).records) for shard in reader.shards()]
        ... # doctest: +SKIP
        [12]
    """

    def __init__(
        self,
        client: StreamsClient,
        stream_arn: str,
        *,
        clock: Callable[[], float] = time.time,
        patience: float = math.inf,
        note: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._client = client
        self._stream_arn = stream_arn
        self._requests = RepeatedRequests(stream_arn, clock, patience, note)
        self._clock = clock
        self._cursors: dict[str, ShardCursor] = {}
        self._shards: list[ListedShard] = []

    @property
    def failing(self) -> bool:
        """Whether a request has failed that is to be repeated."""
        return self._requests.failing

    def shards(self) -> list[ListedShard]:
        """List the shards, parents before their children; the last list while none can be read."""
        listed = self._requests.run(_LIST, lambda: {shard["ShardId"]: shard for shard in self._listed()})
        if listed is not None:
            # A parent that is no longer listed has been trimmed.
            parents = {name: {shard.get("ParentShardId")} & listed.keys() for name, shard in listed.items()}
            self._shards = [_listed_shard(listed[name]) for name in TopologicalSorter(parents).static_order()]
        return self._shards

    def page(self, shard_id: str, position: Position) -> RecordPage:
        """Read the next page of a shard.

        Args:
            shard_id: The shard.
            position: The position at which to start reading the shard.
        """
        if shard_id not in self._cursors:
            self._cursors[shard_id] = ShardCursor(position, self._clock)
        cursor = self._cursors[shard_id]
        page = self._requests.run(shard_id, lambda: self._page(shard_id, cursor))
        return RecordPage([], last=False, failed=True) if page is None else page

    def _page(self, shard_id: str, cursor: ShardCursor) -> RecordPage:
        try:
            for _ in range(_REPOSITIONINGS):
                try:
                    return self._next_page(shard_id, cursor)
                except Exception as error:
                    if not self._reposition(shard_id, cursor, poll_fault(error)):
                        raise
            return self._next_page(shard_id, cursor)
        except Exception as error:
            if poll_fault(error) == "shard missing" and shard_id not in {shard.shard_id for shard in self.shards()}:
                self._requests.note(f"shard {shard_id} no longer exists; reading goes on with the others", shard_id)
                return RecordPage([], last=True)
            raise

    def _next_page(self, shard_id: str, cursor: ShardCursor) -> RecordPage:
        iterator = cursor.iterator or self._new_iterator(shard_id, cursor.position)
        cursor.iterator = iterator  # for the next call too, if this one fails
        return cursor.advanced(self._client.get_records(ShardIterator=iterator))

    def _reposition(self, shard_id: str, cursor: ShardCursor, fault: PollFault | None) -> bool:
        """Move a cursor whose next page is gone; whether it was moved."""
        if fault == "trimmed":
            self._requests.note(f"records of shard {shard_id} were trimmed before they were read", shard_id)
        if fault in ("expired", "trimmed"):
            cursor.reposition(trimmed=fault == "trimmed")
            return True
        return False

    def _listed(self) -> Iterator[dict[str, Any]]:
        start: dict[str, str] = {}
        while True:
            page = self._client.describe_stream(StreamArn=self._stream_arn, **start)["StreamDescription"]
            if page.get("StreamStatus") == "DISABLED":
                self._requests.note("the stream is disabled and gets no more records", "disabled")
            yield from page["Shards"]
            if not page.get("LastEvaluatedShardId"):
                return
            start = {"ExclusiveStartShardId": page["LastEvaluatedShardId"]}

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
        >>> delivered = [lambda_record(record, stream_arn, "us-east-1") for record in records]  # doctest: +SKIP
    """
    reader = StreamReader(client, stream_arn, patience=_PATIENCE)
    shards = reader.shards()
    while reader.failing:
        time.sleep(_PAUSE)
        shards = reader.shards()
    for shard in shards:
        page = RecordPage([], last=False)
        # The first empty page ends an open shard. A closed shard may have empty pages before its last records.
        while not page.last:
            page = reader.page(shard.shard_id, Position("TRIM_HORIZON"))
            yield from page.records
            if page.failed:
                time.sleep(_PAUSE)
            elif page.empty and not shard.closed:
                break


def _listed_shard(shard: dict[str, Any]) -> ListedShard:
    closed = "EndingSequenceNumber" in shard.get("SequenceNumberRange", {})
    return ListedShard(shard["ShardId"], shard.get("ParentShardId"), closed)
