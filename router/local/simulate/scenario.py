"""The scenario of a simulation: a load, a function, a mapping, prices, and the simulation's own settings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, InstanceOf

from router.local.event_source_mapping.settings import MappingSettings
from router.local.simulate.cost import PRICES, Prices
from router.local.simulate.errors import SimulationError, require
from router.local.simulate.function import SimulatedFunction
from router.local.simulate.lane import most_records
from router.local.simulate.load import Load
from router.local.simulate.times import Duration

__all__ = ["Scenario", "steps"]

_MOST_STEPS = 500_000_000  # of a lane: a quarter of an hour
_MOST_POLLS = 5_000_000  # of a lane: all of them are kept in memory
_LONGEST_POLL = 60  # seconds


def _mapping(value: Any) -> Any:
    return MappingSettings.of(value) if isinstance(value, Mapping) else value


def _prices(value: Any) -> Any:
    """The list prices of an architecture, with the prices that a table gives instead."""
    if not isinstance(value, Mapping):
        return value
    given = dict(value)
    architecture = given.pop("architecture", "x86_64")
    if architecture not in PRICES:
        msg = f"found architecture {architecture!r}, expected {' or '.join(map(repr, PRICES))}"
        raise ValueError(msg)
    own = {"region": "your region", "as_of": "the scenario"} if given else {}
    return {**asdict(PRICES[architecture]), **own, **given}


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """The input of a simulation.

    Args:
        load: The writes.
        function: The function.
        mapping: The mapping's settings. Filters have no effect: the writes are those that pass them.
        prices: The prices.
        poll: Seconds between two polls of a shard; Lambda polls four times a second.
        seed: The seed of the random numbers; the same seed gives the same figures.
        sample: The number of lanes to simulate, 0 for all; ``None``: as many as take less than a minute.

    Raises:
        SimulationError: A value is out of its range, or the simulation would take too long.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    load: Load = field(default_factory=Load)
    function: SimulatedFunction = field(default_factory=SimulatedFunction)
    mapping: Annotated[InstanceOf[MappingSettings], BeforeValidator(_mapping)] = field(default_factory=MappingSettings)
    prices: Annotated[Prices, BeforeValidator(_prices)] = PRICES["x86_64"]
    poll: Duration = 0.25
    seed: int = 0
    sample: int | None = None

    def __post_init__(self) -> None:
        require("poll", self.poll, 0.001, min(_LONGEST_POLL, self.load.duration))
        polls = self.load.duration / self.poll
        if polls > _MOST_POLLS:
            msg = f"found {polls:,.0f} polls of a shard, expected at most {_MOST_POLLS:,}; increase poll"
            raise SimulationError(msg)
        if steps(self) > _MOST_STEPS:
            msg = "found more invocations than can be simulated, expected larger batches or a shorter duration"
            raise SimulationError(msg)
        if self.sample is not None:
            require("sample", self.sample, 0, math.inf)
        if self.mapping.tumbling_window_in_seconds:
            msg = "found a tumbling window, expected none: invocations at the end of a window are not simulated"
            raise SimulationError(msg)

    @property
    def lanes(self) -> int:
        """The number of lanes, which is the highest number of concurrent invocations."""
        return self.load.shards * self.mapping.parallelization_factor

    @property
    def capacity(self) -> float:
        """The records that a lane can process in a second, in full batches without failures."""
        most = most_records(self.mapping, self.load.record_bytes)
        return most / self.function.duration(most)


def steps(scenario: Scenario) -> float:
    """The approximate number of steps that the simulation of one lane takes.

    Args:
        scenario: The scenario.
    """
    load, seconds = scenario.load, scenario.load.duration
    polls, records = seconds / scenario.poll, load.total / scenario.lanes
    most = most_records(scenario.mapping, load.record_bytes)
    batches = max(min(polls, records), min(records / most, seconds / scenario.function.duration(most)))
    attempts = min(max(scenario.mapping.maximum_retry_attempts, 0), 20) + math.log2(most + 1) + 2
    each = 4 * attempts + min(most, records / max(batches, 1))
    return polls / 3 + batches + min(records * load.poison * each, seconds * attempts * 100)
