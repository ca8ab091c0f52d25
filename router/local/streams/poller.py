"""Lambda's part between a stream and a function: read shards, ask the mapping what to do, and do it.

What happens when is decided by :class:`router.local.event_source_mapping.EventSourceMapping`; this module brings the stream, the
function and the clock. Invocations run one after the other, also where the parallelization factor would let AWS run
several at a time: which records share a batch, and in what order, is the same.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from graphlib import TopologicalSorter
from typing import Any, Protocol

from router.errors import RouterError
from router.local.event_source_mapping import Action, EventSourceMapping, Invoke, Position, Result
from router.local.streams.lambda_record import StreamsClient, lambda_record, relocate

__all__ = ["Listener", "Poller", "StreamLostError", "told_arn"]

_DISCOVERY_SECONDS = 5.0
_PLACEHOLDER_ACCOUNT = "000000000000"  # of engines that know no accounts


class StreamLostError(RouterError):
    """The stream cannot be read any more: its engine ended, or somebody deleted it."""


class _ExpiredError(Exception):
    """An iterator lives for 15 minutes, and a laptop may be shut for longer; the mapping knows where it was."""


class Listener(Protocol):
    """Who is told what the mapping did beside invoking: discards, checkpoints and trims."""

    def __call__(self, action: Action, /) -> None:
        """Take note."""
        ...


class Poller:
    """Runs a function under an event source mapping over a real stream.

    https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html

    Args:
        mapping: The mapping, which knows no shard yet.
        streams: A boto3 ``dynamodbstreams`` client of the engine.
        stream_arn: The stream, as the engine calls it.
        function: What an invocation runs; it tells how that went.
        listener: Who is told of everything else.
        clock: The time, in seconds since the epoch.

    Example:
        >>> poller = Poller(mapping, engine.client("dynamodbstreams"), arn, function)  # doctest: +SKIP
        >>> while not stopped:  # doctest: +SKIP
        ...     poller.step() or time.sleep(poller.pause(0.05))
    """

    def __init__(
        self,
        mapping: EventSourceMapping,
        streams: StreamsClient,
        stream_arn: str,
        function: Callable[[Invoke], Result],
        *,
        listener: Listener = lambda _: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._mapping = mapping
        self._streams = streams
        self._arn = stream_arn
        self._told_arn = told_arn(stream_arn)
        self._function = function
        self._listener = listener
        self._clock = clock
        self._known: list[str] = []  # shards, parents before children
        self._iterators: dict[str, str] = {}
        self._discovered = -math.inf

    def step(self) -> bool:
        """Read what is there, and run what is due.

        Returns:
            Whether there was anything.

        Raises:
            StreamLostError: The engine does not answer, or there is no such stream any more.
        """
        self._discover()
        read = [self._read(shard_id) for shard_id in self._known]
        return self._act() or any(read)

    def pause(self, longest: float) -> float:
        """How long to do nothing when :meth:`step` found nothing to do, in seconds.

        Args:
            longest: The time after which the stream wants to be looked at again.
        """
        due = min(self._mapping.due_at(), self._mapping.flush_at()) - self._clock()
        return min(max(due, 0.0), longest)

    def _act(self) -> bool:
        actions = self._mapping.poll(self._clock())
        invokes = [action for action in actions if isinstance(action, Invoke)]
        # What is told comes before what is done, or a checkpoint would be told after the one that follows it.
        for action in actions:
            if not isinstance(action, Invoke):
                self._listener(action)
        for invoke in invokes:
            for following in self._mapping.complete(invoke, self._function(invoke), self._clock()):
                self._listener(following)
        return bool(invokes)

    def _discover(self) -> None:
        """Look for shards, parents first, now and then and whenever one has come to its end."""
        now = self._clock()
        if now - self._discovered < _DISCOVERY_SECONDS:
            return
        self._discovered = now
        shards = {shard["ShardId"]: shard.get("ParentShardId") for shard in self._shards()}
        # A parent that is no longer listed was trimmed: there is nothing of it to wait for.
        lineage = TopologicalSorter({name: {parent} & shards.keys() for name, parent in shards.items()})
        for name in lineage.static_order():
            if name not in self._known:
                self._mapping.add_shard(name, shards[name])
                self._known.append(name)

    def _shards(self) -> Iterator[dict[str, Any]]:
        names: dict[str, Any] = {"StreamArn": self._arn}
        while True:
            page = self._call(self._streams.describe_stream, **names)["StreamDescription"]
            yield from page["Shards"]
            if not page.get("LastEvaluatedShardId"):
                return
            names["ExclusiveStartShardId"] = page["LastEvaluatedShardId"]

    def _read(self, shard_id: str) -> bool:
        """Hand a page of a shard to the mapping, if it may be read by now; whether there was anything in it."""
        position = self._mapping.position(shard_id)
        if position is None:
            return False
        page = self._page(shard_id, position)
        region = self._told_arn.split(":")[3]
        records = [lambda_record(record, self._told_arn, region) for record in page["Records"]]
        self._mapping.feed(shard_id, records, self._clock())
        following = page.get("NextShardIterator")
        if following is None:
            self._iterators.pop(shard_id, None)
            self._mapping.end_shard(shard_id)
            self._discovered = -math.inf
        else:
            self._iterators[shard_id] = following
        return bool(records)

    def _page(self, shard_id: str, position: Position) -> Any:
        known = self._iterators.get(shard_id)
        if known is not None:
            with suppress(_ExpiredError):
                return self._call(self._streams.get_records, ShardIterator=known)
        return self._call(self._streams.get_records, ShardIterator=self._iterator(shard_id, position))

    def _iterator(self, shard_id: str, position: Position) -> str:
        names = {"StreamArn": self._arn, "ShardId": shard_id, "ShardIteratorType": position.type}
        if position.sequence_number is not None:
            names["SequenceNumber"] = position.sequence_number
        return str(self._call(self._streams.get_shard_iterator, **names)["ShardIterator"])

    def _call(self, operation: Callable[..., Any], **names: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return operation(**names)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "ExpiredIteratorException":
                raise _ExpiredError from error
            raise self._lost(error) from error
        except BotoCoreError as error:
            raise self._lost(error) from error

    def _lost(self, error: Exception) -> StreamLostError:
        return StreamLostError(f"the stream {self._arn} cannot be read any more: {error}")


def told_arn(stream_arn: str) -> str:
    """A stream's ARN as records tell it: with a region and an account where an engine has neither.

    Args:
        stream_arn: The ARN as the engine calls it.

    Example:
        >>> told_arn("arn:aws:dynamodb:ddblocal:000000000000:table/Shop")
        'arn:aws:dynamodb:us-east-1:123456789012:table/Shop'
    """
    return relocate(stream_arn) if stream_arn.split(":")[4] == _PLACEHOLDER_ACCOUNT else stream_arn
