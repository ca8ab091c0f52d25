"""The records of one lane, as the number that each poll reads."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from random import Random
from typing import NamedTuple

from router.local.simulate.load import Segment

__all__ = ["Arrivals", "poisson", "positions", "regular"]

_NORMAL = 500.0  # from this mean on, the normal distribution approximates the Poisson distribution


class Arrivals:
    """The number of a lane's records that were read at each poll of its shard; the first poll, at 0, reads nothing.

    The records of a poll were written at equal distances since the poll before: for independent writes, those are the
    expected times. Times are in polls, so that a poll's time is a whole number.

    Args:
        counts: The number of records that each poll reads, from the second poll on.
        poll: Seconds between polls.

    Example:
        >>> arrivals = Arrivals([4, 0, 2], poll=0.25)
        >>> arrivals.read, [arrivals.written_at(record) for record in (0, 4)]
        ([0, 4, 4, 6], [0.2, 2.3333333333333335])
    """

    def __init__(self, counts: Iterable[int], poll: float) -> None:
        self.read = [0, *accumulate(counts)]
        self.poll = poll

    @property
    def total(self) -> int:
        """The number of records."""
        return self.read[-1]

    @property
    def end(self) -> int:
        """The end of the simulated time, in polls."""
        return len(self.read) - 1

    def read_at(self, record: int) -> int:
        """The poll that reads a record."""
        return bisect_right(self.read, record)

    def written_at(self, record: int) -> float:
        """The time at which a record was written, in polls."""
        at = self.read_at(record)
        before = self.read[at - 1]
        return at - 1 + (record - before + 1) / (self.read[at] - before + 1)

    def written(self, first: int, count: int) -> Iterator[float]:
        """The times at which consecutive records were written, in polls.

        Args:
            first: The first record.
            count: The number of records.
        """
        at, last = self.read_at(first), first + count
        while first < last:
            before, after = self.read[at - 1], self.read[at]
            for record in range(first, min(after, last)):
                yield at - 1 + (record - before + 1) / (after - before + 1)
            first, at = after, at + 1

    def written_before(self, time: float) -> int:
        """The number of records that were written before a time.

        Args:
            time: In polls.
        """
        if time <= 0:
            return 0
        if time >= self.end:
            return self.total
        at = int(time)
        before = self.read[at]
        count = self.read[at + 1] - before
        return before + min(max(math.ceil((time - at) * (count + 1)) - 1, 0), count)


class _PollSpan(NamedTuple):
    polls: int
    mean: float


def _spans(segments: Iterable[Segment], rate: float, poll: float) -> Iterable[_PollSpan]:
    """The number of polls in each segment, and the mean number of records of a poll."""
    for segment in segments:
        polls = round(segment.end / poll) - round(segment.start / poll)
        if polls:
            # The segment's own length counts, so that a segment that ends between polls keeps all its writes.
            yield _PollSpan(polls, rate * segment.factor * (segment.end - segment.start) / polls)


def regular(segments: Sequence[Segment], rate: float, poll: float, phase: float = 0.0) -> Arrivals:
    """Writes at equal distances.

    Args:
        segments: The load over time.
        rate: Writes a second at factor 1.
        poll: Seconds between polls.
        phase: The part of the first interval that has passed at the start, 0 to 1.

    Example:
        >>> regular([Segment(0, 1, 1.0)], rate=6, poll=0.25).read
        [0, 1, 3, 4, 6]
    """
    counts: list[int] = []
    before, sum_ = 0, phase
    for polls, mean in _spans(segments, rate, poll):
        for number in range(1, polls + 1):
            reached = int(sum_ + mean * number + 1e-9)  # above the rounding error of the sum
            counts.append(reached - before)
            before = reached
        sum_ += mean * polls
    return Arrivals(counts, poll)


def poisson(segments: Sequence[Segment], rate: float, poll: float, random: Random) -> Arrivals:
    """Independent writes.

    Args:
        segments: The load over time.
        rate: Writes a second at factor 1.
        poll: Seconds between polls.
        random: The random numbers.
    """
    counts: list[int] = []
    for polls, mean in _spans(segments, rate, poll):
        if not mean:
            counts.extend([0] * polls)
        elif mean < _NORMAL:
            table = _cumulated(mean)
            counts.extend(random.choices(range(len(table)), cum_weights=table, k=polls))
        else:
            deviation = math.sqrt(mean)
            counts.extend(max(0, round(random.gauss(mean, deviation))) for _ in range(polls))
    return Arrivals(counts, poll)


@lru_cache(maxsize=256)
def _cumulated(mean: float) -> list[float]:
    """The Poisson distribution's cumulative probabilities of 0, 1, 2..."""
    most = int(mean + 12 * math.sqrt(mean) + 12)
    logarithm = math.log(mean)
    return list(accumulate(math.exp(count * logarithm - mean - math.lgamma(count + 1)) for count in range(most)))


def positions(share: float, total: int, random: Random) -> list[int]:
    """The positions of a lane's poison records; each record is poison with the same probability.

    Args:
        share: The probability, 0 to 1.
        total: The number of records.
        random: The random numbers.

    Example:
        >>> positions(1.0, 3, Random(1))
        [0, 1, 2]
    """
    found: list[int] = []
    if share <= 0:
        return found
    scale = math.log1p(-share) if share < 1 else -math.inf
    at = -1
    while True:
        # Distances between poison records are geometric, so one number is drawn for each poison record.
        at += 1 + int(min(math.log(1.0 - random.random()) / scale, 1e18))
        if at >= total:
            return found
        found.append(at)
