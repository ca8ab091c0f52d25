"""Drives a mapping on its own clock, with a function whose results the test gives."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from router.local.event_source_mapping import (
    Checkpoint,
    Discard,
    EventSourceMapping,
    FunctionError,
    Invoke,
    MappingSettings,
    Result,
    Returned,
    Trim,
)

SHARD = "shardId-00000001789651619772-2a9e5aad"
START = 1_789_651_620.0  # 2026-09-17T13:27:00Z
REPORT = ["ReportBatchItemFailures"]

Json = dict[str, Any]
Answer = Callable[[list[int]], Result]


def record(number: int, created: float = START, key: str | None = None, **body: Any) -> Json:
    """A record with a sequence number; each is of another item unless a key is given."""
    keys = {"id": {"S": str(number) if key is None else key}}
    return {
        "eventID": f"e{number}",
        "eventName": "INSERT",
        "dynamodb": {"ApproximateCreationDateTime": created, "Keys": keys, "SequenceNumber": str(number), **body},
    }


def records(*numbers: int) -> list[Json]:
    return [record(number) for number in numbers]


def numbers(records: Iterable[Any]) -> list[int]:
    return [int(record["dynamodb"]["SequenceNumber"]) for record in records]


def succeed(_: list[int]) -> Result:
    return Returned({"state": {}})


def fail(_: list[int]) -> Result:
    return FunctionError()


def fail_on(*bad: int) -> Answer:
    """Fail if one of these records is in the batch."""
    return lambda batch: FunctionError() if set(bad) & set(batch) else Returned({"state": {}})


def report(*bad: int) -> Answer:
    """Report those of these records that are in the batch."""

    def answer(batch: list[int]) -> Result:
        failures = [{"itemIdentifier": str(number)} for number in bad if number in batch]
        return Returned({"batchItemFailures": failures, "state": {}})

    return answer


class Driver:
    """A mapping and its actions: invocations, their times and request IDs, discards, checkpoints.

    Args:
        answer: The function's result for the sequence numbers of a batch.
        seconds: The duration of each invocation.
        settings: The mapping's settings.
    """

    def __init__(self, answer: Answer = succeed, *, seconds: float = 0.0, shard: bool = True, **settings: Any) -> None:
        self.answer = answer
        self.seconds = seconds
        self.now = START
        self.mapping = EventSourceMapping(MappingSettings.of(settings))
        self.invokes: list[Invoke] = []
        self.times: list[float] = []
        self.discards: list[Discard] = []
        self.checkpoints: list[Checkpoint] = []
        self.trims: list[Trim] = []
        if shard:
            self.mapping.add_shard(SHARD)

    def feed(self, *raws: Json, shard: str = SHARD) -> Driver:
        self.mapping.feed(shard, raws, self.now)
        return self

    def advance(self, seconds: float) -> Driver:
        self.now += seconds
        return self

    def step(self) -> bool:
        """Act on what is due; whether the function was invoked."""
        actions = self.mapping.poll(self.now)
        for action in actions:
            self._note(action)
        invokes = [action for action in actions if isinstance(action, Invoke)]
        for invoke in invokes:
            self.times.append(self.now - START)
            self.invokes.append(invoke)
            result = self.answer(numbers(invoke.event["Records"]))
            self.now += self.seconds
            for action in self.mapping.complete(invoke, result, self.now):
                self._note(action)
        return bool(invokes)

    def run(self) -> Driver:
        """Act until no record is pending."""
        while self.step() or self.mapping.due_at() < math.inf:
            if (due := self.mapping.due_at()) < math.inf:
                self.now = max(self.now, due)
        return self

    def _note(self, action: Any) -> None:
        match action:
            case Discard():
                self.discards.append(action)
            case Checkpoint():
                self.checkpoints.append(action)
            case Trim():
                self.trims.append(action)

    @property
    def batches(self) -> list[list[int]]:
        return [numbers(invoke.event["Records"]) for invoke in self.invokes]

    @property
    def ids(self) -> list[str]:
        return [invoke.request_id for invoke in self.invokes]

    @property
    def discarded(self) -> list[tuple[str, list[int], int]]:
        """Condition, records and invocation count of each document."""
        return [
            (each.condition, numbers(each.records), each.document["requestContext"]["approximateInvokeCount"])
            for each in self.discards
        ]

    @property
    def checkpointed(self) -> list[int]:
        return [int(each.sequence_number) for each in self.checkpoints]
