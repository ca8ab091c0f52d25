"""The mapping's state machine on a virtual clock, record by record: the reference of the simulation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from router.local.event_source_mapping import (
    Action,
    Discard,
    EventSourceMapping,
    FunctionError,
    Invoke,
    MappingSettings,
    Result,
    Returned,
    Trim,
)
from router.local.simulate.arrivals import Arrivals
from router.local.simulate.function import SimulatedFunction

SHARD = "shardId-00000001789651619772-2a9e5aad"


@dataclass
class Exact:
    """One shard, polled as in a simulation, and the state machine's actions."""

    arrivals: Arrivals
    poison: Sequence[int]
    settings: MappingSettings
    function: SimulatedFunction
    starts: list[float] = field(default_factory=list)
    lanes: list[int] = field(default_factory=list)
    batches: list[list[int]] = field(default_factory=list)
    failures: int = 0
    discards: list[Discard] = field(default_factory=list)
    trimmed: int = 0
    executed: list[int] = field(default_factory=list)
    _ended: dict[int, float] = field(default_factory=dict)

    def run(self) -> Exact:
        mapping = EventSourceMapping(self.settings)
        mapping.add_shard(SHARD)
        poll, read = self.arrivals.poll, self.arrivals.read
        end = self.arrivals.end * poll
        tick, fed, now = 0, 0, 0.0
        flying: dict[int, tuple[Invoke, Result, float]] = {}
        while now < end:
            while tick < len(read) and tick * poll <= now:
                mapping.feed(SHARD, [self.record(number) for number in range(fed, read[tick])], now)
                fed, tick = read[tick], tick + 1
            for lane, (invoke, result, until) in list(flying.items()):
                if until <= now:
                    self._note(mapping.complete(invoke, result, now))
                    del flying[lane]
            actions = mapping.poll(now)
            self._note(actions)
            for action in actions:
                if isinstance(action, Invoke):
                    flying[action.lane] = self._invoke(action, now)
            due = mapping.due_at()
            # What is due already waits for nothing but the next change.
            ends = [until for _, _, until in flying.values()]
            now = min(tick * poll, due if due > now else math.inf, *ends)
        for invoke, result, until in flying.values():
            self._note(mapping.complete(invoke, result, until))
        return self

    @property
    def exhausted(self) -> int:
        return sum(len(each.records) for each in self.discards if each.condition == "RetryAttemptsExhausted")

    @property
    def aged(self) -> int:
        return sum(len(each.records) for each in self.discards if each.condition == "RecordAgeExceeded")

    def record(self, number: int) -> dict[str, Any]:
        return {
            "dynamodb": {
                "ApproximateCreationDateTime": self.arrivals.written_at(number) * self.arrivals.poll,
                "Keys": {"id": {"N": str(number)}},
                "SequenceNumber": str(number + 1),
            }
        }

    def _invoke(self, invoke: Invoke, now: float) -> tuple[Invoke, Result, float]:
        batch = [int(record["dynamodb"]["SequenceNumber"]) - 1 for record in invoke.event["Records"]]
        cold = (
            self.function.cold_start if now - self._ended.get(invoke.lane, -math.inf) > self.function.keep_warm else 0.0
        )
        bad = next((at for at, number in enumerate(batch) if number in self.poison), len(batch))
        reached = batch[: bad + 1]
        seconds = self.function.duration(len(reached))
        if seconds > self.function.timeout:
            seconds, failed = self.function.timeout, True
            reached = reached[: self.function.reached(1.0, len(reached))]
            answer: Result = FunctionError()
        elif failed := bad < len(batch):
            identifier = {"itemIdentifier": str(batch[bad] + 1)}
            answer = Returned({"batchItemFailures": [identifier]}) if self.settings.reports else FunctionError()
        else:
            answer = Returned({})
        self.starts.append(now)
        self.batches.append(batch)
        self.executed.extend(reached)
        self.failures += failed
        self.lanes.append(invoke.lane)
        self._ended[invoke.lane] = now + seconds + cold
        return invoke, answer, now + seconds + cold

    def _note(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Discard():
                    self.discards.append(action)
                case Trim():
                    self.trimmed += len(action.records)
