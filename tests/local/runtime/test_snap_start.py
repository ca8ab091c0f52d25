"""SnapStart in Lambda's runtime client: the hooks of a Dispatcher run before a snapshot and after it is restored."""

from __future__ import annotations

import json
import random
from typing import Any

from tests.local.runtime.conftest import Start

SEEDED = random.Random(1).random()  # noqa: S311 - the number that a function without the hook would begin with


def first_invocation(start: Start, *, snap_start: bool = True, **environment: str) -> dict[str, Any]:
    """What the function says of its initialisation and of its first invocation."""
    answer = start("snapped.handler", snap_start=snap_start, environment=environment).invoke(b"{}")
    assert not answer.failed, answer.payload
    found: dict[str, Any] = json.loads(answer.payload)
    assert found["response"] == {"batchItemFailures": []}
    return found


def test_a_snapshot_has_models_and_kept_values(start: Start) -> None:
    """Before the snapshot models are built, even deferred ones, and the kept values made; the others after it."""
    found = first_invocation(start)
    assert (found["built"], found["made"], found["then"]) == (True, ["rates"], ["client"])


def test_connections_end_before_the_snapshot(start: Start) -> None:
    """What an event in the initialisation has made is ended before the snapshot and made anew after it, with its loop."""
    found = first_invocation(start, PRIMED="1")
    assert (found["made"], found["then"]) == (["rates", "client", "client ended"], ["client"])
    assert found["closed"] == [True, False]


def test_random_numbers_differ_after_the_snapshot(start: Start) -> None:
    """Each restored container has random numbers of its own."""
    assert first_invocation(start)["number"] != SEEDED


def test_without_snap_start_nothing_is_made_early(start: Start) -> None:
    """In an ordinary container the first event makes all values, and the first record of a deferred model builds it."""
    found = first_invocation(start, snap_start=False)
    assert (found["built"], found["made"], found["then"]) == (False, [], ["rates", "client"])
    assert found["number"] == SEEDED


def test_a_factory_that_fails_before_the_snapshot(start: Start) -> None:
    """The version is not published: the error is that of the initialisation."""
    answer = start("snapped.handler", snap_start=True, environment={"BROKEN": "1"}).invoke(b"{}")
    assert (answer.failed, answer.error_type, answer.error_message) == (True, "ValueError", "no rates")
