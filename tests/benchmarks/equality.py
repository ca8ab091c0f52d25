"""Check that all contestants do the same work, before the measurement."""

from __future__ import annotations

import json

from pydantic import BaseModel

from router.testing import Context
from tests.benchmarks.contestants.entry import Seen
from tests.benchmarks.contestants.registry import contestants_of
from tests.benchmarks.workloads import Workload

__all__ = ["UnequalWorkError", "check_equal_work"]


class UnequalWorkError(Exception):
    """Two contestants do different work, so their times cannot be compared."""


def check_equal_work(workload: Workload, text: str) -> int:
    """Compare the models that each contestant's handlers get with those of the first contestant.

    Args:
        workload: The workload.
        text: The JSON of its event.

    Returns:
        The number of records that handlers got; for an invalid workload, the number of failed records.

    Raises:
        UnequalWorkError: Handlers got other models, or were called in another order or number.
    """
    expected = len(workload.handled(json.loads(text)))
    contestants = contestants_of(workload)
    if not workload.valid:
        for name, contestant in contestants.items():
            # With handlers that do nothing: a failure must be found before a handler looks at the model.
            entry = contestant(workload, None)
            failures = entry.failures(entry.prepare(json.loads(text)), Context(remaining=900))
            _expect(failures == expected, f"{workload.name}: {name} found {failures} invalid records of {expected}")
    first: Seen | None = None
    for name, contestant in contestants.items():
        seen: Seen = []
        entry = contestant(workload, seen)
        entry.run(entry.prepare(json.loads(text)), Context(remaining=900))
        calls = expected_calls(workload, expected)
        _expect(len(seen) == calls, f"{workload.name}: {name} called handlers {len(seen)} times, expected {calls}")
        first = seen if first is None else first
        _expect(seen == first, f"{workload.name}: {name} gave handlers other models than the first contestant")
        models = [id(each) for call in seen for each in call if isinstance(each, BaseModel)]
        _expect(len(models) == len({*models}), f"{workload.name}: {name} gave a model to several handlers")
    return expected


def expected_calls(workload: Workload, handled: int) -> int:
    """The number of calls of handlers."""
    if not workload.valid:
        return 0
    if workload.handlers == "batch":
        return min(len(workload.models), handled)
    return handled * workload.routes


def _expect(fact: bool, message: str) -> None:
    if not fact:
        raise UnequalWorkError(message)
