"""Recorded records run through the event source mapping, on a clock that nobody waits for.

The mapping begins when all of the records are there, as one that is switched on after the last of them was written.
Sequence numbers ascend within a shard: where they do not, another shard begins, and it is read when the one before is
done. A record of another stream begins another mapping, with a clock of its own.
"""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any
from uuid import UUID

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
from router.local.event_source_mapping.stream_record import order, stream_record
from router.outcomes import Outcome, Report

__all__ = ["Dispatch", "GivenUp", "Invocation", "Replay"]

Dispatch = Callable[[dict[str, Any], str], Report]
"""What runs an app on an event, given the request ID; what it raises fails the invocation."""

_UNDONE = ("failed", "deferred")
_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/Table/stream/2026-01-01T00:00:00.000"


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of the app.

    Args:
        time: When, in seconds since the mapping began.
        request_id: The request ID, which all retries of one batch share.
        attempt: 1 for the first try of this batch.
        records: The positions of its records among all that are replayed.
        outcomes: What became of each record at each route, with the record's position.
        response: What the app answered.
        error: What it raised, or that it took too long.
    """

    time: float
    request_id: str
    attempt: int
    records: tuple[int, ...]
    outcomes: tuple[tuple[int, Outcome], ...] = ()
    response: Mapping[str, Any] | None = None
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Records that the mapping, or the stream, has given up.

    Args:
        condition: ``RetryAttemptsExhausted``, ``RecordAgeExceeded``, or ``Trimmed``: then the stream let them go after
            24 hours and nobody is told.
        records: Their positions.
        document: What a queue as failure destination is sent; nothing for trimmed ones.
    """

    condition: str
    records: tuple[int, ...]
    document: Mapping[str, Any] | None = None


