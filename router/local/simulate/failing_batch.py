"""A batch with a failure, processed record by record with the mapping's own algorithm."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from router.local.event_source_mapping.batches import PendingBatch, chunks, fate
from router.local.event_source_mapping.responses import Failure, Partial, Success, Verdict
from router.local.event_source_mapping.retries import back_off, resolve
from router.local.event_source_mapping.settings import MappingSettings
from router.local.event_source_mapping.stream_record import StreamRecord
from router.local.simulate.counters import LaneCounters
from router.local.simulate.function import SimulatedFunction

__all__ = ["FailingBatches"]

_NO_RECORD: Mapping[str, Any] = {}


@dataclass(slots=True)
class _Attempt:
    """One invocation with a batch.

    Args:
        verdict: The verdict on the function's response.
        seconds: The duration.
        reached: The number of records that reached the handler.
    """

    verdict: Verdict
    seconds: float
    reached: int


class FailingBatches:
    """Processes batches with failures as the mapping does: it cuts, bisects, retries and discards.

    :func:`router.local.event_source_mapping.retries.resolve` and
    :func:`router.local.event_source_mapping.batches.fate` decide; this class only simulates the function's response.

    Args:
        settings: The mapping's settings.
        function: The function.
        poison: The positions of poison records, in order.
        draw: Draws an invocation's time divided by the mean.
        begin: Logs an invocation with its start, its batch and its duration in seconds, and returns its end.
        counters: The lane's counters.
        end: The simulation's end, in seconds.
    """

    def __init__(
        self,
        settings: MappingSettings,
        function: SimulatedFunction,
        poison: Sequence[int],
        draw: Callable[[], float],
        begin: Callable[[float, Sequence[StreamRecord], float], float],
        counters: LaneCounters,
        end: float,
    ) -> None:
        self._settings = settings
        self._function = function
        self._poison = poison
        self._draw = draw
        self._begin = begin
        self._counters = counters
        self._end = end
        self._seen = -1  # the last record that reached the handler; records reach it in order

    def process(self, first: int, written: Sequence[float], now: float, factor: float) -> float | None:
        """Process a batch until all its records are done, discarded or trimmed.

        Args:
            first: The position of its first record in the lane.
            written: The times at which its records were written, in seconds.
            now: The time of the first attempt, in seconds.
            factor: The first attempt's time divided by the mean.

        Returns:
            The time at which the last record is done, discarded or trimmed, in seconds; ``None`` if that is after the
            simulation's end.
        """
        records = tuple(
            StreamRecord(_NO_RECORD, position, now, created, 0) for position, created in enumerate(written, first)
        )
        work = [PendingBatch(records, "")]
        while work:
            batch = work.pop()
            now = max(now, batch.not_before)
            if now >= self._end:
                return None
            if fate(batch.records[0], now, self._settings) != "live":
                work.extend(self._expire(batch, now))
                continue
            attempt = self._attempt(batch, factor)
            factor = self._draw()
            now = self._begin(now, batch.records, attempt.seconds)
            work.extend(self._follow(batch, attempt, now))
        return now

    def _attempt(self, batch: PendingBatch, factor: float) -> _Attempt:
        first, size = batch.records[0].position, len(batch.records)
        index = bisect_left(self._poison, first)
        bad = self._poison[index] - first if index < len(self._poison) else size
        reached = min(bad + 1, size)
        seconds = self._function.duration(reached) * factor
        if seconds > self._function.timeout:
            return _Attempt(Failure("Unhandled"), self._function.timeout, self._function.reached(factor, reached))
        if bad >= size:
            return _Attempt(Success(), seconds, reached)
        if not self._settings.reports:
            return _Attempt(Failure("Unhandled"), seconds, reached)
        return _Attempt(Partial(bad) if bad else Failure(), seconds, reached)

    def _follow(self, batch: PendingBatch, attempt: _Attempt, now: float) -> list[PendingBatch]:
        counters, first = self._counters, batch.records[0].position
        last = first + attempt.reached - 1
        counters.failures += not isinstance(attempt.verdict, Success)
        counters.executions += attempt.reached
        counters.re_executions += max(min(last, self._seen) - first + 1, 0)
        self._seen = max(self._seen, last)
        tried = replace(batch, attempts=batch.attempts + 1)
        following = resolve(tried, attempt.verdict, self._settings, now, back_off, str)
        counters.handled += len(following.handled)
        if following.exhausted is not None:
            counters.exhausted += len(batch.records)
            counters.documents += 1
            counters.healthy += len(batch.records) - self._poisoned(batch.records)
        return list(reversed(following.work))

    def _expire(self, batch: PendingBatch, now: float) -> list[PendingBatch]:
        """Discard or trim the expired records; the other records are a new batch."""
        expired = [record for record in batch.records if fate(record, now, self._settings) != "live"]
        for found, records in chunks(expired, now, self._settings):
            if found == "trimmed":
                self._counters.trimmed += len(records)
            else:
                self._counters.aged += len(records)
                self._counters.documents += 1
                self._counters.healthy += len(records) - self._poisoned(records)
        rest = batch.records[len(expired) :]  # records are in the order of their writes
        return [PendingBatch(rest, "")] if rest else []

    def _poisoned(self, records: Sequence[StreamRecord]) -> int:
        first, last = records[0].position, records[-1].position
        return bisect_left(self._poison, last + 1) - bisect_left(self._poison, first)
