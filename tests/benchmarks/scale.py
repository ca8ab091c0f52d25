"""What a million changes cost in Lambda, and the load of a shard on a function.

Measured is the processor time of an invocation in the runtime client. Its time at each memory size is computed from it,
by Lambda's rule that memory sets the share of a processor; so is the money, from AWS's prices. ``router simulate``
computes the rest.
"""

from __future__ import annotations

import json
import math
import shlex
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from router.local.simulate.cost import PRICES, bill
from tests.benchmarks.page import table
from tests.benchmarks.results import InRuntime, Results

__all__ = ["SCENARIOS", "SIMULATED", "commands", "figures", "simulated_rows"]

ROOT = Path(__file__).parents[2]
CHANGES = 1_000_000
SHARD_RECORDS = 1_000  # a second; DynamoDB splits a shard before it takes more
FULL_CPU = 1_769  # MB of memory at which Lambda gives one whole processor
MEMORIES = (128, 256, 512, 1_024, 1_769)
COMPARED = ("app", "powertools")

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
    memories = [f"{memory:,} MB" for memory in MEMORIES]
    return {
        "time": table(["records in an invocation", *memories], time_rows(results)),
        "money": table(["records in an invocation", *memories], money_rows(results)),
        "shard": table(["records in an invocation", *memories], shard_rows(results)),
        "simulated": table(SIMULATED, simulated_rows()),
        "commands": commands(),
    }


def time_rows(results: Results) -> Iterator[list[str]]:
    """The billed time of a million changes, and Powertools' after it."""
    for records in batches(results):
        yield [
            f"{records:,}",
            *(
                " / ".join(
                    duration(CHANGES / records * billed(results.in_runtime[name], records, memory)) for name in COMPARED
                )
                for memory in MEMORIES
            ),
        ]


def money_rows(results: Results) -> Iterator[list[str]]:
    """What Lambda charges for a million changes, requests included, on each architecture."""
    for architecture, prices in PRICES.items():
        for records in batches(results):
            bills = (
                [
                    bill(prices, CHANGES / records, CHANGES / records * billed(each, records, memory) * 1e3, memory, 1)
                    for each in (results.in_runtime[name] for name in COMPARED)
                ]
                for memory in MEMORIES
            )
            yield [
                f"{records:,} on {architecture}",
                *(
                    " / ".join(f"${each.total:.2f}" if each.total >= 0.1 else f"${each.total:.4f}" for each in pair)
                    for pair in bills
                ),
            ]


def shard_rows(results: Results) -> Iterator[list[str]]:
    """The share of a lane's time that a full shard takes."""
    for records in batches(results)[2:]:
        shares = (
            " / ".join(
                f"{busy(results.in_runtime[name], records, memory) * SHARD_RECORDS / records:.0%}" for name in COMPARED
            )
            for memory in MEMORIES
        )
        yield [f"{records:,}", *shares]


def batches(results: Results) -> list[int]:
    return list(results.in_runtime["app"].seconds) if results.in_runtime else []


def busy(measured: InRuntime, records: int, memory: int) -> float:
    """The seconds of an invocation in Lambda: the measured time of a whole processor, at the memory's share of one."""
    return measured.milliseconds(records).median / 1e3 * max(1, FULL_CPU / memory)


def billed(measured: InRuntime, records: int, memory: int) -> float:
    """The same, as Lambda bills it: rounded up to a millisecond."""
    return math.ceil(busy(measured, records, memory) * 1e3) / 1e3


def duration(value: float) -> str:
    return f"{value / 60:,.1f} min" if value >= 60 else f"{value:.0f} s"


def commands() -> str:
    """The commands of the rows, in their order."""
    why = "<!-- not run: tests/benchmarks/scale.py runs them and writes the table -->"
    return "\n".join([why, "", "```console", *(f"$ {command}" for command in SCENARIOS.values()), "```"])


def simulated_rows() -> Iterator[list[str]]:
    with ThreadPoolExecutor(2) as pool:
        documents = pool.map(simulated, SCENARIOS.values())
    for name, found in zip(SCENARIOS, documents, strict=True):
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
