"""The sums of the lanes' invocations over time."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from router.local.simulate.arrivals import Arrivals
from router.local.simulate.counters import InvocationLog

__all__ = ["Bucket", "TimeSeries", "bucket_seconds", "quantile"]

_LENGTHS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)
_AGES = 2_000  # kept for the median of a bucket, from all lanes


class Bucket(NamedTuple):
    """An interval of the simulated time.

    Args:
        start: Seconds since the start.
        end: Seconds since the start.
        writes: Written records a second.
        invocations: Started invocations a second.
        age_p50: The median iterator age, in seconds; ``None`` without invocations.
        age_max: The maximum iterator age.
        concurrency: The mean number of running invocations.
        backlog: The number of waiting records at the end.
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
    """The length of a bucket, so that there are at most ``most`` buckets.

    Args:
        seconds: The simulated time.
        most: The largest number of buckets.

    Example:
        >>> bucket_seconds(86_400, 24)
        3600
    """
    return next((length for length in _LENGTHS if seconds <= length * most), seconds / most)


def quantile(weighted: Iterable[tuple[float, float]], share: float) -> float | None:
    """The lowest value that a share of all values does not exceed; ``None`` without values.

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
class _BucketSums:
    writes: float = 0.0
    invocations: float = 0.0
    ages: list[tuple[float, float]] = field(default_factory=list)
    age_max: float = -math.inf
    busy: float = 0.0
    backlog: float = 0.0


class TimeSeries:
    """Adds up lanes in buckets of time.

    Args:
        seconds: The simulated time in seconds.
        length: The length of a bucket in seconds.
        lanes: The number of lanes to add.
    """

    def __init__(self, seconds: float, length: float, lanes: int) -> None:
        self._edges = [min(number * length, seconds) for number in range(math.ceil(seconds / length) + 1)]
        self._sums = [_BucketSums() for _ in self._edges[1:]]
        self._keep = max(_AGES // lanes, 8)

    def add(self, arrivals: Arrivals, log: InvocationLog, weight: float) -> None:
        """Add a lane.

        Args:
            arrivals: The records that its polls read.
            log: Its invocations.
            weight: The number of lanes that it represents.
        """
        poll = arrivals.poll
        polls = [edge / poll for edge in self._edges]
        at = [bisect_left(log.starts, edge) for edge in polls]
        written = [arrivals.written_before(edge) for edge in polls]
        over = 0.0  # the rest of the last invocation of earlier buckets
        for number, sums in enumerate(self._sums):
            first, last = at[number], at[number + 1]
            sums.writes += weight * (written[number + 1] - written[number])
            sums.invocations += weight * (last - first)
            sums.backlog += weight * max(written[number + 1] - (log.taken[last - 1] if last else 0), 0)
            _add_ages(sums, log.ages[first:last], poll, weight, self._keep)
            length = polls[number + 1] - polls[number]
            taken = over + sum(log.durations[first:last])
            # A lane runs one invocation at a time, so only the last one can end after the bucket.
            end = max(polls[number] + over, log.starts[last - 1] + log.durations[last - 1] if last > first else 0.0)
            over = max(end - polls[number + 1], 0.0)
            sums.busy += weight * poll * min(taken - over, length)

    def buckets(self) -> list[Bucket]:
        """The buckets in order of time."""
        found = []
        for number, sums in enumerate(self._sums):
            start, end = self._edges[number], self._edges[number + 1]
            length = end - start
            found.append(
                Bucket(
                    start,
                    end,
                    sums.writes / length,
                    sums.invocations / length,
                    quantile(sums.ages, 0.5),
                    sums.age_max if sums.ages else None,
                    sums.busy / length,
                    sums.backlog,
                )
            )
        return found

    def age(self, share: float) -> float | None:
        """A quantile of the iterator age over all invocations, in seconds.

        Args:
            share: The share, 0 to 1.
        """
        return quantile((age for sums in self._sums for age in sums.ages), share)


def _add_ages(sums: _BucketSums, ages: Sequence[float], poll: float, weight: float, keep: int) -> None:
    """Keep every nth age for the median; the maximum is exact."""
    if ages:
        sums.age_max = max(sums.age_max, max(ages) * poll)
        kept = ages[:: math.ceil(len(ages) / keep)]
        each = weight * len(ages) / len(kept)
        sums.ages.extend((age * poll, each) for age in kept)
