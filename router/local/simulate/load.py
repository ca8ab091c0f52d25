"""The load: the number of writes over time, and how they are spread over the stream's lanes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal, NamedTuple

from pydantic import ConfigDict

from router.local.simulate.errors import SimulationError, require
from router.local.simulate.times import ClockTime, Duration

__all__ = ["Burst", "Level", "Load", "Segment"]

_DAY = 86_400.0
_HOTTEST = 2_000  # items that are assigned to lanes one by one; colder ones are spread evenly
_LONGEST = 7 * _DAY
_LARGEST_RECORD = 1_000_000  # bytes: two images of 400 KB as JSON


@dataclass(frozen=True)
class Level:
    """A level of a daily profile, valid until the next level.

    Args:
        at: Seconds since midnight.
        factor: The factor of the write rate.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    at: ClockTime
    factor: float


@dataclass(frozen=True)
class Burst:
    """An interval with a different load.

    Args:
        at: Seconds since the start.
        duration: Seconds.
        factor: The factor of the write rate, multiplied with the profile's.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    at: ClockTime
    duration: Duration
    factor: float


class Segment(NamedTuple):
    """An interval with a constant write rate.

    Args:
        start: Seconds since the start.
        end: Seconds since the start.
        factor: The factor of the write rate.
    """

    start: float
    end: float
    factor: float


@dataclass(frozen=True, kw_only=True)
class Load:
    """The writes to a table, and their spread over its stream.

    Args:
        writes: Writes a second.
        duration: Seconds, up to a week; the start is midnight.
        profile: The levels of a day; without levels the load is constant.
        bursts: Intervals with a different load; the factors of overlapping bursts multiply.
        arrivals: ``"poisson"``: independent writes; ``"regular"``: writes at equal distances.
        shards: The stream's number of shards.
        keys: The number of items written to.
        zipf: The exponent of Zipf's law: the item of rank r gets a share proportional to r to the minus ``zipf``; 0 is
            an even spread.
        poison: The share of records on which the handler always fails, 0 to 1.
        record_bytes: A record's size in the event, which holds 6 MB.

    Raises:
        SimulationError: A value is out of its range.

    Example:
        >>> load = Load(writes=10, duration=7200, profile=[Level(0, 0.5), Level(3600, 2)])
        >>> load.segments()
        [Segment(start=0.0, end=3600.0, factor=0.5), Segment(start=3600.0, end=7200.0, factor=2)]
        >>> load.total
        90000.0
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    writes: float = 100.0
    duration: Duration = 3600.0
    profile: Sequence[Level] = ()
    bursts: Sequence[Burst] = ()
    arrivals: Literal["poisson", "regular"] = "poisson"
    shards: int = 1
    keys: int = 1_000_000
    zipf: float = 0.0
    poison: float = 0.0
    record_bytes: int = 1_000

    def __post_init__(self) -> None:
        require("writes", self.writes, 0, 1e8)
        require("duration", self.duration, 1, _LONGEST)
        require("shards", self.shards, 1, 10_000)
        require("keys", self.keys, 1, 1e12)
        require("zipf", self.zipf, 0, 5)
        require("poison", self.poison, 0, 1)
        require("record_bytes", self.record_bytes, 1, _LARGEST_RECORD)
        for level in self.profile:
            require("a level's time", level.at, 0, _DAY)
            require("a level's factor", level.factor, 0, 1e6)
        for burst in self.bursts:
            require("a burst's start", burst.at, 0, self.duration)
            require("a burst's duration", burst.duration, 0, _LONGEST)
            require("a burst's factor", burst.factor, 0, 1e6)
        if sorted({level.at for level in self.profile}) != [level.at for level in self.profile]:
            msg = "found levels of the profile that are not in order, expected each later than the one before"
            raise SimulationError(msg)

    @property
    def total(self) -> float:
        """The expected number of writes."""
        return self.writes * sum(each.factor * (each.end - each.start) for each in self.segments())

    def segments(self) -> list[Segment]:
        """The intervals with a constant write rate, in order and without gaps."""
        edges = {0.0, float(self.duration)}
        for day in range(math.ceil(self.duration / _DAY)):
            edges.update(day * _DAY + level.at for level in self.profile)
            edges.add(day * _DAY)
        for burst in self.bursts:
            edges.update((burst.at, burst.at + burst.duration))
        within = sorted(edge for edge in edges if edge <= self.duration)
        return [Segment(start, end, self._factor(start)) for start, end in itertools.pairwise(within)]

    def _factor(self, time: float) -> float:
        # Before the day's first level, the last level of the day before is valid.
        levels = [level for level in self.profile if level.at <= time % _DAY] or self.profile
        factor = levels[-1].factor if levels else 1.0
        for burst in self.bursts:
            if burst.at <= time < burst.at + burst.duration:
                factor *= burst.factor
        return factor

    def shares(self, lanes: int, random: Random) -> list[float]:
        """Each lane's share of the writes.

        Args:
            lanes: The number of lanes.
            random: The random numbers that assign hot items to lanes.
        """
        if not self.zipf:
            return [1 / lanes] * lanes
        hottest = min(_HOTTEST, self.keys)
        weights = [rank**-self.zipf for rank in range(1, hottest + 1)]
        rest = _tail(hottest, self.keys, self.zipf)
        whole = sum(weights) + rest
        shares = [rest / whole / lanes] * lanes
        for weight in weights:
            shares[random.randrange(lanes)] += weight / whole
        return shares


def _tail(after: int, last: int, exponent: float) -> float:
    """The sum of ``rank ** -exponent`` over the ranks beyond ``after``, by the midpoint rule."""
    if last <= after:
        return 0.0
    low, high = after + 0.5, last + 0.5
    if exponent == 1:
        return math.log(high / low)
    power = 1 - exponent
    return float((high**power - low**power) / power)
