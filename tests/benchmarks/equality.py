"""Whether all contestants do the same work: looked at before anything is timed."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from tests.benchmarks.contestants import CONTESTANTS, Seen
from tests.benchmarks.workloads import Workload

__all__ = ["UnequalWorkError", "check_equal_work"]


class UnequalWorkError(Exception):
    """Two contestants do not do the same, so that their times say nothing."""


def check_equal_work(workload: Workload, event: dict[str, Any]) -> int:
    """Hold what each contestant's handlers are given against what the first's are.

    Args:
        workload: The workload.
        event: Its event.

    Returns:
        How many models were made in all; of a workload that is not valid, how many records failed.

    Raises:
        UnequalWorkError: Handlers were given something else, or called in another order or number of times.
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
