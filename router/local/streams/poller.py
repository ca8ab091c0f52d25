"""Run a function on the records of a real stream, as Lambda's event source mapping does.

:class:`router.local.event_source_mapping.EventSourceMapping` decides what happens when; this module supplies the
stream, the function and the clock. Invocations run one after the other, even where the parallelization factor lets
Lambda run several at a time: the batches and the order of their records are the same.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Protocol

from router.local.event_source_mapping import Action, EventSourceMapping, Invoke, Result
from router.local.streams.reader import StreamReader, StreamsClient
from router.local.streams.stream_arn import event_source_arn
from router.sources.lambda_record import lambda_record

__all__ = ["Listener", "Poller"]

_DISCOVERY_SECONDS = 5.0


class Listener(Protocol):
    """Receives the mapping's actions other than invocations: discards, checkpoints and trims."""

    def __call__(self, action: Action, /) -> None:
        """Receive an action."""
        ...


class Poller:
    """Runs a function under an event source mapping over a real stream.

    https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html

    Args:
        mapping: The mapping, without shards.
        streams: A boto3 ``dynamodbstreams`` client of the engine.
        stream_arn: The stream's ARN at the engine.
        function: Runs an invocation and returns its result.
        listener: Receives all other actions.
        clock: Returns the time, in seconds since the epoch.
        note: Receives a sentence for each kind of error that reading outlasts, once.

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
        note: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._mapping = mapping
        self._reader = StreamReader(streams, stream_arn, clock=clock, note=note)
        self._event_source_arn = event_source_arn(stream_arn)
        self._region = self._event_source_arn.split(":")[3]
        self._function = function
        self._listener = listener
        self._clock = clock
        self._shard_ids: list[str] = []  # parents before children
        self._discovered = -math.inf

    def step(self) -> bool:
        """Read a page of each shard, and run the invocations that are due.

        Returns:
            Whether there was a record or an invocation.

        Raises:
            StreamLostError: The stream no longer exists, or the engine has not answered for too long.
        """
        self._discover()
        read = [self._read(shard_id) for shard_id in self._shard_ids]
        return self._act() or any(read)

    def pause(self, longest: float) -> float:
        """The time until the next action is due, in seconds, for after a :meth:`step` without records.

        Args:
            longest: The time after which to read the stream again, in seconds.
        """
        due = min(self._mapping.due_at(), self._mapping.flush_at()) - self._clock()
        return min(max(due, 0.0), longest)

    def _act(self) -> bool:
        actions = self._mapping.poll(self._clock())
        invokes = [action for action in actions if isinstance(action, Invoke)]
        # Other actions come first: an invocation's result may be followed by a later checkpoint of the same shard.
        for action in actions:
            if not isinstance(action, Invoke):
                self._listener(action)
        for invoke in invokes:
            for following in self._mapping.complete(invoke, self._function(invoke), self._clock()):
                self._listener(following)
        return bool(invokes)

    def _discover(self) -> None:
        """List the shards from time to time, and whenever a shard has ended."""
        now = self._clock()
        if now - self._discovered < _DISCOVERY_SECONDS:
            return
        shards = self._reader.shards()
        self._discovered = now if shards else -math.inf
        for shard in shards:
            if shard.shard_id not in self._shard_ids:
                self._mapping.add_shard(shard.shard_id, shard.parent_id)
                self._shard_ids.append(shard.shard_id)

    def _read(self, shard_id: str) -> bool:
        """Feed a page of a shard to the mapping; whether it held records."""
        position = self._mapping.position(shard_id)
        if position is None:  # its parent is not finished
            return False
        page = self._reader.page(shard_id, position)
        records = [lambda_record(record, self._event_source_arn, self._region) for record in page.records]
        self._mapping.feed(shard_id, records, self._clock())
        if page.last:
            self._mapping.end_shard(shard_id)
            self._discovered = -math.inf
        return bool(records)
