"""A redrive that is killed loses nothing and goes on with the same command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.local.redrive.kills import measure


@pytest.mark.slow
def test_kills_at_random_points(tmp_path: Path) -> None:
    """No record is lost or out of order, at most one runs twice for each kill, and no stale one runs."""
    figures = measure(records=200, items=20, kills=3, seed=1, folder=tmp_path)
    assert (figures.lost, figures.out_of_order, figures.stale_run) == (0, 0, 0)
    assert figures.twice <= figures.kills
    assert (figures.done, figures.stale) == (180, 20)
