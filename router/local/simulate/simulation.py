"""All lanes together: a load, a function and a mapping in, figures over time out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import NamedTuple

from router.local.event_source_mapping.settings import MappingSettings
from router.local.simulate.arrivals import Arrivals, poisson, positions, regular
from router.local.simulate.cost import PRICES, Bill, Prices, bill
from router.local.simulate.counters import Tally
from router.local.simulate.errors import SimulationError, require
from router.local.simulate.function import Function
from router.local.simulate.lane import Lane, most_records
from router.local.simulate.load import Load, Segment
from router.local.simulate.rng import chance
from router.local.simulate.sample import Pick, choose, standard_error
from router.local.simulate.series import Bucket, Series, bucket_seconds

__all__ = ["Estimate", "Scenario", "Simulation", "simulate"]

_FINE, _COARSE = 288, 24  # five minutes and an hour of a day
_STEPS = 12_000_000  # of a lane's loop; a laptop does half a million to a million in a second
_FEWEST = 8
_MOST_STEPS = 500_000_000  # of a lane: a quarter of an hour
_MOST_POLLS = 5_000_000  # of a lane: each is held in memory
_LONGEST_POLL = 60


class Estimate(NamedTuple):
    """A figure over all lanes.

    Args:
        value: The figure.
        error: Its standard error, for lanes that were not simulated; 0 if all were.
    """

    value: float
    error: float


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What is to be simulated.

    Args:
        load: The writes.
        function: The function.
        settings: The mapping's settings. Filters have no part in it: the writes are those that pass them.
        poll: How many seconds lie between two polls of a shard; Lambda's own is a quarter.
        seed: Where chance starts; the same seed gives the same figures.
        sample: How many lanes to simulate, 0 for all of them; ``None`` chooses so that it takes less than a minute.
        prices: The prices.

    Raises:
        SimulationError: There is no such scenario.
    """

    load: Load
    function: Function = field(default_factory=Function)
    settings: MappingSettings = field(default_factory=MappingSettings)
    poll: float = 0.25
    seed: int = 0
    sample: int | None = None
    prices: Prices = PRICES["x86_64"]

    def __post_init__(self) -> None:
        require("poll", self.poll, 0.001, min(_LONGEST_POLL, self.load.seconds))
        polls = self.load.seconds / self.poll
        if polls > _MOST_POLLS:
            msg = f"found {polls:,.0f} polls of a shard, expected at most {_MOST_POLLS:,}: poll less often"
            raise SimulationError(msg)
        if _steps(self) > _MOST_STEPS:
            msg = "found more invocations than can be simulated, expected larger batches or less time"
            raise SimulationError(msg)
        if self.sample is not None:
            require("sample", self.sample, 0, math.inf)
        if self.settings.tumbling_window_in_seconds:
            msg = "found a tumbling window, expected none: its invocations at the end of a window are not simulated"
            raise SimulationError(msg)

    @property
    def lanes(self) -> int:
        """How many lanes there are, which is how many invocations can run at a time."""
        return self.load.shards * self.settings.parallelization_factor

    @property
    def capacity(self) -> float:
        """How many records a lane can take in a second, in full batches of which none fails."""
        most = most_records(self.settings, self.load.record_bytes)
        return most / self.function.duration(most)


@dataclass(frozen=True, slots=True)
class Simulation:
    """What came out.

    Args:
        scenario: What was simulated.
        totals: Figures of :class:`router.local.simulate.counters.Tally` over all lanes, by their names there.
        buckets: The course of things in at most 288 parts, for a plot.
        table: The same in at most 24, for reading.
        age_p50: The median of the iterator's age over all invocations, in seconds; ``None`` if there were none.
        age_p99: What 99 of 100 do not exceed.
        age_max: The maximum.
        busiest: What the busiest lane gets, in records a second, when the load is highest.
        busiest_shard: What the busiest shard gets then.
        simulated: How many lanes were simulated.
        records: How many records those had.
        elapsed: How long that took, in seconds.
    """

    scenario: Scenario
    totals: dict[str, Estimate]
    buckets: list[Bucket]
    table: list[Bucket]
    age_p50: float | None
    age_p99: float | None
    age_max: float | None
    busiest: float
    busiest_shard: float
    simulated: int
    records: int
    elapsed: float

    @property
    def bill(self) -> Bill:
        """What it would cost."""
        scenario, value = self.scenario, self.totals
        return bill(
            scenario.prices,
            value["invocations"].value,
            value["billed"].value,
            scenario.function.memory,
            scenario.load.seconds,
        )