class Replay:
    """What an app makes of recorded records under an event source mapping: made by :meth:`run`.

    Args:
        records: Records as they stand in events, in the order of the stream. They are not changed.
        settings: The mapping's settings.
        dispatch: Runs the app.
        timeout: After how many seconds Lambda would end an invocation; here it ends by itself and then has failed.

    Attributes:
        invocations: The calls of the app, in order.
        given_up: What was discarded or trimmed.
        filtered_out: The positions of records that no filter took.

    Example:
        >>> from router.outcomes import Report
        >>> record = {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "1"}}
        >>> replay = Replay([record], MappingSettings(), lambda event, request_id: Report((), {})).run()
        >>> [invocation.records for invocation in replay.invocations], replay.given_up
        ([(0,)], [])
    """

    def __init__(
        self,
        records: Sequence[Mapping[str, Any]],
        settings: MappingSettings,
        dispatch: Dispatch,
        *,
        timeout: float = 60.0,
    ) -> None:
        self.records = records
        self.invocations: list[Invocation] = []
        self.given_up: list[GivenUp] = []
        self.filtered_out = [position for position, record in enumerate(records) if not settings.takes(record)]
        self._settings = settings
        self._dispatch = dispatch
        self._positions = {id(record): position for position, record in enumerate(records)}
        self._timeout = timeout
        self._numbers = itertools.count(1)
        self._now = self._began = 0.0

    def run(self) -> Replay:
        """Deliver until every record is handled, discarded or trimmed."""
        for arn, of_stream in itertools.groupby(self.records, key=_stream_arn):
            self._run(arn, list(of_stream))
        return self

    @property
    def runs(self) -> Counter[tuple[int, str]]:
        """How often each handler was given each record: by the record's position and the handler's name."""
        return Counter(
            (position, outcome.route.name)
            for invocation in self.invocations
            for position, outcome in invocation.outcomes
            if outcome.route is not None and (outcome.status == "done" or outcome.stage == "handler")
        )

    @property
    def reexecutions(self) -> dict[tuple[int, str], int]:
        """The runs of those that ran more than once."""
        return {pair: count for pair, count in sorted(self.runs.items()) if count > 1}

    @property
    def unfinished(self) -> list[int]:
        """The positions of records that the app did not finish, and that nobody gave up either.

        Lambda takes them for handled, as it does whatever a function reports that is not asked for reports.
        """
        last: dict[int, bool] = {}
        for invocation in self.invocations:
            undone = {position for position, outcome in invocation.outcomes if outcome.status in _UNDONE}
            for position in invocation.records:
                last[position] = invocation.error is not None or position in undone
        lost = {position for given_up in self.given_up for position in given_up.records}
        return [position for position in sorted(last) if last[position] and position not in lost]

    @property
    def parked(self) -> list[int]:
        """The positions of records that the app put into its parking place."""
        return sorted({position for _, position in self._with_status("parked")})

    def _with_status(self, status: str) -> Iterator[tuple[Outcome, int]]:
        for invocation in self.invocations:
            for position, outcome in invocation.outcomes:
                if outcome.status == status:
                    yield outcome, position

    def _run(self, arn: str, records: list[Mapping[str, Any]]) -> None:
        mapping = EventSourceMapping(self._settings, stream_arn=arn, idle_flush=0.0, new_id=self._new_id)
        self._began = self._now = max(stream_record(record, 0, 0.0).created for record in records)
        parent = None
        for number, shard in enumerate(_shards(records), 1):
            name = f"shardId-{number:020}-00000000"
            mapping.add_shard(name, parent)
            mapping.feed(name, shard, self._now)
            mapping.end_shard(name)
            parent = name
        while True:
            actions = mapping.poll(self._now)
            for action in actions:
                self._do(mapping, action)
            if not any(isinstance(action, Invoke) for action in actions):
                due = mapping.due_at()
                if due == math.inf:
                    return
                self._now = max(self._now, due)

    def _do(self, mapping: EventSourceMapping, action: Action) -> None:
        match action:
            case Invoke():
                for following in mapping.complete(action, self._invoke(action), self._now):
                    self._do(mapping, following)
            case Discard():
                self.given_up.append(GivenUp(action.condition, self._places(action.records), action.document))
            case Trim():
                self.given_up.append(GivenUp("Trimmed", self._places(action.records)))

    def _invoke(self, invoke: Invoke) -> Result:
        places = self._places(invoke.event["Records"])
        event = json.loads(json.dumps(invoke.event))  # what handlers do to it stays with them
        at, started = self._now - self._began, perf_counter()
        made = Invocation(at, invoke.request_id, invoke.attempt, places)
        try:
            report = self._dispatch(event, invoke.request_id)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever an app raises is a function error
            self.invocations.append(replace(made, error=error))
            return FunctionError()
        by_copy = {id(copy): place for copy, place in zip(event["Records"], places, strict=True)}
        made = replace(made, outcomes=tuple((by_copy[id(outcome.record.raw)], outcome) for outcome in report))
        if perf_counter() - started > self._timeout:
            late = TimeoutError(f"found an invocation longer than {self._timeout:g} s, its time-out")
            self.invocations.append(replace(made, error=late))
            return FunctionError()
        self.invocations.append(replace(made, response=dict(report.response)))
        return Returned(report.response)

    def _new_id(self) -> str:
        return str(UUID(int=next(self._numbers), version=4))

    def _places(self, records: Sequence[Mapping[str, Any]]) -> tuple[int, ...]:
        return tuple(self._positions[id(record)] for record in records)


def _stream_arn(record: Mapping[str, Any]) -> str:
    arn = record.get("eventSourceARN")
    return arn if isinstance(arn, str) else _ARN


def _shards(records: Sequence[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """Cut where sequence numbers do not ascend; a record without one stays with the one before."""
    shard: list[Mapping[str, Any]] = []
    last: str | None = None
    for record in records:
        number = stream_record(record, 0, 0.0).sequence_number
        if number is not None and last is not None and order(number) <= order(last):
            yield shard
            shard = []
        shard.append(record)
        last = number or last
    yield shard
