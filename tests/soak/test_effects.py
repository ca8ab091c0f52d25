"""Effects of a soak are as the last change of each item left them, while writes fail and containers die."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from router.effects import View
from tests.soak.effects import wrong_items
from tests.soak.simulation import Simulation


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "CRITICAL")


def soaked(path: Path, source: str) -> tuple[int, list[str]]:
    simulation = Simulation(path, 2_000, seed=3, source=source, by="effects", intensity=6)
    simulation.run()
    with closing(sqlite3.connect(path)) as connection:
        faults = {row[0] for row in connection.execute("SELECT name FROM counters WHERE name LIKE 'fault: %'")}
    assert faults >= {
        f"fault: {what} {when} the effect" for what in ("killed", "raised") for when in ("before", "after")
    }
    return wrong_items(path, simulation.tables)


@pytest.mark.parametrize("source", ["streams", "fifo", "sqs"])
def test_views_and_totals_are_as_the_items_are(source: str, tmp_path: Path) -> None:
    """Of nearly all items: records that were parked or given up have no effect."""
    compared, wrong = soaked(tmp_path / "soak.db", source)
    assert (compared > 100, wrong) == (True, [])


def test_a_view_without_versions_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A put without its condition leaves items as an older change had left them."""
    write: Any = View._write

    def without_condition(*arguments: Any, **request: Any) -> Any:
        return write(
            *arguments, **{**request, "ConditionExpression": "attribute_exists(pk) OR NOT attribute_exists(pk)"}
        )

    monkeypatch.setattr(View, "_write", without_condition)
    _, wrong = soaked(tmp_path / "soak.db", "sqs")
    assert wrong != []
