"""The sources of a simulated soak: what each does with the answer of a function, until every record is settled."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from router.local.event_source_mapping import (
    Action,
    Discard,
    EventSourceMapping,
    FunctionError,
    Invoke,
    Result,
    Returned,
)
from router.local.event_source_mapping.virtual_clock import VirtualClock
from tests.soak.histories import Json, Write
from tests.soak.stream_mapping import settings_of_soak
from tests.sources.deliveries import message, on_kinesis

__all__ = ["SOURCES", "Answer", "Json"]

Answer = Json | None
"""The response of a function; ``None`` for a function error."""

Invocation = Callable[[list[Json], Callable[[list[Json]], Any]], Answer]
"""Delivers records, given a function that makes the event of them."""

_START = 1_767_312_000
_BATCH = 100
_FEW = 10  # messages in a batch
_MOST_TRIES = 9
_DUPLICATES = 0.005
_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/soak/stream/2026-01-01T00:00:00.000"


class Images:
    """The table: makes the record of each write, with both images."""

    def __init__(self) -> None:
        self._images: dict[str, Json] = {}

    def record(self, write: Write, count: int) -> Json:
        """The record of a write, which is the one with this count in the stream."""
        body: Json = {
            "ApproximateCreationDateTime": _START + count // 100,
            "Keys": {"pk": {"S": write.item}},
            "SequenceNumber": f"{count:021}",
            "SizeBytes": 100,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        }
        old = self._images.pop(write.item, None)
        if write.event != "REMOVE":
            body["NewImage"] = self._images[write.item] = write.attributes
        if old is not None:
            body["OldImage"] = old
        return {
            "eventID": f"e{count}",
            "eventName": write.event,
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "us-east-1",
            "dynamodb": body,
            "eventSourceARN": _ARN,
        }


class Source(Protocol):
    """One kind of delivery."""

    images: Images

    def deliver(self, records: list[Json]) -> None:
        """Deliver records until each is handled or given up."""
        ...


class Stream:
    """DynamoDB Streams, by the state machine of the event source mapping; also a pipe to Kinesis in front of it."""

    def __init__(
        self, invoke: Invocation, give_up: Callable[[list[Json]], None], chosen: random.Random, *, kinesis: bool = False
    ) -> None:
        self.images = Images()
        self._call = invoke
        self._give_up = give_up
        self._chosen = chosen
        self._kinesis = kinesis
        self._clock = VirtualClock(float(_START))
        self._mapping = EventSourceMapping(settings_of_soak())
        self._mapping.add_shard("shard")
        self._count = 0

    def deliver(self, records: list[Json]) -> None:
        self._mapping.feed("shard", self._in_shard(records), self._clock.now)
        self._clock.run(self._mapping, self._invoke, self._listen)

    def _in_shard(self, records: list[Json]) -> list[Json]:
        """The records; Kinesis may have one twice, and numbers them anew."""
        if not self._kinesis:
            return records
        found: list[Json] = []
        for record in records:
            for _ in range(1 + (self._chosen.random() < _DUPLICATES)):
                self._count += 1
                found.append(record | {"dynamodb": record["dynamodb"] | {"SequenceNumber": str(self._count)}})
        return found

    def _invoke(self, invoke: Invoke) -> Result:
        records = invoke.event["Records"]
        numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in records]

        def wrap(delivered: list[Json]) -> Json:
            if not self._kinesis:
                return {"Records": delivered}
            return {"Records": [on_kinesis(*each) for each in zip(delivered, numbers, strict=True)]}

        answer = self._call(records, wrap)
        return FunctionError() if answer is None else Returned(answer)

    def _listen(self, action: Action) -> None:
        if isinstance(action, Discard):
            self._give_up([dict(record) for record in action.records])


class Kinesis(Stream):
    """A Kinesis data stream that carries the changes."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments, kinesis=True)


