"""The contestants: the application, the alternatives that a team would write, and the floor."""

from __future__ import annotations

from tests.benchmarks.contestants.bare_loop import bare_loop
from tests.benchmarks.contestants.entry import Contestant
from tests.benchmarks.contestants.floor import floor
from tests.benchmarks.contestants.powertools import powertools, powertools_models
from tests.benchmarks.contestants.router_app import router_app
from tests.benchmarks.workloads import Workload

__all__ = ["CONTESTANTS", "contestants_of"]

CONTESTANTS: dict[str, Contestant] = {
    "app": router_app,
    "powertools": powertools,
    "powertools-models": powertools_models,
    "boto3": bare_loop,
    "floor": floor,
}


def contestants_of(workload: Workload) -> dict[str, Contestant]:
    """The contestants of a workload: record models only where records are handled, and nothing else, by few models."""
    more = workload.handlers != "plain" or workload.metrics or workload.dependency or workload.done
    without = "powertools-models" if more or len(workload.models) > 100 else ""
    return {name: each for name, each in CONTESTANTS.items() if name != without}
