"""The figures of a run of the benchmarks, and their JSON document."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.benchmarks.measuring import Spread, ratios

__all__ = ["Measured", "Memory", "Results"]

PACKAGES = ("pydantic", "pydantic-core", "aws-lambda-powertools", "boto3", "structlog")


@dataclass(frozen=True)
class Measured:
    """The times of a workload.

    Args:
        key: The workload's key.
        name: Its name.
        records: How many records its event had.
        bytes: The bytes of the event's JSON.
        models: How many models each contestant made of it.
        times: The seconds of each contestant, round by round.
    """

    key: str
    name: str
    records: int
    bytes: int
    models: int
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
        about = {"records": self.records, "bytes": self.bytes, "models": self.models}
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


@dataclass
class Results:
    """All figures of a run."""

    rounds: int
    measured: dict[str, Measured] = field(default_factory=dict)
    memory: dict[str, Memory] = field(default_factory=dict)

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
