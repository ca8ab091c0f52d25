"""Run an app on recorded records under the event source mapping, on a virtual clock.

The mapping starts when the last record has been written, and its clock is the app's: records have the ages that they
had then. Only the function's time-out runs in real time. Within a shard sequence numbers ascend: where they do not, a
child shard begins. A record of another stream begins another mapping, with its own clock.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any
from uuid import UUID

from router.context import Clock, running_on
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
from router.local.event_source_mapping.virtual_clock import VirtualClock
from router.outcomes import UNDONE, Outcome, Report

__all__ = ["AppCall", "Dispatch", "GivenUp", "Replay"]

Dispatch = Callable[[dict[str, Any], str], Report]
"""Runs an app on an event with a request ID; an exception fails the invocation."""

_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/Table/stream/2026-01-01T00:00:00.000"


@dataclass(frozen=True, slots=True)
class AppCall:
    """One call of the app.

    Args:
        time: Seconds since the mapping started.
        request_id: The request ID, which all attempts of one batch share.
        attempt: 1 for the first attempt of this batch.
        records: The positions of its records among all replayed records.
        outcomes: Each record's outcome at each route, with the record's position.
        response: The app's response.
        error: The app's exception, or a TimeoutError.
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
    """Records that the mapping discarded, or that left the stream unhandled.

    Args:
        condition: ``RetryAttemptsExhausted``, ``RecordAgeExceeded``, or ``Trimmed`` (by the stream, after 24 hours).
        records: Their positions.
        document: The failure document as a queue receives it; trimmed records have none.
    """

    condition: str
    records: tuple[int, ...]
    document: Mapping[str, Any] | None = None


class Replay:
    """Runs an app on recorded records under an event source mapping, and keeps the results.

    Args:
        records: Records as in events, in the order of the stream. They are not changed.
        settings: The mapping's settings.
        dispatch: Runs the app.
        timeout: The function's time-out in seconds. A longer invocation is not interrupted, but has failed.

    Attributes:
        invocations: The calls of the app, in order.
        given_up: Discarded and trimmed records.
        filtered_out: The positions of records that no filter matches.

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
        self.invocations: list[AppCall] = []
        self.given_up: list[GivenUp] = []
        self.filtered_out = [position for position, record in enumerate(records) if not settings.takes(record)]
        self._settings = settings
        self._dispatch = dispatch
        self._positions = {id(record): position for position, record in enumerate(records)}
        self._timeout = timeout
        self._numbers = itertools.count(1)
        self._clock, self._began = VirtualClock(0.0), 0.0

    def run(self) -> Replay:
        """Deliver until every record is handled, discarded or trimmed."""
        for arn, of_stream in itertools.groupby(self.records, key=_stream_arn):
            self._run(arn, list(of_stream))
        return self

    @property
    def runs(self) -> Counter[tuple[int, str]]:
        """The number of each handler's runs on each record, by the record's position and the handler's name."""
        return Counter(
            (position, outcome.route.name)
            for invocation in self.invocations
            for position, outcome in invocation.outcomes
            if outcome.route is not None and (outcome.status == "done" or outcome.stage == "handler")
        )

    @property
    def reexecutions(self) -> dict[tuple[int, str], int]:
        """The pairs of :attr:`runs` with more than one run."""
        return {pair: count for pair, count in sorted(self.runs.items()) if count > 1}

    @property
    def unfinished(self) -> list[int]:
        """The positions of records that the app did not finish and that were neither discarded nor trimmed.

        Lambda takes them for handled: without ReportBatchItemFailures it ignores the response.
        """
        last: dict[int, bool] = {}
        for invocation in self.invocations:
            undone = {position for position, outcome in invocation.outcomes if outcome.status in UNDONE}
            for position in invocation.records:
                last[position] = invocation.error is not None or position in undone
        lost = {position for given_up in self.given_up for position in given_up.records}
        return [position for position in sorted(last) if last[position] and position not in lost]

    @property
    def parked(self) -> list[int]:
        """The positions of records that the app parked."""
        return sorted({position for _, position in self._with_status("parked")})

    def _with_status(self, status: str) -> Iterator[tuple[Outcome, int]]:
        for invocation in self.invocations:
            for position, outcome in invocation.outcomes:
                if outcome.status == status:
                    yield outcome, position

    def _run(self, arn: str, records: list[Mapping[str, Any]]) -> None:
        mapping = EventSourceMapping(self._settings, stream_arn=arn, idle_flush=0.0, new_id=self._new_id)
        self._began = self._clock.now = max(stream_record(record, 0, 0.0).created for record in records)
        parent = None
        for number, shard in enumerate(_shards(records), 1):
            name = f"shardId-{number:020}-00000000"
            mapping.add_shard(name, parent)
            mapping.feed(name, shard, self._clock.now)
            mapping.end_shard(name)
            parent = name
        self._clock.run(mapping, self._invoke, self._listen)

    def _listen(self, action: Action) -> None:
        match action:
            case Discard():
                self.given_up.append(GivenUp(action.condition, self._places(action.records), action.document))
            case Trim():
                self.given_up.append(GivenUp("Trimmed", self._places(action.records)))

    def _invoke(self, invoke: Invoke) -> Result:
        places = self._places(invoke.event["Records"])
        event = json.loads(json.dumps(invoke.event))  # a copy, which handlers may change
        at, started = self._clock.now - self._began, perf_counter()
        made = AppCall(at, invoke.request_id, invoke.attempt, places)
        try:
            with running_on(Clock(lambda: self._clock.now, perf_counter)):
                report = self._dispatch(event, invoke.request_id)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - every exception of an app is a function error
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
    """Cut where sequence numbers do not ascend; a record without one belongs to the shard of the record before it."""
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
