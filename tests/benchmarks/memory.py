"""Measure the memory of handling an event, in addition to the event, and the objects left behind."""

from __future__ import annotations

import gc
import json
import tracemalloc
from typing import Any

from tests.benchmarks.contestants import CONTESTANTS
from tests.benchmarks.measuring import quiet
from tests.benchmarks.results import Memory
from tests.benchmarks.workloads import GROUPS, event_text

__all__ = ["EVENT_BYTES", "measure_memory"]

EVENT_BYTES = 6_000_000  # the most that Lambda delivers
INVOCATIONS = 10
MEASURED = ("app", "powertools", "powertools-models")


def measure_memory(event_bytes: int = EVENT_BYTES) -> dict[str, Memory]:
    """Measure the memory of each contestant for an event of inserts.

    Args:
        event_bytes: About how many bytes of JSON the event has.
    """
    (workload,) = GROUPS["insert"]()
    text = event_text(workload, max(4, event_bytes * workload.records // len(event_text(workload))))
    tracemalloc.start()
    try:
        before = traced()
        event = json.loads(text)
        size = traced() - before
        with quiet():
            return {name: one_memory(name, event, size) for name in MEASURED}
    finally:
        tracemalloc.stop()


def one_memory(name: str, event: dict[str, Any], size: int) -> Memory:
    (workload,) = GROUPS["insert"]()
    run = CONTESTANTS[name](workload, event, None).run
    CONTESTANTS[name](workload, {"Records": event["Records"][:4]}, None).run()  # imports what is imported on first use
    before = traced()
    tracemalloc.reset_peak()
    run()
    peak = tracemalloc.get_traced_memory()[1] - before
    once = objects()
    for _ in range(INVOCATIONS - 1):
        run()
    return Memory(size, peak, objects() - once)


def traced() -> int:
    """The bytes of all objects."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def objects() -> int:
    """The number of objects that the collector tracks."""
    gc.collect()
    return len(gc.get_objects())
