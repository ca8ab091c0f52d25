"""Show the figures: as lines on a terminal, and as tables in Markdown for ``docs/``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.benchmarks.goals import GOALS, Goal
from tests.benchmarks.results import Measured, Memory, Results

__all__ = ["TITLES", "cost_text", "print_goals", "print_memory", "print_workload", "pythons", "table", "tables"]

TITLES = {
    "app": "app(event, context)",
    "powertools": "Powertools, data class",
    "powertools-models": "Powertools, models",
    "boto3": "boto3 in a bare loop",
    "floor": "model_validate alone",
    "rust": "Rust, JSON included",
    "json.loads": "json.loads alone",
    "look": "looking at entities alone",
}
BESIDE = ("powertools", "powertools-models", "boto3", "floor")
"""The contestants that every workload has beside the application."""


def print_workload(measured: Measured) -> None:
    """Print the time of a record for each contestant, and its ratio to the application's."""
    print(f"\n{measured.name}: {measured.records:,} records, {size(measured)} of JSON, {measured.models:,} models")
    for name in measured.times:
        cost, ratio = measured.microseconds(name), measured.ratio(name)
        spread = f"[{cost.low:,.2f} .. {cost.high:,.2f}]"
        print(
            f"  {TITLES[name]:<24}{cost.median:>10,.2f} us a record  {spread:<26}"
            f"{ratio.median:>6.2f} x  [{ratio.low:.2f} .. {ratio.high:.2f}]"
        )


def print_memory(memory: dict[str, Memory]) -> None:
    """Print the memory of an event in addition to its objects, and the objects left behind."""
    event = next(iter(memory.values())).event
    print(f"\nmemory: an event of {event / 1e6:.1f} MB as objects")
    for name, each in memory.items():
        print(f"  {TITLES[name]:<24}{each.peak / 1e6:>10.1f} MB above it ({each.share:.0%}), {each.kept} objects kept")


def print_goals(results: Results) -> None:
    """Print each goal with its figure."""
    print("\ngoals")
    for goal in GOALS:
        print(f"  {goal.text:<74}{bound(goal):>8}{goal.written(results):>10}  {goal.verdict(results)}")


def bound(goal: Goal) -> str:
    if goal.at_least is not None:
        return f">= {goal.at_least:g}"
    return f"<= {goal.at_most:.0%}" if goal.percent else f"<= {goal.at_most:g}"


def size(measured: Measured) -> str:
    return f"{measured.bytes / 1e6:.2f} MB" if measured.bytes >= 1e5 else f"{measured.bytes / 1e3:.1f} KB"


def tables(results: Results) -> dict[str, str]:
    """The tables of ``docs/benchmarks.md`` in Markdown, by the name of their markers."""
    return {
        "about": f"{results.title()}; medians of {results.rounds} rounds.",
        "workloads": table(
            ["workload", "app(event, context)", *(TITLES[name] for name in BESIDE)], workload_rows(results)
        ),
        "goals": table(["goal", "bound", "found", ""], goal_rows(results)),
        "memory": table(["", "peak above the event", "of the event", "objects kept"], memory_rows(results)),
        "sample": table(["", "a record", "quartiles"], sample_rows(results)),
    }


def pythons(kept: Sequence[Mapping[str, Any]]) -> str:
    """The table of whole runs on several Pythons, in Markdown.

    Args:
        kept: The kept figures, one document for each Python.
    """
    versions = [f"Python {'.'.join(each['python'].split('.')[:2])}" for each in kept]
    columns = [{workload["key"]: workload for workload in each["workloads"]} for each in kept]
    rows = ([workload["name"], *(_short(column[key]) for column in columns)] for key, workload in columns[0].items())
    return table(["workload", *versions], rows)


def _short(workload: Mapping[str, Any]) -> str:
    found = workload["contestants"]
    _, cost, _ = found["app"]["microseconds a record"]
    times = " ".join(f"{found[name]['times app'][1]:.2f}" for name in ("powertools", "powertools-models", "floor"))
    return f"{cost:,.{0 if cost >= 100 else 2}f} µs: {times}"


def workload_rows(results: Results) -> Iterator[list[str]]:
    for measured in results.measured.values():
        spreads = (measured.ratio(name) for name in BESIDE)
        ratios = (f"{each.median:.2f} ({each.low:.2f} to {each.high:.2f})" for each in spreads)
        yield [measured.name, cost_text(measured), *ratios]


def cost_text(measured: Measured) -> str:
    """The time of a record in the application, to three digits."""
    cost = measured.microseconds("app").median
    return f"{cost:,.0f} µs" if cost >= 100 else f"{cost:#.3g} µs"


def goal_rows(results: Results) -> Iterator[list[str]]:
    signs = {">=": "at least", "<=": "at most"}
    for goal in GOALS:
        sign, _, value = bound(goal).partition(" ")
        yield [goal.text, f"{signs[sign]} {value}", goal.written(results), goal.verdict(results)]


def memory_rows(results: Results) -> Iterator[list[str]]:
    for name, each in results.memory.items():
        yield [
            TITLES[name],
            f"{each.peak / 1e6:.1f} MB of {each.event / 1e6:.1f} MB",
            f"{each.share:.0%}",
            str(each.kept),
        ]


def sample_rows(results: Results) -> Iterator[list[str]]:
    measured = results.measured.get("sample")
    for name in measured.times if measured else ():
        cost = measured.microseconds(name) if measured else None
        assert cost is not None
        yield [TITLES[name], f"{cost.median:.2f} µs", f"{cost.low:.2f} to {cost.high:.2f}"]


def table(heads: Sequence[str], rows: Iterator[list[str]]) -> str:
    """A table in Markdown."""
    lines = [list(heads), ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
