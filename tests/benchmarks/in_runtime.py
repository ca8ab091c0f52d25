"""Measure whole invocations in Lambda's own runtime client: JSON in, response out.

Each contestant is a process with the client, connected to the local Runtime API. What an invocation costs is the time
of its processor, which other programs do not change. It includes the client, parsing the event's JSON, the handlers,
metrics, and sending the response. ``nothing`` does all of it without handling the records.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from router.local.runtime import FunctionConfiguration, RuntimeFunction
from tests.benchmarks.function import CONTESTANTS
from tests.benchmarks.measuring import interleaved
from tests.benchmarks.memory import EVENT_BYTES, event_of_bytes
from tests.benchmarks.results import InRuntime
from tests.benchmarks.workloads import event_text, workload_of
from tests.local.runtime.machine import ROOT

__all__ = ["BATCHES", "measure_cold_starts", "measure_in_runtime"]

BATCHES = (1, 10, 100, 1_000)
INVOCATIONS = {1: 20, 10: 10, 100: 5, 1_000: 2}
"""How many invocations a round has, by the number of records in each."""
LARGE_EVENTS = 3
Functions = dict[str, RuntimeFunction]


def measure_in_runtime(rounds: int, event_bytes: int = EVENT_BYTES) -> dict[str, InRuntime]:
    """Measure each contestant's invocations, and its longest garbage collection in a large event.

    Args:
        rounds: How often each is measured for each number of records.
        event_bytes: About how many bytes the large event has.
    """
    workload = workload_of("metrics")
    events = {records: event_text(workload, records).encode() for records in BATCHES}
    large = event_of_bytes(workload, event_bytes).encode()
    with running() as functions:
        for function in functions.values():
            handled(function, events[BATCHES[-1]])  # after it parsers are generated
        runs = {
            (name, records): partial(processor_seconds, function, events[records], INVOCATIONS[records])
            for name, function in functions.items()
            for records in BATCHES
        }
        times = interleaved(runs, rounds)
        pauses = {name: longest_pause(function, large) for name, function in functions.items()}
    return {name: InRuntime({records: times[name, records] for records in BATCHES}, pauses[name]) for name in functions}


@contextmanager
def running() -> Iterator[Functions]:
    """A process for each contestant."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(RuntimeFunction(configuration(name), log=lambda _: None)) for name in CONTESTANTS
        }


def configuration(contestant: str) -> FunctionConfiguration:
    return FunctionConfiguration(
        handler=f"{handled.__module__.rpartition('.')[0]}.function.handle",
        root=ROOT,
        name="shop",
        timeout=60,
        memory_size=1_769,
        environment={"CONTESTANT": contestant, "POWERTOOLS_METRICS_NAMESPACE": "Shop"},
    )


def handled(function: RuntimeFunction, event: bytes) -> Any:
    answer = function.invoke(event)
    assert not answer.failed, answer.payload
    return json.loads(answer.payload)


def report(function: RuntimeFunction) -> Any:
    return handled(function, b'{"report": true}')


def processor_seconds(function: RuntimeFunction, event: bytes, invocations: int) -> float:
    """The mean of an invocation; a report costs an invocation of its own, which is measured and taken away."""
    before, started = report(function)["processor"], report(function)["processor"]
    for _ in range(invocations):
        assert handled(function, event) == {"batchItemFailures": []}
    return float((report(function)["processor"] - started - (started - before)) / invocations)


def longest_pause(function: RuntimeFunction, event: bytes) -> float:
    report(function)
    for _ in range(LARGE_EVENTS):
        assert handled(function, event) == {"batchItemFailures": []}
    return float(report(function)["pause"])


def measure_cold_starts(rounds: int) -> dict[str, Any]:
    """The figures of ``python -m tests.benchmarks.cold_start``, which needs processes of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "figures.json")
        command = [sys.executable, "-m", "tests.benchmarks.cold_start", "--rounds", str(rounds), "--json", str(path)]
        subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
        figures: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["cold starts"]
        return figures
