"""One lane on a virtual clock: batches without failures as counts, batches with failures record by record.

The lanes of a mapping are independent, so each is simulated by itself. Whenever a lane is free, the mapping takes the
records that were read, up to a full batch; without a failure only their number matters. Times are in polls of the
shard, so that a poll's time is a whole number.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from random import Random

from router.local.event_source_mapping.batches import LARGEST_PAYLOAD, RETENTION
from router.local.event_source_mapping.settings import MappingSettings
from router.local.event_source_mapping.stream_record import StreamRecord
from router.local.simulate.arrivals import Arrivals
from router.local.simulate.counters import InvocationLog, LaneCounters
from router.local.simulate.failing_batch import FailingBatches
from router.local.simulate.function import SimulatedFunction

__all__ = ["SimulatedLane", "most_records"]

_ENVELOPE = len('{"Records":[]}')


def most_records(settings: MappingSettings, record_bytes: int) -> int:
    """The largest number of records of a batch, by the batch size and by an event's 6 MB.

    Args:
        settings: The mapping's settings.
        record_bytes: A record's size in the event.

    Example:
        >>> most_records(MappingSettings(batch_size=10_000), 1_000)
        6285
    """
    return min(settings.batch_size, _fitting(record_bytes))


def _fitting(record_bytes: int) -> int:
    return (LARGEST_PAYLOAD - _ENVELOPE + 1) // (record_bytes + 1)  # with a comma between two records


class SimulatedLane:
    """A lane from the start to the end of a simulation.

    Args:
        arrivals: The records that its polls read.
        poison: The positions of poison records, in order.
        settings: The mapping's settings.
        function: The function.
        random: The random numbers.
        record_bytes: A record's size in the event.

    Example:
        >>> arrivals, settings = Arrivals([3, 0, 3], poll=0.25), MappingSettings(batch_size=2)
        >>> lane = SimulatedLane(arrivals, [], settings, SimulatedFunction(), Random(1))
        >>> lane.run()
        >>> lane.counters.invocations, lane.log.taken
        (2, [2, 3])
    """

    def __init__(
        self,
        arrivals: Arrivals,
        poison: Sequence[int],
        settings: MappingSettings,
        function: SimulatedFunction,
        random: Random,
        record_bytes: int = 1_000,
    ) -> None:
        self.counters = LaneCounters(written=arrivals.total)
        self.log = InvocationLog()
        self._arrivals = arrivals
        self._poison = [*poison, arrivals.total]  # the last is a sentinel behind the last record
        self._draw = function.factors(random)
        self._factor: float | None = None
        poll = arrivals.poll
        self._most = most_records(settings, record_bytes)
        self._durations = [function.duration(count) / poll for count in range(self._most + 1)]
        self._timeout = function.timeout / poll
        self._cold = function.cold_start / poll
        self._warm = function.keep_warm / poll
        self._window = settings.maximum_batching_window_in_seconds / poll
        fits = _fitting(record_bytes)
        # A window ends with the record that does not fit into 6 MB, or when the batch size is reached.
        self._full = settings.batch_size if settings.batch_size <= fits else fits + 1
        self._batch_size = settings.batch_size
        age = settings.maximum_record_age_in_seconds
        self._trims = not -1 < age <= RETENTION
        self._age = (RETENTION if self._trims else age) / poll
        self._now = 0.0
        self._free = 0.0
        self._ended = -math.inf
        self._done = 0
        seconds = arrivals.end * poll
        self._failing = FailingBatches(
            settings, function, self._poison[:-1], self._draw, self._begin, self.counters, seconds
        )

    def run(self) -> None:
        """Simulate the lane from start to end."""
        while self._now < self._arrivals.end and self._done < self._arrivals.total:
            if not self._window:
                self._run_without_failures()
            self._run_batch()
        milliseconds, durations = self._arrivals.poll * 1000, self.log.durations
        self.counters.invocations = len(durations)
        self.counters.busy = sum(durations) * self._arrivals.poll
        # Each invocation is billed in whole milliseconds; 1e-6 is more than the rounding error of floats.
        self.counters.billed = sum(math.ceil(duration * milliseconds - 1e-6) for duration in durations)

    def _run_without_failures(self) -> None:
        """Run batches until one needs more care: poison, a time-out or an expired record.

        A simulation spends its time in this loop, so it stays one function with local variables.
        """
        read, durations, most, draw = self._arrivals.read, self._durations, self._most, self._draw
        end, age, timeout, warm = self._arrivals.end, self._age, self._timeout, self._warm
        log_start, log_age = self.log.starts.append, self.log.ages.append
        log_duration, log_taken = self.log.durations.append, self.log.taken.append
        now, done, ended = self._now, self._done, self._ended
        poison = self._poison[bisect_left(self._poison, done)]
        at, factor, begun = self._arrivals.read_at(done) if done < read[-1] else end, None, done
        while now < end:
            poll = int(now)
            if read[poll] <= done:
                if read[-1] <= done:
                    break
                while read[poll] <= done:
                    poll += 1
                now = poll
            count = read[poll] - done
            if count > most:
                count = most
            taken = done + count
            if taken > poison or now - age > at - 1 or now >= end:
                break
            factor = draw()
            duration = durations[count] * factor
            if duration > timeout:
                break
            factor = None
            while read[at] < taken:
                at += 1
            before = read[at - 1]
            log_age(now - at + 1 - (taken - before) / (read[at] - before + 1))
            if now - ended > warm:
                duration += self._cold
                self.counters.cold_starts += 1
            log_start(now)
            log_duration(duration)
            log_taken(taken)
            done = taken
            now += duration
            ended = now
        self.counters.handled += done - begun
        self.counters.executions += done - begun
        self._factor = factor
        self._now, self._done, self._free, self._ended = now, done, max(self._free, ended), ended

    def _run_batch(self) -> None:
        """Run one batch, with its window, failures and expired records."""
        now = self._due()
        if now >= self._arrivals.end:
            self._now = self._arrivals.end
            return
        count = min(self._arrivals.read[int(now)] - self._done, self._most)
        factor = self._draw() if self._factor is None else self._factor
        self._factor = None
        first, poll = self._done, self._arrivals.poll
        duration = self._durations[count] * factor
        bad = self._poison[bisect_left(self._poison, first)] < first + count
        self._done += count
        if bad or duration > self._timeout:
            written = [time * poll for time in self._arrivals.written(first, count)]
            finished = self._failing.process(first, written, now * poll, factor)
            self._now = self._arrivals.end if finished is None else max(finished / poll, self._free)
        else:
            self.counters.handled += count
            self.counters.executions += count
            self._now = self._log(now, now - self._arrivals.written_at(self._done - 1), duration)

    def _due(self) -> float:
        """The start of the next batch; records that expire before it are removed."""
        arrivals = self._arrivals
        while self._done < arrivals.total:
            head = arrivals.read_at(self._done)
            earliest = max(self._now, float(head))
            start = earliest
            if self._window:
                full = bisect_left(arrivals.read, self._done + self._full, head)
                gathered = min(max(self._free, head) + self._window, full if full <= arrivals.end else math.inf)
                start = max(earliest, gathered)
            over = arrivals.written_at(self._done) + self._age
            if over >= start:
                return start
            # The mapping notices expired records at the next poll, or when the batch starts.
            self._now = earliest if over < earliest else min(math.floor(over) + 1, start)
            if self._now >= arrivals.end:
                break
            self._expire()
        return math.inf

    def _expire(self) -> None:
        """Discard or trim the expired records."""
        over = min(self._arrivals.written_before(self._now - self._age), self._arrivals.read[int(self._now)])
        over = max(over, self._done + 1)  # the first record is expired, despite rounding errors
        count = over - self._done
        if self._trims:
            self.counters.trimmed += count
        else:
            self.counters.aged += count
            self.counters.documents += math.ceil(count / self._batch_size)
            poisoned = bisect_left(self._poison, over) - bisect_left(self._poison, self._done)
            self.counters.healthy += count - poisoned
        self._done = over

    def _begin(self, now: float, records: Sequence[StreamRecord], seconds: float) -> float:
        poll = self._arrivals.poll
        return self._log(now / poll, (now - records[-1].created) / poll, seconds / poll) * poll

    def _log(self, now: float, age: float, duration: float) -> float:
        """Log an invocation and return its end."""
        if now - self._ended > self._warm:
            duration += self._cold
            self.counters.cold_starts += 1
        self.log.starts.append(now)
        self.log.ages.append(age)
        self.log.durations.append(duration)
        self.log.taken.append(self._done)
        self._free = self._ended = now + duration
        return self._free
