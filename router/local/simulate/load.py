"""The load: how many writes there are, when, and on how many items."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal, NamedTuple

from router.local.simulate.errors import SimulationError, require

__all__ = ["Burst", "Load", "Segment", "Step"]

_DAY = 86_400.0
_HOTTEST = 2_000  # keys that are placed one by one; what comes after them is spread evenly
_LONGEST = 7 * _DAY
_LARGEST_RECORD = 1_000_000  # two images of 400 KB, as JSON


class Step(NamedTuple):
    """A level of a daily profile, which holds until the next one.

    Args:
        at: Since midnight, in seconds.
        factor: What the write rate is multiplied with.
    """

    at: float
    factor: float


class Burst(NamedTuple):
    """A time of other load.

    Args:
        at: Since the start, in seconds.
        seconds: How long it lasts.
        factor: What the write rate is multiplied with, the profile's factor included.
    """

    at: float
    seconds: float
    factor: float


class Segment(NamedTuple):
    """A time in which the load stays as it is.

    Args:
        start: Since the start, in seconds.
        end: Since the start, in seconds.
        factor: What the write rate is multiplied with.
    """

    start: float
    end: float
    factor: float


@dataclass(frozen=True, kw_only=True)
class Load:
    """The writes to a table, and how they spread over its stream.

    Args:
        writes: How many there are in a second.
        seconds: For how long, up to a week; the start is midnight.
        profile: The levels of a day; none is the same load all day.
        bursts: Times of other load; where they overlap their factors multiply.
        arrivals: ``"poisson"``, each write at a moment of its own, or ``"regular"``, at equal distances.
        shards: How many shards the stream has at a time.
        keys: How many items are written to, of which ``zipf`` makes some hot.
        zipf: The exponent of Zipf's law: the item of rank r gets a share that goes as r to the minus ``zipf``; 0 is an
            even spread.
        poison: The share of records on which the handler fails whenever it comes to them, 0 to 1.
        record_bytes: How long a record is in the event, which holds 6 MB.

    Raises:
        SimulationError: There is no such load.

    Example:
        >>> load = Load(writes=10, seconds=7200, profile=[Step(0, 0.5), Step(3600, 2)])
        >>> load.segments()
        [Segment(start=0.0, end=3600.0, factor=0.5), Segment(start=3600.0, end=7200.0, factor=2)]
        >>> load.total
        90000.0
    """

    writes: float
    seconds: float = 3600.0
    profile: Sequence[Step] = ()
    bursts: Sequence[Burst] = ()
    arrivals: Literal["poisson", "regular"] = "poisson"
    shards: int = 1
    keys: int = 1_000_000
    zipf: float = 0.0
    poison: float = 0.0
    record_bytes: int = 1_000

    def __post_init__(self) -> None:
        require("writes", self.writes, 0, 1e8)
        require("seconds", self.seconds, 1, _LONGEST)
        require("shards", self.shards, 1, 10_000)
        require("keys", self.keys, 1, 1e12)
        require("zipf", self.zipf, 0, 5)
        require("poison", self.poison, 0, 1)
        require("record_bytes", self.record_bytes, 1, _LARGEST_RECORD)
        for step in self.profile:
            require("a profile's time", step.at, 0, _DAY)
            require("a profile's factor", step.factor, 0, 1e6)
        for burst in self.bursts:
            require("a burst's start", burst.at, 0, self.seconds)
            require("a burst's length", burst.seconds, 0, _LONGEST)
            require("a burst's factor", burst.factor, 0, 1e6)
        if sorted({step.at for step in self.profile}) != [step.at for step in self.profile]:
            msg = "found a profile whose times do not grow, expected each later than the one before"
            raise SimulationError(msg)

    @property
    def total(self) -> float:
        """How many writes are expected in all."""
        return self.writes * sum(each.factor * (each.end - each.start) for each in self.segments())

    def segments(self) -> list[Segment]:
        """The times in which the load stays as it is, in order and without gaps."""
        edges = {0.0, float(self.seconds)}
        for day in range(math.ceil(self.seconds / _DAY)):
            edges.update(day * _DAY + step.at for step in self.profile)
            edges.add(day * _DAY)
        for burst in self.bursts:
            edges.update((burst.at, burst.at + burst.seconds))
        within = sorted(edge for edge in edges if edge <= self.seconds)
        return [Segment(start, end, self._factor(start)) for start, end in itertools.pairwise(within)]

    def _factor(self, time: float) -> float:
        # Before the day's first level the last one of the day before still holds.
        steps = [step for step in self.profile if step.at <= time % _DAY] or self.profile
        factor = steps[-1].factor if steps else 1.0
        for burst in self.bursts:
            if burst.at <= time < burst.at + burst.seconds:
                factor *= burst.factor
        return factor

    def shares(self, lanes: int, random: Random) -> list[float]:
        """Which share of the writes each lane gets.

        Args:
            lanes: How many lanes there are in all.
            random: Where chance comes from: it puts hot items into lanes.
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
    """The sum of ``rank ** -exponent`` over the ranks beyond ``after``, by the midpoint rule: it is close there."""
    if last <= after:
        return 0.0
    low, high = after + 0.5, last + 0.5
    if exponent == 1:
        return math.log(high / low)
    power = 1 - exponent
    return float((high**power - low**power) / power)
