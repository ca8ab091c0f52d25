"""How the lanes' invocations add up over time."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from router.local.simulate.arrivals import Arrivals
from router.local.simulate.counters import Log

__all__ = ["Bucket", "Series", "bucket_seconds", "quantile"]

_LENGTHS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)
_AGES = 2_000  # kept for the median of a bucket, over all lanes


class Bucket(NamedTuple):
    """A part of the simulated time.

    Args:
        start: Since the start, in seconds.
        end: Since the start, in seconds.
        writes: Records that were written, in a second.
        invocations: Invocations that began, in a second.
        age_p50: The median of the iterator's age, in seconds; ``None`` if nothing was invoked.
        age_max: Its maximum.
        concurrency: How many invocations ran on the mean.
        backlog: How many records waited at the end.
    """

    start: float
    end: float
    writes: float
    invocations: float
    age_p50: float | None
    age_max: float | None
    concurrency: float
    backlog: float


def bucket_seconds(seconds: float, most: int) -> float:
    """How long a bucket is, so that there are not too many.

    Args:
        seconds: The time to divide.
        most: How many buckets there may be.

    Example:
        >>> bucket_seconds(86_400, 24)
        3600
    """
    return next((length for length in _LENGTHS if seconds <= length * most), seconds / most)


def quantile(weighted: Iterable[tuple[float, float]], share: float) -> float | None:
    """The least value that this share of all values does not exceed, or ``None`` where there are none.

    Args:
        weighted: Values with their weights.
        share: The share, 0 to 1.

    Example:
        >>> quantile([(1.0, 1), (9.0, 1), (2.0, 2)], 0.5)
        2.0
    """
    ordered = sorted(weighted)
    left = share * sum(weight for _, weight in ordered)
    for value, weight in ordered:
        left -= weight
        if left <= 1e-9:
            return value
    return None


@dataclass(slots=True)
class _Sum:
    writes: float = 0.0
    invocations: float = 0.0
    ages: list[tuple[float, float]] = field(default_factory=list)
    age_max: float = -math.inf
    busy: float = 0.0
    backlog: float = 0.0


class Series:
    """Adds lanes up, bucket by bucket.

    Args:
        seconds: The simulated time in seconds.
        length: The length of a bucket in seconds.
        lanes: How many lanes will be added.
    """

    def __init__(self, seconds: float, length: float, lanes: int) -> None:
        self._edges = [min(number * length, seconds) for number in range(math.ceil(seconds / length) + 1)]
        self._sums = [_Sum() for _ in self._edges[1:]]
        self._keep = max(_AGES // lanes, 8)

    def add(self, arrivals: Arrivals, log: Log, weight: float) -> None:
        """Add a lane.

        Args:
            arrivals: What was read of it.
            log: Its invocations.
            weight: For how many lanes it stands.
        """
        poll = arrivals.poll
        polls = [edge / poll for edge in self._edges]
        at = [bisect_left(log.starts, edge) for edge in polls]
        written = [arrivals.written_before(edge) for edge in polls]
        over = 0.0  # what invocations of earlier buckets still take
        for number, sum_ in enumerate(self._sums):
            first, last = at[number], at[number + 1]
            sum_.writes += weight * (written[number + 1] - written[number])
            sum_.invocations += weight * (last - first)
            sum_.backlog += weight * max(written[number + 1] - (log.taken[last - 1] if last else 0), 0)
            _add_ages(sum_, log.ages[first:last], poll, weight, self._keep)
            length = polls[number + 1] - polls[number]
            taken = over + sum(log.durations[first:last])
            # A lane runs one at a time, so only the last one can go on beyond the bucket.
            end = max(polls[number] + over, log.starts[last - 1] + log.durations[last - 1] if last > first else 0.0)
            over = max(end - polls[number + 1], 0.0)
            sum_.busy += weight * poll * min(taken - over, length)

    def buckets(self) -> list[Bucket]:
        """The buckets in order."""
        found = []
        for number, sum_ in enumerate(self._sums):
            start, end = self._edges[number], self._edges[number + 1]
            length = end - start
            found.append(
                Bucket(
                    start,
                    end,
                    sum_.writes / length,
                    sum_.invocations / length,
                    quantile(sum_.ages, 0.5),
                    sum_.age_max if sum_.ages else None,
                    sum_.busy / length,
                    sum_.backlog,
                )
            )
        return found

    def age(self, share: float) -> float | None:
        """A quantile of the iterator's age over all invocations, in seconds.

        Args:
            share: The share, 0 to 1.
        """
        return quantile((age for sum_ in self._sums for age in sum_.ages), share)


def _add_ages(sum_: _Sum, ages: Sequence[float], poll: float, weight: float, keep: int) -> None:
    """Keep every so many ages for the median; the largest is exact."""
    if ages:
        sum_.age_max = max(sum_.age_max, max(ages) * poll)
        kept = ages[:: math.ceil(len(ages) / keep)]
        each = weight * len(ages) / len(kept)
        sum_.ages.extend((age * poll, each) for age in kept)
