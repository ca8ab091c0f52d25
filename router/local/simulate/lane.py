"""One lane on a virtual clock: its batches as counts, and record by record only where something fails.

The lanes of a mapping know nothing of each other, so each can be simulated by itself. In a lane the mapping takes what
has been read, up to a full batch, whenever it is free; while nothing fails, that needs no records, only how many there
are. Times are in polls of the shard, so that a poll is a whole number.
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
from router.local.simulate.counters import Log, Tally
from router.local.simulate.failing_batch import Trouble
from router.local.simulate.function import Function

__all__ = ["Lane", "most_records"]

_ENVELOPE = len('{"Records":[]}')


def most_records(settings: MappingSettings, record_bytes: int) -> int:
    """How many records a batch may have: by its size, or by the 6 MB of an event.

    Args:
        settings: The mapping's settings.
        record_bytes: How long a record is in the event.

    Example:
        >>> most_records(MappingSettings(batch_size=10_000), 1_000)
        6285
    """
    return min(settings.batch_size, _fitting(record_bytes))


def _fitting(record_bytes: int) -> int:
    return (LARGEST_PAYLOAD - _ENVELOPE + 1) // (record_bytes + 1)  # a comma between each two of them


class Lane:
    """A lane from the start of a simulation to its end.

    Args:
        arrivals: What is read of it.
        poison: Its records on which the handler fails, in order.
        settings: The mapping's settings.
        function: How long invocations take.
        random: Where chance comes from.
        record_bytes: How long a record is in the event.

    Example:
        >>> lane = Lane(Arrivals([3, 0, 3], poll=0.25), [], MappingSettings(batch_size=2), Function(), Random(1))
        >>> lane.run()
        >>> lane.tally.invocations, lane.log.taken
        (2, [2, 3])
    """

    def __init__(
        self,
        arrivals: Arrivals,
        poison: Sequence[int],
        settings: MappingSettings,
        function: Function,
        random: Random,
        record_bytes: int = 1_000,
    ) -> None:
        self.tally = Tally(written=arrivals.total)
        self.log = Log()
        self._arrivals = arrivals
        self._poison = [*poison, arrivals.total]  # the last is none, and stands where none are left
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
        # One more than fits tells that no more do; the size of a batch tells so when it is reached.
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
        self._trouble = Trouble(settings, function, self._poison[:-1], self._draw, self._begin, self.tally, seconds)

    def run(self) -> None:
        """Go through the lane from start to end."""
        while self._now < self._arrivals.end and self._done < self._arrivals.total:
            if not self._window:
                self._healthy()
            self._step()
        milliseconds, durations = self._arrivals.poll * 1000, self.log.durations
        self.tally.invocations = len(durations)
        self.tally.busy = sum(durations) * self._arrivals.poll
        # Each invocation is paid for in whole milliseconds; a millionth of one is what floats are off by.
        self.tally.billed = sum(math.ceil(duration * milliseconds - 1e-6) for duration in durations)

    def _healthy(self) -> None:
        """Go on for as long as batches go as they come: the loop in which a simulation spends its time."""
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
                self.tally.cold_starts += 1
            log_start(now)
            log_duration(duration)
            log_taken(taken)
            done = taken
            now += duration
            ended = now
        self.tally.handled += done - begun
        self.tally.executions += done - begun
        self._factor = factor
        self._now, self._done, self._free, self._ended = now, done, max(self._free, ended), ended

    def _step(self) -> None:
        """Do one batch with everything that may happen to it."""
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
            solved = self._trouble.go_through(first, written, now * poll, factor)
            self._now = self._arrivals.end if solved is None else max(solved / poll, self._free)
        else:
            self.tally.handled += count
            self.tally.executions += count
            self._now = self._note(now, now - self._arrivals.written_at(self._done - 1), duration)

    def _due(self) -> float:
        """When the next batch goes; records whose time is over until then are let go."""
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
            # It is noticed by the next poll, or when the batch is to go.
            self._now = earliest if over < earliest else min(math.floor(over) + 1, start)
            if self._now >= arrivals.end:
                break
            self._let_go()
        return math.inf

    def _let_go(self) -> None:
        """Part with records whose time is over."""
        over = min(self._arrivals.written_before(self._now - self._age), self._arrivals.read[int(self._now)])
        over = max(over, self._done + 1)  # its own time is over, whatever the rounding of floats says
        count = over - self._done
        if self._trims:
            self.tally.trimmed += count
        else:
            self.tally.aged += count
            self.tally.documents += math.ceil(count / self._batch_size)
            poisoned = bisect_left(self._poison, over) - bisect_left(self._poison, self._done)
            self.tally.healthy += count - poisoned
        self._done = over

    def _begin(self, now: float, records: Sequence[StreamRecord], seconds: float) -> float:
        poll = self._arrivals.poll
        return self._note(now / poll, (now - records[-1].created) / poll, seconds / poll) * poll

    def _note(self, now: float, age: float, duration: float) -> float:
        """Note an invocation and tell when it ends."""
        if now - self._ended > self._warm:
            duration += self._cold
            self.tally.cold_starts += 1
        self.log.starts.append(now)
        self.log.ages.append(age)
        self.log.durations.append(duration)
        self.log.taken.append(self._done)
        self._free = self._ended = now + duration
        return self._free
