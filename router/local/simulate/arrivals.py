"""Records as they are read from one lane: counts, poll by poll."""

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

_NORMAL = 500.0  # from here on a Poisson count is as good as normal


class Arrivals:
    """How many records have been read of a lane at each poll of its shard; the first poll is at 0 and finds nothing.

    What a poll reads was written since the poll before, at equal distances: where writes know nothing of each other,
    those are the moments to be expected. Times are in polls, so that those of polls are whole numbers.

    Args:
        counts: How many records each poll reads, from the second poll on.
        poll: How many seconds lie between polls.

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
        """How many records there are."""
        return self.read[-1]

    @property
    def end(self) -> int:
        """When it is over, in polls."""
        return len(self.read) - 1

    def read_at(self, record: int) -> int:
        """Which poll reads a record."""
        return bisect_right(self.read, record)

    def written_at(self, record: int) -> float:
        """When a record was written, in polls."""
        at = self.read_at(record)
        before = self.read[at - 1]
        return at - 1 + (record - before + 1) / (self.read[at] - before + 1)

    def written(self, first: int, count: int) -> Iterator[float]:
        """When each of some records in a row was written, in polls.

        Args:
            first: The first of them.
            count: How many there are.
        """
        at, last = self.read_at(first), first + count
        while first < last:
            before, after = self.read[at - 1], self.read[at]
            for record in range(first, min(after, last)):
                yield at - 1 + (record - before + 1) / (after - before + 1)
            first, at = after, at + 1

    def written_before(self, time: float) -> int:
        """How many records were written before a time.

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


class _Span(NamedTuple):
    polls: int
    mean: float


def _spans(segments: Iterable[Segment], rate: float, poll: float) -> Iterable[_Span]:
    """How many polls each segment has, and how many records a poll reads on the mean."""
    for segment in segments:
        polls = round(segment.end / poll) - round(segment.start / poll)
        if polls:
            # By its own length, so that a segment that ends between polls still has all its writes.
            yield _Span(polls, rate * segment.factor * (segment.end - segment.start) / polls)


def regular(segments: Sequence[Segment], rate: float, poll: float, phase: float = 0.0) -> Arrivals:
    """Writes at equal distances.

    Args:
        segments: The load over time.
        rate: Writes in a second at factor 1.
        poll: How many seconds lie between polls.
        phase: How much of a write is there at the start, 0 to 1.

    Example:
        >>> regular([Segment(0, 1, 1.0)], rate=6, poll=0.25).read
        [0, 1, 3, 4, 6]
    """
    counts: list[int] = []
    before, sum_ = 0, phase
    for polls, mean in _spans(segments, rate, poll):
        for number in range(1, polls + 1):
            reached = int(sum_ + mean * number + 1e-9)  # less than a sum of floats is off by
            counts.append(reached - before)
            before = reached
        sum_ += mean * polls
    return Arrivals(counts, poll)


def poisson(segments: Sequence[Segment], rate: float, poll: float, random: Random) -> Arrivals:
    """Writes that know nothing of each other.

    Args:
        segments: The load over time.
        rate: Writes in a second at factor 1.
        poll: How many seconds lie between polls.
        random: Where chance comes from.
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
    """How likely a count is at most 0, 1, 2..."""
    most = int(mean + 12 * math.sqrt(mean) + 12)
    logarithm = math.log(mean)
    return list(accumulate(math.exp(count * logarithm - mean - math.lgamma(count + 1)) for count in range(most)))


def positions(share: float, total: int, random: Random) -> list[int]:
    """Which records of a lane are poison, each of them with the same chance.

    Args:
        share: The chance, 0 to 1.
        total: How many records there are.
        random: Where chance comes from.

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
        # The distance between two of them is geometric; that draws poison only, and not every record.
        at += 1 + int(min(math.log(1.0 - random.random()) / scale, 1e18))
        if at >= total:
            return found
        found.append(at)
