"""Show the figures: as lines on a terminal, and as tables in Markdown for ``docs/``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tests.benchmarks.goals import GOALS, Goal
from tests.benchmarks.results import Lanes, Measured, Results

__all__ = ["MAIN", "TITLES", "cost_text", "print_goals", "print_rest", "print_workload", "pythons", "table", "tables"]

TITLES = {
    "app": "app(event, context)",
    "powertools": "Powertools, data class",
    "powertools-models": "Powertools, models",
    "boto3": "boto3 in a bare loop",
    "floor": "model_validate alone",
    "rust": "Rust, JSON included",
    "json.loads": "json.loads alone",
    "look": "looking at entities alone",
    "nothing": "the client and JSON alone",
    "asyncio": "asyncio alone",
}
BESIDE = ("powertools", "powertools-models", "boto3", "floor")
"""The contestants beside the application."""
LANES = {
    "app": "Dispatcher(concurrency=100)",
    "powertools": "Powertools' async processor, a lock for each item",
    "asyncio": "asyncio alone, a task for each item",
}
MAIN = (
    "realistic",
    "batch",
    "metrics",
    "dependency",
    "async",
    "all",
    "insert",
    "modify",
    "remove",
    "two-routes",
    "one-of-four",
)
"""The workloads of the first table and of the picture."""


def print_workload(measured: Measured) -> None:
    """Print the time of a record for each contestant, and its ratio to the application's."""
    print(f"\n{measured.name}: {measured.records:,} records, {size(measured)} of JSON, {measured.handled:,} handled")
    for name in measured.times:
        cost, ratio = measured.microseconds(name), measured.ratio(name)
        spread = f"[{cost.low:,.2f} .. {cost.high:,.2f}]"
        print(
            f"  {TITLES[name]:<24}{cost.median:>10,.2f} us a record  {spread:<26}"
            f"{ratio.median:>6.2f} x  [{ratio.low:.2f} .. {ratio.high:.2f}]"
        )


def print_rest(results: Results) -> None:
    """Print what is measured besides workloads."""
    for name, in_runtime in results.in_runtime.items():
        each = (f"{records:,}: {in_runtime.milliseconds(records).median:.2f} ms" for records in in_runtime.seconds)
        print(f"\nin the runtime client, {TITLES[name]}, by the records of an invocation: {', '.join(each)}")
        print(f"  longest garbage collection in an event of 6 MB: {in_runtime.pause * 1e3:.1f} ms")
    for name, lanes in results.lanes.items():
        ideal, busy = lanes.times_ideal.median, lanes.microseconds.median
        print(f"\nlanes, {TITLES[name]}: {ideal:.2f} times the ideal, {busy:.1f} us of the processor a record")
    for name, memory in results.memory.items():
        above = f"{memory.peak / 1e6:.1f} MB above an event of {memory.event / 1e6:.1f} MB ({memory.share:.0%})"
        print(f"\nmemory, {TITLES[name]}: {above}, {memory.kept} objects kept")
    for name, cold in results.cold_starts.items():
        print(
            f"\ncold start, {name}: {cold['milliseconds']['median']:.0f} ms, {cold['times Powertools']:.2f} x Powertools"
        )


def print_goals(results: Results) -> None:
    """Print each goal with its figure, and the same ratio in instructions where they were counted."""
    print(f"\n{'goals':<76}{'bound':>8}{'found':>10}{'instructions':>14}")
    for goal in GOALS:
        found = f"{goal.written(results):>10}{goal.in_instructions(results):>14}"
        print(f"  {goal.text:<74}{bound(goal):>8}{found}  {goal.verdict(results)}")


def bound(goal: Goal) -> str:
    if goal.at_least is not None:
        return f">= {goal.at_least:g}"
    return f"<= {goal.at_most:.0%}" if goal.percent else f"<= {goal.at_most:g}"


def size(measured: Measured) -> str:
    return f"{measured.bytes / 1e6:.2f} MB" if measured.bytes >= 1e5 else f"{measured.bytes / 1e3:.1f} KB"


