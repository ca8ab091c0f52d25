"""``router.local.simulate.load``: writes over time, and their spread over lanes."""

import math
from typing import Any

import pytest

from router.local.simulate import Burst, Level, Load, SimulationError
from router.local.simulate.load import Segment
from router.local.simulate.rng import random_for

DAY = 86_400.0


def test_a_profile_comes_again_every_day() -> None:
    """Before the first level of a day, the last level of the day before is valid."""
    load = Load(writes=1, duration=2 * DAY, profile=[Level(8 * 3600, 2), Level(20 * 3600, 0.5)])
    factors = {segment.start / 3600: segment.factor for segment in load.segments()}
    assert factors == {0: 0.5, 8: 2, 20: 0.5, 24: 0.5, 32: 2, 44: 0.5}


def test_a_burst_multiplies_the_profile() -> None:
    """Ten minutes at five times the profile's level."""
    load = Load(writes=10, duration=3600, profile=[Level(0, 0.5)], bursts=[Burst(600, 600, 5)])
    assert load.segments() == [Segment(0, 600, 0.5), Segment(600, 1200, 2.5), Segment(1200, 3600, 0.5)]
    assert load.total == 10 * (600 * 2.5 + 3000 * 0.5)


def test_a_burst_ends_with_the_simulation() -> None:
    """Writes beyond the end are not counted."""
    assert Load(writes=1, duration=100, bursts=[Burst(90, 60, 3)]).total == 90 + 30


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"writes": -1}, "found writes -1, expected 0 to 100,000,000"),
        ({"writes": math.nan}, "found writes nan, expected 0 to 100,000,000"),
        ({"duration": 0}, "found duration 0, expected 1 to 604,800"),
        ({"poison": 1.5}, "found poison 1.5, expected 0 to 1"),
        ({"shards": 0}, "found shards 0, expected 1 to 10,000"),
        (
            {"profile": [Level(5, 1), Level(5, 2)]},
            "found levels of the profile that are not in order, expected each later",
        ),
        ({"profile": [Level(0, -1)]}, "found a level's factor -1, expected 0 to 1,000,000"),
        ({"bursts": [Burst(4000, 1, 1)]}, "found a burst's start 4,000, expected 0 to 3,600"),
    ],
)
def test_there_is_no_such_load(given_: dict[str, Any], message: str) -> None:
    """Numbers out of range are refused with the range."""
    with pytest.raises(SimulationError) as raised:
        Load(**{"writes": 1, **given_})
    assert str(raised.value).startswith(message)


def test_without_hot_keys_all_lanes_get_the_same() -> None:
    """An even spread is even."""
    assert Load(writes=1).shares(4, random_for(1)) == [0.25] * 4


@pytest.mark.parametrize("keys", [3, 2_000, 5_000_000])
@pytest.mark.parametrize("zipf", [0.5, 1.0, 1.5])
def test_shares_by_zipf_s_law_add_up(keys: int, zipf: float) -> None:
    """The shares of all lanes add up to one."""
    assert sum(Load(writes=1, keys=keys, zipf=zipf).shares(10, random_for(1))) == pytest.approx(1)


def test_the_hottest_key_is_in_one_lane() -> None:
    """With exponent one, the hottest of a million items gets one part in 14.39 of all writes."""
    harmonic = math.fsum(1 / rank for rank in range(1, 1_000_001))
    shares = Load(writes=1, keys=1_000_000, zipf=1).shares(5_000, random_for(1))
    assert max(shares) == pytest.approx(1 / harmonic, rel=0.01)
