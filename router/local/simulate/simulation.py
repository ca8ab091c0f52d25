"""The simulation of all lanes: from a scenario to figures over time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import NamedTuple

from router.local.simulate.arrivals import Arrivals, poisson, positions, regular
from router.local.simulate.cost import Bill, bill
from router.local.simulate.counters import LaneCounters
from router.local.simulate.lane import SimulatedLane
from router.local.simulate.load import Segment
from router.local.simulate.rng import random_for
from router.local.simulate.sample import SampledLane, sample_lanes, standard_error
from router.local.simulate.scenario import Scenario, steps
from router.local.simulate.series import Bucket, TimeSeries, bucket_seconds

__all__ = ["Estimate", "Simulation", "simulate"]

_FINE, _COARSE = 288, 24  # buckets: of a day, five minutes and an hour
_AFFORDABLE_STEPS = 12_000_000  # a laptop runs half a million to a million a second
_FEWEST_LANES = 8


class Estimate(NamedTuple):
    """An estimate over all lanes.

    Args:
        value: The estimate.
        error: Its standard error; 0 if all lanes were simulated.
    """

    value: float
    error: float


@dataclass(frozen=True, slots=True)
class Simulation:
    """The result of a simulation.

    Args:
        scenario: The scenario.
        totals: The counters of :class:`router.local.simulate.counters.LaneCounters` over all lanes, by name.
        buckets: The course in at most 288 buckets, for a plot.
        table: The course in at most 24 buckets, for reading.
        age_p50: The median iterator age over all invocations, in seconds; ``None`` without invocations.
        age_p99: The 99th percentile of the iterator age.
        age_max: The maximum iterator age.
        busiest: Records a second of the busiest lane at the highest load.
        busiest_shard: Records a second of the busiest shard at the highest load.
        simulated: The number of simulated lanes.
        records: The number of their records.
        elapsed: The real time that the simulation took, in seconds.
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
        """The cost of the simulated time."""
        scenario, value = self.scenario, self.totals
        return bill(
            scenario.prices,
            value["invocations"].value,
            value["billed"].value,
            scenario.function.memory,
            scenario.load.duration,
        )


def simulate(scenario: Scenario, progress: Callable[[int, int], None] | None = None) -> Simulation:
    """Run a scenario on a virtual clock.

    Args:
        scenario: The scenario.
        progress: Called after each lane with the number of finished lanes and that of all.

    Example:
        >>> from router.local.simulate import Load
        >>> simulation = simulate(Scenario(load=Load(writes=10, duration=60, arrivals="regular", shards=2)))
        >>> simulation.totals["written"]
        Estimate(value=600.0, error=0.0)
    """
    began = perf_counter()
    segments = scenario.load.segments()
    shares = scenario.load.shares(scenario.lanes, random_for(scenario.seed, "keys"))
    rates = [share * scenario.load.writes for share in shares]
    sample = _sample(scenario, rates)
    fine, coarse = (_time_series(scenario, most, len(sample)) for most in (_FINE, _COARSE))
    counters: dict[SampledLane, LaneCounters] = {}
    for done, sampled in enumerate(sample, 1):
        lane, arrivals = _lane(scenario, segments, sampled)
        lane.run()
        for series in (fine, coarse):
            series.add(arrivals, lane.log, sampled.weight)
        counters[sampled] = lane.counters
        if progress is not None:
            progress(done, len(sample))
    highest = max(segment.factor for segment in segments)
    buckets = fine.buckets()
    return Simulation(
        scenario=scenario,
        totals={name: _estimate(counters, name) for name in _COUNTERS},
        buckets=buckets,
        table=coarse.buckets(),
        age_p50=fine.age(0.5),
        age_p99=fine.age(0.99),
        age_max=max((each.age_max for each in buckets if each.age_max is not None), default=None),
        busiest=max(rates) * highest,
        busiest_shard=max(_by_shard(rates, scenario.mapping.parallelization_factor)) * highest,
        simulated=len(sample),
        records=sum(each.written for each in counters.values()),
        elapsed=perf_counter() - began,
    )


def _time_series(scenario: Scenario, most: int, lanes: int) -> TimeSeries:
    return TimeSeries(scenario.load.duration, bucket_seconds(scenario.load.duration, most), lanes)


_COUNTERS = (
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


def _estimate(counters: dict[SampledLane, LaneCounters], name: str) -> Estimate:
    values = {sampled: float(getattr(each, name)) for sampled, each in counters.items()}
    return Estimate(sum(sampled.weight * value for sampled, value in values.items()), standard_error(values))


def _lane(scenario: Scenario, segments: list[Segment], sampled: SampledLane) -> tuple[SimulatedLane, Arrivals]:
    """A lane with its own random numbers, so that it is the same in every sample."""
    seed, lane = scenario.seed, sampled.lane
    if scenario.load.arrivals == "poisson":
        arrivals = poisson(segments, sampled.rate, scenario.poll, random_for(seed, lane, "arrivals"))
    else:
        # Each lane has its own phase, or all lanes would get a write at the same time.
        arrivals = regular(segments, sampled.rate, scenario.poll, lane / scenario.lanes)
    poison = positions(scenario.load.poison, arrivals.total, random_for(seed, lane, "poison"))
    durations = random_for(seed, lane, "durations")
    size = scenario.load.record_bytes
    return SimulatedLane(arrivals, poison, scenario.mapping, scenario.function, durations, size), arrivals


def _sample(scenario: Scenario, rates: list[float]) -> list[SampledLane]:
    most = scenario.sample or (len(rates) if scenario.sample == 0 else _affordable(scenario, len(rates)))
    return sample_lanes(rates, _poisoned(scenario, rates, most), most)


def _affordable(scenario: Scenario, lanes: int) -> int:
    """The number of lanes that can be simulated in less than a minute."""
    return min(lanes, max(_FEWEST_LANES, int(_AFFORDABLE_STEPS / (steps(scenario) + 1))))


def _poisoned(scenario: Scenario, rates: list[float], most: int) -> list[int]:
    """The lanes with poison if they are few: then each of them represents only itself."""
    load = scenario.load
    if not load.poison or load.poison * load.total > most / 2 or len(rates) <= most:
        return []
    scale = load.total / load.writes
    return [
        lane
        for lane, rate in enumerate(rates)
        if positions(load.poison, round(rate * scale), random_for(scenario.seed, lane, "poison"))
    ]


def _by_shard(rates: list[float], factor: int) -> list[float]:
    return [sum(rates[first : first + factor]) for first in range(0, len(rates), factor)]
