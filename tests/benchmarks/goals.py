"""The goals of the project, compared with the figures."""

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
    """A bound on a figure.

    Args:
        text: The goal in words.
        measure: Returns the figure from the results; raises ``KeyError`` if it was not measured.
        at_least: The lower bound, or ``None``.
        at_most: The upper bound, or ``None``.
        percent: Whether the figure is a share.
    """

    text: str
    measure: Callable[[Results], float]
    at_least: float | None = None
    at_most: float | None = None
    percent: bool = False

    def found(self, results: Results) -> float | None:
        """The figure, or ``None``."""
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
        """The figure as text."""
        found = self.found(results)
        if found is None:
            return "-"
        return f"{found:.1%}" if self.percent else f"{found:.2f}"


def times_app(workload: str, contestant: str) -> Callable[[Results], float]:
    """The contestant's time divided by the application's."""
    return lambda results: results.measured[workload].ratio(contestant).median


def app_times(workload: str, contestant: str) -> Callable[[Results], float]:
    """The application's time divided by the contestant's."""
    return lambda results: results.measured[workload].ratio("app", contestant).median


def growth(workload: str, contestant: str = "app") -> Callable[[Results], float]:
    """The increase of a record's time against four entities, in the same rounds."""

    def measure(results: Results) -> float:
        few, many = results.measured["4-entities"], results.measured[workload]
        return ratios(many.times[contestant], few.times[contestant]).median * few.records / many.records - 1

    return measure


def memory_share(results: Results) -> float:
    """The application's peak of memory in addition to the event, as a share of the event."""
    return results.memory["app"].share


def kept_objects(results: Results) -> float:
    """The number of objects that an invocation leaves behind."""
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
