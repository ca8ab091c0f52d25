"""The load of a shard on a function, from the measured time of a record and from ``router simulate``."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.page import table
from tests.benchmarks.results import Measured, Results

__all__ = ["SCENARIOS", "SIMULATED", "commands", "figures", "simulated_rows"]

ROOT = Path(__file__).parents[2]
SHARD_RECORDS = 1_000  # a second; DynamoDB splits a shard before it takes more
FULL_CPU = 1_769  # MB of memory at which Lambda gives one whole processor
MEMORIES = (256, 512, 1_024, 1_769)
WORKLOADS = ("insert", "modify", "one-of-four", "3-of-30", "nested", "sample")

ONE_SHARD = "router simulate --scenario docs/scenarios/shard.toml"
SCENARIOS = {
    "a handler of 5 ms, as AWS sets it up": f"{ONE_SHARD} --record-time 5ms",
    "the same, with concurrency inside the function": f"{ONE_SHARD} --record-time 0.5ms",
    "the same, with parallelization instead": f"{ONE_SHARD} --record-time 5ms --parallelization-factor 10",
    "a handler of 1 ms, batches of 100": f"{ONE_SHARD} --record-time 1ms",
    "batches of 1,000": f"{ONE_SHARD} --record-time 1ms --batch-size 1000",
    "batches of 1,000, parallelization 2": f"{ONE_SHARD} --record-time 1ms --batch-size 1000 --parallelization-factor 2",
    "a handler of 0.1 ms, no window": f"{ONE_SHARD} --record-time 0.1ms --batch-size 10000",
    "a window of 1 s": "router simulate --scenario docs/scenarios/window-1s.toml",
    "a window of 5 s": "router simulate --scenario docs/scenarios/window-5s.toml",
}
"""The command that simulates each row."""
SIMULATED = ("what", "iterator age p50, max", "invocations a second", "concurrency", "30 days")


def figures(results: Results) -> dict[str, str]:
    """The tables of ``docs/scale.md`` in Markdown, by the name of their markers."""
    heads = [
        "",
        "a record",
        "an event of 100",
        "a full shard, one processor",
        *(f"{memory:,} MB" for memory in MEMORIES[:-1]),
    ]
    return {
        "shard": table(heads, shard_rows(results)),
        "simulated": table(SIMULATED, simulated_rows()),
        "commands": commands(),
    }


def commands() -> str:
    """The commands of the rows, in their order."""
    why = "<!-- not run: tests/benchmarks/scale.py runs them and writes the table -->"
    return "\n".join([why, "", "```console", *(f"$ {command}" for command in SCENARIOS.values()), "```"])


def shard_rows(results: Results) -> Iterator[list[str]]:
    for key in WORKLOADS:
        if (measured := results.measured.get(key)) is not None:
            cost = measured.microseconds("app").median
            yield [measured.name, f"{cost:.2f} µs", f"{cost / 10:.2f} ms", *shares(measured)]


def shares(measured: Measured) -> Iterator[str]:
    """The share of its processor that a function spends in the framework for a full shard."""
    busy = measured.microseconds("app").median * 1e-6 * SHARD_RECORDS
    for memory in (FULL_CPU, *MEMORIES[:-1]):
        yield f"{busy * FULL_CPU / memory:.1%}"


def simulated_rows() -> Iterator[list[str]]:
    for name, command in SCENARIOS.items():
        found = simulated(command)
        age, totals = found["iterator_age"], found["totals"]
        invocations = totals["invocations"]["value"] / found["seconds"]
        yield [
            name,
            f"{seconds(age['p50'])}, {seconds(age['max'])}",
            f"{invocations:.2f}",
            f"{totals['busy']['value'] / found['seconds']:.2f}",
            f"${found['cost']['month']:,.2f}",
        ]


def seconds(value: float) -> str:
    return f"{value / 60:.1f} min" if value >= 120 else f"{value:.2f} s"


def simulated(command: str) -> dict[str, Any]:
    """Run a command of ``router simulate`` and return its document."""
    _, *arguments = shlex.split(command)
    code = "from router.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments, "--json"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        cwd=ROOT,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found
