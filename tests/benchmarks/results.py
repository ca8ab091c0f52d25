"""The figures of a run of the benchmarks, and their JSON document."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.benchmarks.measuring import Spread, ratios

__all__ = ["InRuntime", "Lanes", "Measured", "Memory", "Results"]

PACKAGES = ("pydantic", "pydantic-core", "aws-lambda-powertools", "boto3", "structlog")


@dataclass(frozen=True)
class Measured:
    """The times of a workload.

    Args:
        key: The workload's key.
        name: Its name.
        records: How many records its event had.
        bytes: The bytes of the event's JSON.
        handled: How many records reached a handler, or failed.
        times: The seconds of each contestant, round by round.
    """

    key: str
    name: str
    records: int
    bytes: int
    handled: int
    times: dict[str, list[float]]

    def ratio(self, contestant: str, to: str = "app") -> Spread:
        """The ratio of a contestant's time to another's."""
        return ratios(self.times[contestant], self.times[to])

    def microseconds(self, contestant: str) -> Spread:
        """The time of a record for a contestant."""
        return Spread.of(self.times[contestant]).scaled(1e6 / self.records)

    def to_dict(self) -> dict[str, Any]:
        contestants = {
            name: {"microseconds a record": _rounded(self.microseconds(name)), "times app": _rounded(self.ratio(name))}
            for name in self.times
        }
        about = {"records": self.records, "bytes": self.bytes, "handled": self.handled}
        return {"key": self.key, "name": self.name, **about, "contestants": contestants}


@dataclass(frozen=True)
class Memory:
    """The memory of handling a large event, in addition to the event.

    Args:
        event: The bytes of the event's objects.
        peak: The highest number of bytes in addition to them.
        kept: The number of objects that later invocations left behind.
    """

    event: int
    peak: int
    kept: int

    @property
    def share(self) -> float:
        """The peak as a share of the event."""
        return self.peak / self.event

    def to_dict(self) -> dict[str, Any]:
        return {"event bytes": self.event, "peak bytes above it": self.peak, "objects kept": self.kept}


@dataclass(frozen=True)
class Lanes:
    """The times of handlers that wait beside each other.

    Args:
        ideal: The least seconds that an event can take.
        records: How many records it has.
        elapsed: The seconds of each run.
        busy: The processor seconds of each run.
    """

    ideal: float
    records: int
    elapsed: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)

    @property
    def times_ideal(self) -> Spread:
        """The elapsed time as a multiple of the ideal."""
        return Spread.of(self.elapsed).scaled(1 / self.ideal)

    @property
    def microseconds(self) -> Spread:
        """The processor time of a record."""
        return Spread.of(self.busy).scaled(1e6 / self.records)

    def to_dict(self) -> dict[str, Any]:
        return {
            "times ideal": _rounded(self.times_ideal),
            "processor microseconds a record": _rounded(self.microseconds),
        }


@dataclass(frozen=True)
class InRuntime:
    """The invocations of a function in Lambda's runtime client.

    Args:
        seconds: The processor seconds of an invocation, round by round, by the number of its records.
        pause: The seconds of the longest garbage collection in a large event.
    """

    seconds: dict[int, list[float]]
    pause: float

    def milliseconds(self, records: int) -> Spread:
        """The processor time of an invocation with so many records."""
        return Spread.of(self.seconds[records]).scaled(1e3)

    def to_dict(self) -> dict[str, Any]:
        milliseconds = {str(records): _rounded(self.milliseconds(records)) for records in self.seconds}
        return {"processor milliseconds": milliseconds, "longest pause, milliseconds": self.pause * 1e3}


@dataclass
class Results:
    """All figures of a run.

    Args:
        rounds: How often each contestant was measured on each workload.
        measured: The times of each workload.
        memory: The memory of each contestant.
        in_runtime: The invocations of each in the runtime client.
        lanes: The times of handlers that wait.
        cold_starts: The figures of ``tests.benchmarks.cold_start``.
        instructions: Those of a record, by workload and contestant.
    """

    rounds: int
    measured: dict[str, Measured] = field(default_factory=dict)
    memory: dict[str, Memory] = field(default_factory=dict)
    in_runtime: dict[str, InRuntime] = field(default_factory=dict)
    lanes: dict[str, Lanes] = field(default_factory=dict)
    cold_starts: dict[str, Any] = field(default_factory=dict)
    instructions: dict[tuple[str, str], float] = field(default_factory=dict)

    def title(self) -> str:
        """The versions and the machine of the run."""
        return f"Python {platform.python_version()}, pydantic {version('pydantic')}, {machine()}"

    def to_dict(self) -> dict[str, Any]:
        return {
            "python": platform.python_version(),
            "machine": machine(),
            "packages": {name: version(name) for name in PACKAGES},
            "rounds": self.rounds,
            "quartiles": ["low", "median", "high"],
            "workloads": [measured.to_dict() for measured in self.measured.values()],
            "memory": {name: memory.to_dict() for name, memory in self.memory.items()},
            "in the runtime client": {name: each.to_dict() for name, each in self.in_runtime.items()},
            "lanes": {name: lanes.to_dict() for name, lanes in self.lanes.items()},
            "cold starts": self.cold_starts,
            "instructions a record": {" ".join(key): round(count) for key, count in self.instructions.items()},
        }


def machine() -> str:
    """The processor, if the system names it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()


def _rounded(spread: Spread) -> list[float]:
    return [float(f"{value:.4g}") for value in (spread.low, spread.median, spread.high)]
