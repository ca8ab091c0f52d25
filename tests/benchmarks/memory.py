"""Measure the memory of handling an event, in addition to the event, and the objects left behind."""

from __future__ import annotations

import gc
import json
import tracemalloc
from typing import Any

from router.testing import Context
from tests.benchmarks.contestants.entry import Entry
from tests.benchmarks.contestants.registry import CONTESTANTS
from tests.benchmarks.measuring import quiet
from tests.benchmarks.results import Memory
from tests.benchmarks.workloads import GROUPS, Workload, event_text

__all__ = ["EVENT_BYTES", "event_of_bytes", "measure_memory"]

EVENT_BYTES = 6_000_000  # the most that Lambda delivers
INVOCATIONS = 5
MEASURED = ("app", "powertools")


def measure_memory(event_bytes: int = EVENT_BYTES) -> dict[str, Memory]:
    """Measure the memory of each contestant for an event of realistic items.

    Args:
        event_bytes: About how many bytes of JSON the event has.
    """
    workload = next(iter(GROUPS["realistic"]()))
    text = event_of_bytes(workload, event_bytes)
    tracemalloc.start()
    try:
        before = traced()
        event = json.loads(text)
        size = traced() - before
        with quiet():
            return {name: one_memory(CONTESTANTS[name](workload, None), event, size) for name in MEASURED}
    finally:
        tracemalloc.stop()


def event_of_bytes(workload: Workload, event_bytes: int = EVENT_BYTES) -> str:
    """The JSON of an event of about so many bytes."""
    return event_text(workload, max(4, event_bytes * workload.records // len(event_text(workload))))


def one_memory(entry: Entry, event: dict[str, Any], size: int) -> Memory:
    context = Context(remaining=900)
    entry.run({"Records": event["Records"][:4]}, context)  # imports what is imported on first use
    before = traced()
    tracemalloc.reset_peak()
    entry.run(event, context)
    peak = tracemalloc.get_traced_memory()[1] - before
    once = objects()
    for _ in range(INVOCATIONS - 1):
        entry.run(event, context)
    return Memory(size, peak, objects() - once)


def traced() -> int:
    """The bytes of all objects."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def objects() -> int:
    """The number of objects that the collector tracks."""
    gc.collect()
    return len(gc.get_objects())