def tables(results: Results) -> dict[str, str]:
    """The tables of ``docs/benchmarks.md`` in Markdown, by the name of their markers."""
    heads = ["workload", "app(event, context)", *(TITLES[name] for name in BESIDE)]
    main = [results.measured[key] for key in MAIN if key in results.measured]
    others = [measured for key, measured in results.measured.items() if key not in MAIN]
    return {
        "about": f"{results.title()}; medians of {results.rounds} rounds.",
        "goals": table(["goal", "bound", "found", "in instructions", ""], goal_rows(results)),
        "workloads": table(heads, workload_rows(main)),
        "others": table(heads, workload_rows(others)),
        "runtime": table(["records in an invocation", *_titles(results.in_runtime)], runtime_rows(results)),
        "cold": table(["", "to the first response", "times Powertools", "memory"], cold_rows(results)),
        "lanes": table(["", "times the ideal", "processor time of a record"], lanes_rows(results.lanes)),
        "memory": table(["", "peak above the event", "objects kept", "longest collection"], memory_rows(results)),
    }


def _titles(names: Iterable[str]) -> list[str]:
    return [TITLES[name] for name in names]


def pythons(kept: Sequence[Mapping[str, Any]]) -> str:
    """The table of whole runs on several Pythons, in Markdown.

    Args:
        kept: The kept figures, one document for each Python.
    """
    versions = [f"Python {'.'.join(each['python'].split('.')[:2])}" for each in kept]
    columns = [{workload["key"]: workload for workload in each["workloads"]} for each in kept]
    shared = (key for key in MAIN if all(key in column for column in columns))
    rows = [[columns[0][key]["name"], *(_short(each[key]) for each in columns)] for key in shared]
    starts = [each["cold starts"] for each in kept]
    rows += [
        [
            f"cold start, {name}",
            *(f"{each[name]['milliseconds']['median']:.0f} ms: {_cold_ratio(each[name])}" for each in starts),
        ]
        for name in starts[0]
        if name.startswith("shop") and all(name in each for each in starts)
    ]
    return table(["workload", *versions], rows)


def _cold_ratio(cold_start: Mapping[str, Any]) -> str:
    return f"{cold_start['times Powertools']:.2f}"


def _short(workload: Mapping[str, Any]) -> str:
    found = workload["contestants"]
    _, cost, _ = found["app"]["microseconds a record"]
    times = " ".join(f"{found[name]['times app'][1]:.2f}" for name in ("powertools", "floor"))
    return f"{cost:,.{0 if cost >= 100 else 2}f} µs: {times}"


def workload_rows(workloads: Iterable[Measured]) -> Iterator[list[str]]:
    for measured in workloads:
        ratios = (f"{measured.ratio(name).median:.2f}" if name in measured.times else "" for name in BESIDE)
        yield [measured.name, cost_text(measured), *ratios]


def runtime_rows(results: Results) -> Iterator[list[str]]:
    for records in next(iter(results.in_runtime.values())).seconds if results.in_runtime else ():
        medians = (each.milliseconds(records).median for each in results.in_runtime.values())
        yield [f"{records:,}", *(f"{median:.2f} ms" for median in medians)]


def cold_rows(results: Results) -> Iterator[list[str]]:
    for name, each in results.cold_starts.items():
        yield [name, f"{each['milliseconds']['median']:.0f} ms", _cold_ratio(each), f"{each['peak MB']:.0f} MB"]


def lanes_rows(lanes: Mapping[str, Lanes]) -> Iterator[list[str]]:
    for name, each in lanes.items():
        yield [LANES[name], f"{each.times_ideal.median:.2f}", f"{each.microseconds.median:.1f} µs"]


def cost_text(measured: Measured) -> str:
    """The time of a record in the application, to three digits."""
    cost = measured.microseconds("app").median
    return f"{cost:,.0f} µs" if cost >= 100 else f"{cost:#.3g} µs"


def goal_rows(results: Results) -> Iterator[list[str]]:
    signs = {">=": "at least", "<=": "at most"}
    for goal in GOALS:
        sign, _, value = bound(goal).partition(" ")
        found = [goal.written(results), goal.in_instructions(results)]
        yield [goal.text, f"{signs[sign]} {value}", *found, goal.verdict(results)]


def memory_rows(results: Results) -> Iterator[list[str]]:
    for name, each in results.memory.items():
        peak = f"{each.peak / 1e6:.1f} MB of {each.event / 1e6:.1f} MB ({each.share:.0%})"
        pause = f"{results.in_runtime[name].pause * 1e3:.1f} ms" if name in results.in_runtime else ""
        yield [TITLES[name], peak, str(each.kept), pause]


def table(heads: Sequence[str], rows: Iterable[list[str]]) -> str:
    """A table in Markdown."""
    lines = [list(heads), ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
