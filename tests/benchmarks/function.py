"""The function that the benchmark runs in Lambda's runtime client: one contestant, which the environment names.

An event with ``report`` asks for the processor seconds of the process, and for its longest garbage collection since the
last report.
"""

from __future__ import annotations

import gc
import os
import time
from importlib import import_module
from typing import Any

from tests.benchmarks.workloads import workload_of

__all__ = ["CONTESTANTS", "handle"]

CONTESTANTS = {"app": "router_app:router_app", "powertools": "powertools:powertools", "nothing": ""}
"""The modules and functions of the contestants. A process imports one of them; ``nothing`` is the client alone."""

pauses = [0.0]
_began = 0.0


def made(name: str) -> Any:
    """The contestant's function of event and context."""
    module, _, attribute = CONTESTANTS[name].partition(":")
    if not module:
        return lambda *_: {"batchItemFailures": []}
    contestant = getattr(import_module(f"tests.benchmarks.contestants.{module}"), attribute)
    return contestant(workload_of("metrics"), None).run


def note_pause(phase: str, _: dict[str, int]) -> None:
    global _began  # noqa: PLW0603 - a callback of the collector has no other place
    if phase == "start":
        _began = time.perf_counter()
    else:
        pauses.append(time.perf_counter() - _began)


def handle(event: Any, context: Any) -> Any:
    """Handle an event, or report."""
    if "report" not in event:
        return run(event, context)
    longest = max(pauses)
    pauses[:] = [0.0]
    return {"processor": time.process_time(), "pause": longest}


run = made(os.environ.get("CONTESTANT", "nothing"))
gc.callbacks.append(note_pause)
