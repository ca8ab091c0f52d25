"""What the framework has promised to reach, held against what was measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.benchmarks.measuring import ratios
from tests.benchmarks.results import Results

__all__ = ["GOALS", "Goal", "Verdict"]

Verdict = Literal["met", "not met", "not measured"]


@dataclass(frozen=True)
class Goal:
    """A bound on something measured.

    Args:
        text: What is asked.
        measure: Finds it in the results; ``KeyError`` where it was not measured.
        at_least: The lower bound, or ``None``.
        at_most: The upper bound, or ``None``.
        percent: Whether it is a share.
    """

    text: str
    measure: Callable[[Results], float]
    at_least: float | None = None
    at_most: float | None = None
    percent: bool = False

    def found(self, results: Results) -> float | None:
        """What was measured, or ``None``."""
        try:
            return self.measure(results)
        except KeyError:
            return None

    def verdict(self, results: Results) -> Verdict:
        found = self.found(results)
        if found is None:
            return "not measured"
        low = self.at_least is None or found >= self.at_least
        return "met" if low and (self.at_most is None or found <= self.at_most) else "not met"

    def written(self, results: Results) -> str:
        """What was measured, for people."""
        found = self.found(results)
        if found is None:
            return "-"
        return f"{found:.1%}" if self.percent else f"{found:.2f}"


def times_app(workload: str, contestant: str) -> Callable[[Results], float]:
    """How many times as fast as a contestant the application is."""
    return lambda results: results.measured[workload].ratio(contestant).median


def app_times(workload: str, contestant: str) -> Callable[[Results], float]:
    """How many times a contestant's time the application takes."""
    return lambda results: results.measured[workload].ratio("app", contestant).median


def growth(workload: str, contestant: str = "app") -> Callable[[Results], float]:
    """By how much a record costs a contestant more than one of four entities does, in the same rounds."""

    def measure(results: Results) -> float:
        few, many = results.measured["4-entities"], results.measured[workload]
        return ratios(many.times[contestant], few.times[contestant]).median * few.records / many.records - 1

    return measure


def memory_share(results: Results) -> float:
    """The peak of the application above the event, as a share of it."""
    return results.memory["app"].share


def kept_objects(results: Results) -> float:
    """What an invocation leaves behind."""
    return results.memory["app"].kept


GOALS = (
    Goal("INSERT: times as fast as Powertools with its data class", times_app("insert", "powertools"), at_least=3),
    Goal("INSERT: times the floor's time", app_times("insert", "floor"), at_most=1.5),
    Goal("MODIFY: times as fast as Powertools with models", times_app("modify", "powertools-models"), at_least=3),
    Goal("one of four routed: times as fast as Powertools", times_app("one-of-four", "powertools"), at_least=8),
    Goal("3 of 30 attributes: times as fast as Powertools", times_app("3-of-30", "powertools"), at_least=10),
    Goal(
        "a record costs more among 1,000 entities than among 4 by", growth("1000-entities"), at_most=0.10, percent=True
    ),
    Goal("the same, where all records are of 4 of the 1,000", growth("4-of-1000"), at_most=0.10, percent=True),
    Goal("the Rust sample's work: times Rust's time, JSON included there", app_times("sample", "rust"), at_most=1),
    Goal("peak memory above a 6 MB event, of the event", memory_share, at_most=0.25, percent=True),
    Goal("objects kept after an invocation", kept_objects, at_most=0),
)
