"""A batch in which something fails, record by record, by the mapping's own algorithm."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from router.local.event_source_mapping.batches import Batch, chunks, fate
from router.local.event_source_mapping.responses import Failure, Partial, Success, Verdict
from router.local.event_source_mapping.retries import back_off, resolve
from router.local.event_source_mapping.settings import MappingSettings
from router.local.event_source_mapping.stream_record import StreamRecord
from router.local.simulate.counters import Tally
from router.local.simulate.function import Function

__all__ = ["Trouble"]

_NOTHING: Mapping[str, Any] = {}


@dataclass(slots=True)
class Attempt:
    """One try of a batch.

    Args:
        verdict: What came of it.
        seconds: How long it took.
        reached: How many records the handler came to.
    """

    verdict: Verdict
    seconds: float
    reached: int


class Trouble:
    """Takes batches to their end as the mapping does: cut, split, tried again, given up.

    The decisions are those of :func:`router.local.event_source_mapping.retries.resolve` and
    :func:`router.local.event_source_mapping.batches.fate`; only what a function would answer is made up here.

    Args:
        settings: The mapping's settings.
        function: How long invocations take.
        poison: The records on which the handler fails, in order.
        draw: Draws how much longer than the mean an invocation takes.
        begin: Notes an invocation by its start, its batch and its length in seconds, and tells when it ends.
        tally: Where to count.
        horizon: When the simulation ends, in seconds.
    """

    def __init__(
        self,
        settings: MappingSettings,
        function: Function,
        poison: Sequence[int],
        draw: Callable[[], float],
        begin: Callable[[float, Sequence[StreamRecord], float], float],
        tally: Tally,
        horizon: float,
    ) -> None:
        self._settings = settings
        self._function = function
        self._poison = poison
        self._draw = draw
        self._begin = begin
        self._tally = tally
        self._horizon = horizon
        self._seen = -1  # the last record that the handler has come to; it comes to none of them out of order

    def go_through(self, first: int, written: Sequence[float], now: float, factor: float) -> float | None:
        """Take a batch to its end.

        Args:
            first: The position in the lane of its first record.
            written: When each of its records was written, in seconds.
            now: When it is tried first, in seconds.
            factor: How much longer than the mean that takes.

        Returns:
            When all of it is handled or gone, in seconds; ``None`` if that is later than the simulation's end.
        """
        records = tuple(
            StreamRecord(_NOTHING, position, now, created, 0) for position, created in enumerate(written, first)
        )
        work = [Batch(records, "")]
        while work:
            batch = work.pop()
            now = max(now, batch.not_before)
            if now >= self._horizon:
                return None
            if fate(batch.records[0], now, self._settings) != "live":
                work.extend(self._let_go(batch, now))
                continue
            attempt = self._try(batch, factor)
            factor = self._draw()
            now = self._begin(now, batch.records, attempt.seconds)
            work.extend(self._follow(batch, attempt, now))
        return now

    def _try(self, batch: Batch, factor: float) -> Attempt:
        first, size = batch.records[0].position, len(batch.records)
        at = bisect_left(self._poison, first)
        bad = self._poison[at] - first if at < len(self._poison) else size
        reached = min(bad + 1, size)
        seconds = self._function.duration(reached) * factor
        if seconds > self._function.timeout:
            return Attempt(Failure("Unhandled"), self._function.timeout, self._function.reached(factor, reached))
        if bad >= size:
            return Attempt(Success(), seconds, reached)
        if not self._settings.reports:
            return Attempt(Failure("Unhandled"), seconds, reached)
        return Attempt(Partial(bad) if bad else Failure(), seconds, reached)

    def _follow(self, batch: Batch, attempt: Attempt, now: float) -> list[Batch]:
        tally, first = self._tally, batch.records[0].position
        last = first + attempt.reached - 1
        tally.failures += not isinstance(attempt.verdict, Success)
        tally.executions += attempt.reached
        tally.re_executions += max(min(last, self._seen) - first + 1, 0)
        self._seen = max(self._seen, last)
        tried = replace(batch, attempts=batch.attempts + 1)
        following = resolve(tried, attempt.verdict, self._settings, now, back_off, str)
        tally.handled += len(following.handled)
        if following.exhausted is not None:
            tally.exhausted += len(batch.records)
            tally.documents += 1
            tally.healthy += len(batch.records) - self._poisoned(batch.records)
        return list(reversed(following.work))

    def _let_go(self, batch: Batch, now: float) -> list[Batch]:
        """Part with records whose time is over; what is left is a new batch."""
        over = [record for record in batch.records if fate(record, now, self._settings) != "live"]
        for found, records in chunks(over, now, self._settings):
            if found == "trimmed":
                self._tally.trimmed += len(records)
            else:
                self._tally.aged += len(records)
                self._tally.documents += 1
                self._tally.healthy += len(records) - self._poisoned(records)
        left = batch.records[len(over) :]  # they are in the order in which they were written
        return [Batch(left, "")] if left else []

    def _poisoned(self, records: Sequence[StreamRecord]) -> int:
        first, last = records[0].position, records[-1].position
        return bisect_left(self._poison, last + 1) - bisect_left(self._poison, first)
