"""The function's package in Lambda's runtime client loses nothing, while its processes are killed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.soak.checker import check
from tests.soak.effects_checker import check_effects
from tests.soak.real import Settings, run_real

INJECTED = {
    "hung before the effect",
    "killed after the effect",
    "killed before the effect",
    "killed from outside",
    "parking place down",
    "raised after the effect",
    "raised at every try",
    "raised before the effect",
    "slow",
}
_NEVER = {"lost", "out_of_order", "doubled", "invented"}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("installation")
def test_nothing_is_lost_or_out_of_order(package: Path, tmp_path: Path) -> None:
    """Each change is handled, parked or in a failure document, after the earlier changes of its item."""
    path = run_real(Settings(1_500, seed=3, intensity=4, timeout=8), package, tmp_path)
    found = check(path)
    assert (found.changes, _NEVER & {*found.faults}) == (1_500, set())
    assert {*found.injected} >= INJECTED | {"completed store down", "malformed records", "poison records"}
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name FROM counters WHERE name LIKE 'cold starts %'").fetchall()
    assert rows == [(f"cold starts of {package / 'router' / '__init__.py'}",)]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("installation")
def test_effects_are_as_the_changes_give_them_in_order(package: Path, tmp_path: Path) -> None:
    """Views, counters, sums and children have the effect of each change that is not parked, once.

    With this seed, each fault befalls some of the first two thousand requests.
    """
    path = run_real(Settings(800, seed=120, by="effects", intensity=5, timeout=8), package, tmp_path)
    found = check_effects(path)
    assert (found.wrong, found.changes, found.compared > 400) == ([], 800, True)
    assert {*found.injected} >= INJECTED | {"tables down"}
