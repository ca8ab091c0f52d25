"""The goals of the project, compared with the figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.benchmarks.cold_start import MEASURED
from tests.benchmarks.measuring import ratios
from tests.benchmarks.results import Results

__all__ = ["GOALS", "Goal", "Ratio", "Verdict"]

Verdict = Literal["met", "not met", "not measured"]


@dataclass(frozen=True)
class Ratio:
    """One contestant's time divided by another's, on a workload; or its instructions."""

    workload: str
    of: str
    to: str

    def __call__(self, results: Results) -> float:
        return results.measured[self.workload].ratio(self.of, self.to).median

    def of_instructions(self, results: Results) -> float:
        """The same ratio of instructions.

        Raises:
            KeyError: They were not counted.
        """
        return results.instructions[self.workload, self.of] / results.instructions[self.workload, self.to]


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

    @property
    def counted(self) -> tuple[tuple[str, str], ...]:
        """The workloads and contestants whose instructions the figure can be taken from."""
        ratio = self.measure
        if not isinstance(ratio, Ratio) or ratio.to == "rust":  # which is called in this process
            return ()
        return (ratio.workload, ratio.of), (ratio.workload, ratio.to)

    def in_instructions(self, results: Results) -> str:
        """The same figure in instructions, as text."""
        try:
            return f"{self.measure.of_instructions(results):.2f}" if isinstance(self.measure, Ratio) else "-"
        except KeyError:
            return "-"


def against_powertools(workload: str) -> Ratio:
    return Ratio(workload, "powertools", "app")


def against_floor(workload: str) -> Ratio:
    return Ratio(workload, "app", "floor")


def growth(results: Results) -> float:
    """The increase of a record's time where 1,000 entities have routes against four, in the same rounds."""
    few, many = results.measured["4-entities"], results.measured["4-of-1000"]
    return ratios(many.times["app"], few.times["app"]).median * few.records / many.records - 1


def lanes_busy(results: Results) -> float:
    """The processor time of a record in lanes against Powertools' with locks."""
    return results.lanes["app"].microseconds.median / results.lanes["powertools"].microseconds.median


GOALS = (
    Goal("realistic items, 100 records: times as fast as Powertools", against_powertools("realistic"), at_least=3),
    Goal("the same: times the time of model_validate alone", against_floor("realistic"), at_most=1.7),
    Goal("flat items, INSERT: times as fast as Powertools", against_powertools("insert"), at_least=3.3),
    Goal("the same: times the time of model_validate alone", against_floor("insert"), at_most=1.45),
    Goal("MODIFY: times as fast as Powertools with models", Ratio("modify", "powertools-models", "app"), at_least=3),
    Goal("REMOVE: times as fast as Powertools", against_powertools("remove"), at_least=3.5),
    Goal("two routes for a record: times as fast as Powertools", against_powertools("two-routes"), at_least=3.5),
    Goal("metrics, a dependency, async: times as fast as Powertools", against_powertools("all"), at_least=2.5),
    Goal("one of four entities routed: times as fast as Powertools", against_powertools("one-of-four"), at_least=6.5),
    Goal("the Rust sample's work: times Rust's time, JSON included there", Ratio("sample", "app", "rust"), at_most=1),
    Goal(
        "a cold start: times Powertools' (the goal is for Python 3.13)",
        lambda results: float(results.cold_starts[MEASURED]["times Powertools"]),
        at_most=0.85,
    ),
    Goal("lanes: times the ideal", lambda results: results.lanes["app"].times_ideal.median, at_most=1.2),
    # A quarter of what it was before lanes were tasks of one run of the loop: 2.8 times.
    Goal("lanes: times the processor time of Powertools with locks", lanes_busy, at_most=0.7),
    Goal(
        "longest garbage collection in an event of 6 MB, milliseconds",
        lambda results: results.in_runtime["app"].pause * 1e3,
        at_most=10,
    ),
    Goal("1,000 entities with routes cost a record more than four by", growth, at_most=0.10, percent=True),
    Goal("peak memory above a 6 MB event, of the event", lambda results: results.memory["app"].share, None, 0.25, True),
    Goal("objects kept after an invocation", lambda results: results.memory["app"].kept, at_most=0),
)
