"""No change is lost or handled before an earlier one of its item, while handlers fail and containers die."""

from __future__ import annotations

import pytest

from tests.soak import Soak


@pytest.mark.parametrize("concurrency", [1, 4])
def test_nothing_is_lost_or_out_of_order(concurrency: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each change is handled or parked, after the earlier changes of its item, while handlers and containers fail."""
    monkeypatch.setenv("LOG_LEVEL", "CRITICAL")
    soak = Soak(2_000, seed=7, concurrency=concurrency)
    effects = soak.run()
    assert (soak.lost(), effects.out_of_order) == (0, 0)
    assert {"poison", "another container", "raised after the effect", "raised before the effect"} <= {*effects.injected}
    assert any(name.startswith("killed") for name in effects.injected)


def test_the_check_finds_what_is_lost() -> None:
    """Changes that no handler has done count as lost."""
    soak = Soak(100, seed=1)
    soak.run()
    soak.effects.done.popitem()
    assert soak.lost() > 0


def test_the_check_finds_what_is_out_of_order() -> None:
    """A change that is handled before an earlier one of its item counts."""
    effects = Soak(0, seed=1).effects
    effects.add("item", 1)
    assert effects.out_of_order == 1