def simulate(scenario: Scenario, progress: Callable[[int, int], None] | None = None) -> Simulation:
    """Run a scenario on a virtual clock.

    Args:
        scenario: What is to be simulated.
        progress: Told, after each lane, how many are done and how many there are.

    Example:
        >>> simulation = simulate(Scenario(load=Load(writes=10, seconds=60, arrivals="regular", shards=2)))
        >>> simulation.totals["written"]
        Estimate(value=600.0, error=0.0)
    """
    began = perf_counter()
    segments = scenario.load.segments()
    shares = scenario.load.shares(scenario.lanes, chance(scenario.seed, "keys"))
    rates = [share * scenario.load.writes for share in shares]
    picks = _picks(scenario, rates)
    fine, coarse = (
        Series(scenario.load.seconds, bucket_seconds(scenario.load.seconds, most), len(picks))
        for most in (_FINE, _COARSE)
    )
    tallies: dict[Pick, Tally] = {}
    for done, pick in enumerate(picks, 1):
        lane, arrivals = _lane(scenario, segments, pick)
        lane.run()
        fine.add(arrivals, lane.log, pick.weight)
        coarse.add(arrivals, lane.log, pick.weight)
        tallies[pick] = lane.tally
        if progress is not None:
            progress(done, len(picks))
    highest = max(segment.factor for segment in segments)
    buckets = fine.buckets()
    return Simulation(
        scenario,
        {name: _estimate(tallies, name) for name in _FIGURES},
        buckets,
        coarse.buckets(),
        fine.age(0.5),
        fine.age(0.99),
        max((each.age_max for each in buckets if each.age_max is not None), default=None),
        max(rates) * highest,
        max(_by_shard(rates, scenario.settings.parallelization_factor)) * highest,
        len(picks),
        sum(tally.written for tally in tallies.values()),
        perf_counter() - began,
    )


_FIGURES = (
    "written",
    "handled",
    "invocations",
    "failures",
    "cold_starts",
    "executions",
    "re_executions",
    "discarded",
    "exhausted",
    "aged",
    "documents",
    "healthy",
    "trimmed",
    "waiting",
    "busy",
    "billed",
)


def _estimate(tallies: dict[Pick, Tally], name: str) -> Estimate:
    values = {pick: float(getattr(tally, name)) for pick, tally in tallies.items()}
    return Estimate(sum(pick.weight * value for pick, value in values.items()), standard_error(values))


def _lane(scenario: Scenario, segments: list[Segment], pick: Pick) -> tuple[Lane, Arrivals]:
    """A lane with chances of its own, so that which others are simulated changes nothing in it."""
    seed, lane = scenario.seed, pick.lane
    if scenario.load.arrivals == "poisson":
        arrivals = poisson(segments, pick.rate, scenario.poll, chance(seed, lane, "arrivals"))
    else:
        # Each lane at its own phase, or all lanes would get a write at the same moment.
        arrivals = regular(segments, pick.rate, scenario.poll, lane / scenario.lanes)
    poison = positions(scenario.load.poison, arrivals.total, chance(seed, lane, "poison"))
    durations = chance(seed, lane, "durations")
    size = scenario.load.record_bytes
    return Lane(arrivals, poison, scenario.settings, scenario.function, durations, size), arrivals


def _picks(scenario: Scenario, rates: list[float]) -> list[Pick]:
    most = scenario.sample or (len(rates) if scenario.sample == 0 else _affordable(scenario, len(rates)))
    return choose(rates, _poisoned(scenario, rates, most), most)


def _affordable(scenario: Scenario, lanes: int) -> int:
    """How many lanes can be simulated in good time."""
    return min(lanes, max(_FEWEST, int(_STEPS / (_steps(scenario) + 1))))


def _steps(scenario: Scenario) -> float:
    """About how much work a lane is, in turns of its loop."""
    load, seconds = scenario.load, scenario.load.seconds
    polls, records = seconds / scenario.poll, load.total / scenario.lanes
    most = most_records(scenario.settings, load.record_bytes)
    batches = max(min(polls, records), min(records / most, seconds / scenario.function.duration(most)))
    attempts = min(max(scenario.settings.maximum_retry_attempts, 0), 20) + math.log2(most + 1) + 2
    each = 4 * attempts + min(most, records / max(batches, 1))
    return polls / 3 + batches + min(records * load.poison * each, seconds * attempts * 100)


def _poisoned(scenario: Scenario, rates: list[float], most: int) -> list[int]:
    """The lanes that have poison, if they are few: then none of them can stand for another."""
    load = scenario.load
    if not load.poison or load.poison * load.total > most / 2 or len(rates) <= most:
        return []
    scale = load.total / load.writes
    return [
        lane
        for lane, rate in enumerate(rates)
        if positions(load.poison, round(rate * scale), chance(scenario.seed, lane, "poison"))
    ]


def _by_shard(rates: list[float], factor: int) -> list[float]:
    return [sum(rates[first : first + factor]) for first in range(0, len(rates), factor)]