class Pipe:
    """A pipe of EventBridge on a stream: only what is reported comes again, and the stream waits for it.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-batching-concurrency.html
    """

    def __init__(self, invoke: Invocation, give_up: Callable[[list[Json]], None], chosen: random.Random) -> None:
        self.images = Images()
        self._call = invoke
        self._give_up = give_up

    def deliver(self, records: list[Json]) -> None:
        for start in range(0, len(records), _BATCH):
            self._deliver_batch(records[start : start + _BATCH])

    def _deliver_batch(self, batch: list[Json]) -> None:
        tries = 0
        while batch:
            answer = self._call(batch, lambda delivered: delivered)
            tries += 1
            left = batch if answer is None else _reported(answer, batch, [each["eventID"] for each in batch])
            if len(left) < len(batch):
                tries = 0
            elif tries >= _MOST_TRIES and len(batch) > 1:  # AUTOMATIC_BISECT
                middle = len(batch) // 2
                self._deliver_batch(batch[:middle])
                left, tries = batch[middle:], 0
            elif tries >= _MOST_TRIES:
                self._give_up(batch)
                return
            batch = left


class Queue:
    """A queue of SQS whose messages carry the changes, each until it is deleted or received too often."""

    def __init__(self, invoke: Invocation, give_up: Callable[[list[Json]], None], chosen: random.Random) -> None:
        self.images = Images()
        self._call = invoke
        self._give_up = give_up
        self._chosen = chosen
        self._tries: dict[str, int] = {}

    def deliver(self, records: list[Json]) -> None:
        waiting = deque(records)
        while waiting:
            batch = self._received(waiting)
            failed = self._answered(batch, group=False)
            waiting.extend(failed)
            if self._chosen.random() < _DUPLICATES:
                waiting.append(batch[0])  # a standard queue may deliver a message again

    def _received(self, waiting: deque[Json]) -> list[Json]:
        """Some messages, in no order."""
        waiting.rotate(self._chosen.randrange(len(waiting)))
        return [waiting.popleft() for _ in range(min(_FEW, len(waiting)))]

    def _answered(self, batch: list[Json], *, group: bool) -> list[Json]:
        """Deliver a batch; the messages that come again. What was received too often is a dead letter."""
        numbers = [int(each["eventID"][1:]) for each in batch]
        items = [each["dynamodb"]["Keys"]["pk"]["S"] for each in batch]

        def wrap(delivered: list[Json]) -> Json:
            each = zip(delivered, numbers, items, strict=True)
            return {"Records": [message(record, number, item if group else None) for record, number, item in each]}

        answer = self._call(batch, wrap)
        failed = batch if answer is None else _reported(answer, batch, [f"m{number}" for number in numbers])
        again = []
        for each in failed:
            self._tries[each["eventID"]] = tries = self._tries.get(each["eventID"], 0) + 1
            if tries < _MOST_TRIES:
                again.append(each)
            else:
                self._give_up([each])
        return again


class FifoQueue(Queue):
    """A FIFO queue in which every item is a group."""

    def deliver(self, records: list[Json]) -> None:
        groups: dict[str, deque[Json]] = {}
        for record in records:
            groups.setdefault(record["dynamodb"]["Keys"]["pk"]["S"], deque()).append(record)
        while groups:
            batch: list[Json] = []
            while groups and len(batch) < _FEW:
                name = self._chosen.choice(list(groups))
                members = groups.pop(name)
                batch += [members.popleft() for _ in range(min(_FEW - len(batch), len(members)))]
                if members:
                    groups[name] = members
                    break
            for each in reversed(self._answered(batch, group=True)):
                groups.setdefault(each["dynamodb"]["Keys"]["pk"]["S"], deque()).appendleft(each)


def _reported(answer: Json, batch: list[Json], identifiers: list[str]) -> list[Json]:
    """The records that an answer reports; all of them where it names an unknown one."""
    failures = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
    if not failures <= set(identifiers):
        return batch
    return [record for record, identifier in zip(batch, identifiers, strict=True) if identifier in failures]


SOURCES: dict[str, Callable[..., Source]] = {
    "streams": Stream,
    "kinesis": Kinesis,
    "pipes": Pipe,
    "sqs": Queue,
    "fifo": FifoQueue,
}
