"""Check that all contestants do the same work, before the measurement."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from tests.benchmarks.contestants import CONTESTANTS, Seen
from tests.benchmarks.workloads import Workload

__all__ = ["UnequalWorkError", "check_equal_work"]


class UnequalWorkError(Exception):
    """Two contestants do different work, so their times cannot be compared."""


def check_equal_work(workload: Workload, event: dict[str, Any]) -> int:
    """Compare the models that each contestant's handlers get with those of the first contestant.

    Args:
        workload: The workload.
        event: Its event.

    Returns:
        The number of models; for an invalid workload, the number of failed records.

    Raises:
        UnequalWorkError: Handlers got other models, or were called in another order or number.
    """
    handled = sum(record["dynamodb"]["NewImage"]["EntityType"]["S"] in workload.models for record in event["Records"])
    for name, contestant in CONTESTANTS.items():
        if not workload.valid:
            # With handlers that do nothing: a failure must be found before a handler looks at the model.
            failures = contestant(workload, event, None).failures()
            _expect(failures == handled, f"{workload.name}: {name} found {failures} invalid records of {handled}")
    first: Seen | None = None
    for name, contestant in CONTESTANTS.items():
        seen: Seen = []
        contestant(workload, event, seen).run()
        calls = handled if workload.valid else 0
        _expect(len(seen) == calls, f"{workload.name}: {name} called handlers {len(seen)} times, expected {calls}")
        first = seen if first is None else first
        _expect(seen == first, f"{workload.name}: {name} gave handlers other models than the first contestant")
    assert first is not None
    return sum(isinstance(each, BaseModel) for call in first for each in call) if workload.valid else handled


def _expect(fact: bool, message: str) -> None:
    if not fact:
        raise UnequalWorkError(message)
