"""No change is lost or handled before an earlier one of its item, while handlers fail and containers die."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.soak.checker import Findings, check
from tests.soak.simulation import Handler, Simulation
from tests.soak.sources import SOURCES

INJECTED = {
    "hung before the effect",
    "killed after the effect",
    "killed before the effect",
    "killed before the response",
    "malformed records",
    "parking place down",
    "poison records",
    "raised after the effect",
    "raised at every try",
    "raised before the effect",
}


@pytest.fixture
def soaked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Findings]:
    """Run a simulation, and return what the checker finds."""
    monkeypatch.setenv("LOG_LEVEL", "CRITICAL")

    def run(changes: int = 1_500, source: str = "streams", **options: Any) -> Findings:
        path = tmp_path / "soak.db"
        Simulation(path, changes, seed=3, source=source, **{"intensity": 6, **options}).run()
        return check(path, ordered=source != "sqs")

    return run


@pytest.mark.parametrize("source", SOURCES)
def test_nothing_is_lost_or_out_of_order(source: str, soaked: Callable[..., Findings]) -> None:
    """Each change is handled, parked or given up, after the earlier changes of its item."""
    found = soaked(source=source)
    assert (found.faults, found.changes) == ({}, 1_500)
    assert {*found.injected} >= INJECTED


@pytest.mark.parametrize("concurrency", [1, 4])
def test_stores_in_the_memory_of_containers_lose_nothing(concurrency: int, soaked: Callable[..., Findings]) -> None:
    """Containers that do not know of each other run handlers again, and lose nothing."""
    found = soaked(by="memory", concurrency=concurrency)
    assert {*found.faults} <= {"stale"}


def test_without_faults_no_handler_runs_again(soaked: Callable[..., Findings]) -> None:
    """Where nothing fails but records that are wrong, every handler runs once."""
    found = soaked(intensity=0)
    assert (found.faults, found.counts["handlers ran again"]) == ({}, 0)
    assert {*found.injected} == {"malformed records", "poison records"}


def test_one_seed_makes_one_run(tmp_path: Path, soaked: Callable[..., Findings]) -> None:
    """A soak can be repeated: with one lane at a time all its figures are the same."""
    first, second = soaked(concurrency=1), Simulation(tmp_path / "second.db", 1_500, seed=3, concurrency=1, intensity=6)
    second.run()
    again = check(tmp_path / "second.db")
    assert (again.counts, again.injected) == (first.counts, first.injected)


def test_powertools_runs_more_again(soaked: Callable[..., Findings], tmp_path: Path) -> None:
    """A processor that goes on after a failure runs records again that were done, and out of order."""
    ours = soaked()
    Simulation(tmp_path / "theirs.db", 1_500, seed=3, by="powertools", intensity=6).run()
    theirs = check(tmp_path / "theirs.db")
    assert theirs.counts["handlers ran again"] > 2 * ours.counts["handlers ran again"]
    assert (theirs.lost, bool(theirs.out_of_order)) == ([], True)


def _answers_success(handler: Handler) -> Handler:
    def broken(event: Any, context: Any) -> Any:
        handler(event, context)
        return {"batchItemFailures": []}

    return broken


def _leaves_out_the_last(handler: Handler) -> Handler:
    def broken(event: Any, context: Any) -> Any:
        return handler({"Records": event["Records"][:-1] or event["Records"]}, context)

    return broken


def _runs_backwards(handler: Handler) -> Handler:
    def broken(event: Any, context: Any) -> Any:
        return handler({"Records": event["Records"][::-1]}, context)

    return broken


def _runs_twice(handler: Handler) -> Handler:
    def broken(event: Any, context: Any) -> Any:
        handler(event, context)
        return handler(event, context)

    return broken


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (_answers_success, "lost"),
        (_leaves_out_the_last, "lost"),
        (_runs_backwards, "out_of_order"),
        (_runs_twice, "doubled"),
    ],
)
def test_a_broken_dispatcher_is_caught(
    broken: Callable[[Handler], Handler], fault: str, soaked: Callable[..., Findings]
) -> None:
    """A soak of a function that does not keep the promises finds that."""
    assert fault in soaked(broken=broken).faults
