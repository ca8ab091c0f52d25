"""The event source mapping: takes records and the time, and returns actions.

It has no thread, no clock and no network. Its caller reads a stream, invokes a function and passes on both results.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from router.errors import RouterError
from router.local.event_source_mapping.actions import Action, Checkpoint, Invoke, Trim
from router.local.event_source_mapping.batches import PendingBatch, chunks, fate
from router.local.event_source_mapping.failure_documents import Discard, Origin, discard
from router.local.event_source_mapping.lanes import Lane, lane_of
from router.local.event_source_mapping.responses import Failure, Result, Throttled, Verdict, judge
from router.local.event_source_mapping.retries import Backoff, back_off, put_off, resolve
from router.local.event_source_mapping.settings import MappingSettings, MappingSettingsError
from router.local.event_source_mapping.shards import Position, Shard
from router.local.event_source_mapping.stream_record import StreamRecord, stream_record
from router.local.event_source_mapping.windows import IDLE_FLUSH

__all__ = ["EventSourceMapping"]


def _counted_ids() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: str(UUID(int=next(numbers), version=4))


class EventSourceMapping:
    """Lambda's event source mapping over a DynamoDB stream, as a state machine.

    https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html

    Args:
        settings: The parameters.
        function_arn: The function's ARN, with a version or an alias if it has one.
        stream_arn: The stream.
        executed_version: The function's version in failure documents.
        uuid: The mapping's UUID.
        checkpoints: The checkpoints of an earlier mapping, by shard.
        wait: Returns the delay in seconds after a batch's first, second... failure.
        new_id: Makes request IDs.
        idle_flush: Seconds after its end at which a tumbling window closes without a later record.

    Raises:
        MappingSettingsError: The starting position does not exist for DynamoDB Streams.

    Example:
        >>> from router.local.event_source_mapping import Returned
        >>> mapping = EventSourceMapping(MappingSettings(batch_size=2))
        >>> mapping.add_shard("shard-1")
        >>> mapping.feed("shard-1", [{"dynamodb": {"SequenceNumber": str(number)}} for number in (1, 2, 3)], now=0.0)
        >>> (first,) = mapping.poll(now=0.0)
        >>> [record["dynamodb"]["SequenceNumber"] for record in first.event["Records"]]
        ['1', '2']
        >>> mapping.complete(first, Returned(), now=1.0)
        [Checkpoint(shard_id='shard-1', sequence_number='2')]
    """

    def __init__(
        self,
        settings: MappingSettings,
        *,
        function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:handler",
        stream_arn: str = "arn:aws:dynamodb:us-east-1:123456789012:table/Table/stream/2026-01-01T00:00:00.000",
        executed_version: str = "$LATEST",
        uuid: str = "00000000-0000-4000-8000-000000000000",
        checkpoints: Mapping[str, str] | None = None,
        wait: Backoff = back_off,
        new_id: Callable[[], str] | None = None,
        idle_flush: float = IDLE_FLUSH,
    ) -> None:
        if settings.starting_position == "AT_TIMESTAMP":
            message = f"Unsupported starting position for arn type: {stream_arn}"
            raise MappingSettingsError("InvalidParameterValueException", message)
        self.settings = settings
        self.enabled = settings.enabled
        self.last_processing_result = "No records processed"
        self.metrics: Counter[str] = Counter()
        self._origin = Origin(function_arn, stream_arn, executed_version, uuid)
        self._checkpoints = dict(checkpoints or {})
        self._wait = wait
        self._new_id = new_id or _counted_ids()
        self._idle_flush = idle_flush
        self._shards: dict[str, Shard] = {}
        self._started = False

    def add_shard(self, shard_id: str, parent: str | None = None) -> None:
        """Add a shard; a shard that was added before stays unchanged.

        Args:
            shard_id: The shard.
            parent: Its parent, which must be added first. A parent that is not added counts as trimmed.
        """
        if shard_id in self._shards:
            return
        arn, factor = self._origin.stream_arn, self.settings.parallelization_factor
        lanes = [Lane(self.settings, self._new_id, shard_id, arn, self._idle_flush) for _ in range(factor)]
        self._shards[shard_id] = Shard(shard_id, parent, lanes, self._start(shard_id))

    def end_shard(self, shard_id: str) -> None:
        """End a shard: it has no more records."""
        self._shards[shard_id].ended = True

    def position(self, shard_id: str) -> Position | None:
        """The next position to read; ``None`` after its end, before its parent has finished, and when disabled."""
        shard = self._shards[shard_id]
        return shard.position if self.enabled and self._readable(shard) and not shard.ended else None

    def feed(self, shard_id: str, records: Iterable[Mapping[str, Any]], now: float) -> None:
        """Add records of a shard; records that no filter matches count as handled.

        Args:
            shard_id: The shard.
            records: The records in the order of the shard, as in a Lambda event. They are not changed.
            now: The time, in seconds since the epoch.
        """
        shard = self._shards[shard_id]
        for raw in records:
            self.metrics["PolledEventCount"] += 1
            record = stream_record(raw, shard.next_position(), now)
            shard.read(record)
            if self.settings.takes(raw):
                shard.lanes[lane_of(raw, len(shard.lanes))].pending.append(record)
            else:
                self.metrics["FilteredOutEventCount"] += 1
                shard.settle((record,))

    def poll(self, now: float) -> list[Action]:
        """The actions that are due: invocations, discards, trims and checkpoints.

        Args:
            now: The time, in seconds since the epoch.
        """
        self._started = True
        actions: list[Action] = []
        if self.enabled:
            for shard in self._shards.values():
                if self._readable(shard):
                    for number, lane in enumerate(shard.lanes):
                        actions.extend(self._advance(shard, number, lane, now))
                actions.extend(_new_checkpoint(shard))
        return actions

    def complete(self, invoke: Invoke, result: Result, now: float) -> list[Action]:
        """Pass on the result of an invocation; poll again afterwards.

        Args:
            invoke: The invocation.
            result: Its result.
            now: The time, in seconds since the epoch.

        Returns:
            The actions that follow: discards and checkpoints.

        Raises:
            RouterError: The invocation is not in progress.
        """
        shard = self._shards[invoke.shard_id]
        lane = shard.lanes[invoke.lane]
        batch = lane.in_flight
        if batch is None or batch.request_id != invoke.request_id:
            msg = f"found the result of invocation {invoke.request_id}, expected one in progress in {invoke.shard_id}"
            raise RouterError(msg)
        lane.in_flight = None
        lane.free_since = now
        if isinstance(result, Throttled):
            lane.work.append(put_off(batch, now, self._wait))
            return []
        verdict = judge(result, batch.records, self.settings)
        self._note(batch, verdict)
        return [
            *self._apply(shard, lane, replace(batch, attempts=batch.attempts + 1), verdict, now),
            *_new_checkpoint(shard),
        ]

    def due_at(self) -> float:
        """The time at which pending records need the next :meth:`poll`, in seconds since the epoch; else infinity."""
        return min((lane.due_at(ended=shard.ended) for shard, lane in self._waiting()), default=math.inf)

    def flush_at(self) -> float:
        """The time at which a tumbling window closes without a later record, in seconds since the epoch."""
        return min((lane.flushed_at() for _, lane in self._waiting()), default=math.inf)

    def _start(self, shard_id: str) -> Position:
        if shard_id in self._checkpoints:
            return Position("AFTER_SEQUENCE_NUMBER", self._checkpoints[shard_id])
        # A shard that appears later holds no record older than the mapping.
        latest = self.settings.starting_position == "LATEST" and not self._started
        return Position("LATEST" if latest else "TRIM_HORIZON")

    def _readable(self, shard: Shard) -> bool:
        parent = self._shards.get(shard.parent or "")
        return parent is None or parent.finished

    def _waiting(self) -> Iterator[tuple[Shard, Lane]]:
        if self.enabled:
            for shard in self._shards.values():
                if self._readable(shard):
                    yield from ((shard, lane) for lane in shard.lanes if lane.in_flight is None)

    def _advance(self, shard: Shard, number: int, lane: Lane, now: float) -> Iterator[Action]:
        """Process a lane until it waits for a record, a time or a result."""
        while lane.in_flight is None:
            if not lane.work:
                taken = lane.form(now, ended=shard.ended)
                yield from self._expire(shard, lane, taken.expired, None, now)
            if not lane.work or lane.work[-1].not_before > now:
                return
            batch = lane.work.pop()
            if lane.window_expired(batch, now):
                lane.close_window()
            elif expired := [each for each in batch.records if fate(each, now, self.settings) != "live"]:
                yield from self._expire(shard, lane, expired, batch, now)
                self._requeue(lane, batch, expired)
            elif lane.oversized(batch):
                attempted = replace(batch, attempts=batch.attempts + 1)
                yield from self._apply(shard, lane, attempted, Failure(sent=False), now)
            else:
                lane.in_flight = batch
                self.metrics["InvokedEventCount"] += len(batch.records)
                yield Invoke(shard.shard_id, number, batch.request_id, batch.attempts + 1, lane.event(batch))

    def _expire(
        self, shard: Shard, lane: Lane, expired: Sequence[StreamRecord], batch: PendingBatch | None, now: float
    ) -> Iterator[Action]:
        """Discard or trim expired records."""
        for found, records in chunks(expired, now, self.settings):
            shard.settle(records)
            if found == "trimmed":
                yield Trim(shard.shard_id, tuple(record.raw for record in records))
            else:
                part = replace(batch, records=records) if batch else PendingBatch(records, self._new_id())
                yield self._discard(shard, lane, part, now, None)

    def _requeue(self, lane: Lane, batch: PendingBatch, expired: Sequence[StreamRecord]) -> None:
        """Put the other records of a batch back as a new batch."""
        gone = {record.position for record in expired}
        left = tuple(record for record in batch.records if record.position not in gone)
        if left:
            lane.work.append(PendingBatch(left, self._new_id(), window=batch.window))

    def _apply(self, shard: Shard, lane: Lane, batch: PendingBatch, verdict: Verdict, now: float) -> Iterator[Action]:
        """Apply the next step of a batch after an attempt."""
        following = resolve(batch, verdict, self.settings, now, self._wait, self._new_id)
        lane.work.extend(reversed(following.work))
        shard.settle(following.handled)
        if not isinstance(verdict, Failure):
            lane.remember(batch, verdict.state)
        if following.exhausted is not None:
            yield self._discard(shard, lane, batch, now, following.exhausted)
            shard.settle(batch.records)
            if batch.final:
                lane.close_window()

    def _discard(self, shard: Shard, lane: Lane, batch: PendingBatch, now: float, failure: Failure | None) -> Discard:
        if self.settings.destination:
            self.metrics["OnFailureDestinationDeliveredEventCount"] += len(batch.records)
        return discard(self._origin, shard.shard_id, batch, lane.event(batch), now, failure)

    def _note(self, batch: PendingBatch, verdict: Verdict) -> None:
        failed = isinstance(verdict, Failure)
        if failed:
            self.metrics["FailedInvokeEventCount"] += len(batch.records)
        self.last_processing_result = "PROBLEM: Function call failed" if failed else "OK"


def _new_checkpoint(shard: Shard) -> Iterator[Checkpoint]:
    """The checkpoint of a shard, if it has moved since the last action."""
    if shard.checkpoint is not None and shard.checkpoint != shard.reported:
        shard.reported = shard.checkpoint
        yield Checkpoint(shard.shard_id, shard.checkpoint)
