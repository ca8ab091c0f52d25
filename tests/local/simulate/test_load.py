"""``router.local.simulate``: loads, arrivals and which lanes stand for others."""

import itertools
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.local.simulate import Burst, Function, Load, SimulationError, Step
from router.local.simulate.arrivals import Arrivals, poisson, positions, regular
from router.local.simulate.load import Segment
from router.local.simulate.rng import chance
from router.local.simulate.sample import Pick, choose, standard_error

DAY = 86_400.0


def test_a_profile_comes_again_every_day() -> None:
    """Before the first level of a day the last one of the day before holds."""
    load = Load(writes=1, seconds=2 * DAY, profile=[Step(8 * 3600, 2), Step(20 * 3600, 0.5)])
    factors = {segment.start / 3600: segment.factor for segment in load.segments()}
    assert factors == {0: 0.5, 8: 2, 20: 0.5, 24: 0.5, 32: 2, 44: 0.5}


def test_a_burst_multiplies_the_profile() -> None:
    """Ten minutes of five times what the profile says."""
    load = Load(writes=10, seconds=3600, profile=[Step(0, 0.5)], bursts=[Burst(600, 600, 5)])
    assert load.segments() == [Segment(0, 600, 0.5), Segment(600, 1200, 2.5), Segment(1200, 3600, 0.5)]
    assert load.total == 10 * (600 * 2.5 + 3000 * 0.5)


def test_a_burst_ends_with_the_simulation() -> None:
    """What would be beyond the end is left out."""
    assert Load(writes=1, seconds=100, bursts=[Burst(90, 60, 3)]).total == 90 + 30


@pytest.mark.parametrize(
    ("given_", "told"),
    [
        ({"writes": -1}, "found writes -1, expected 0 to 1e+08"),
        ({"writes": math.nan}, "found writes nan, expected 0 to 1e+08"),
        ({"seconds": 0}, "found seconds 0, expected 1 to 604,800"),
        ({"poison": 1.5}, "found poison 1.5, expected 0 to 1"),
        ({"shards": 0}, "found shards 0, expected 1 to 10,000"),
        ({"profile": [Step(5, 1), Step(5, 2)]}, "found a profile whose times do not grow, expected each later"),
        ({"profile": [Step(0, -1)]}, "found a profile's factor -1, expected 0 to 1e+06"),
        ({"bursts": [Burst(4000, 1, 1)]}, "found a burst's start 4000, expected 0 to 3,600"),
    ],
)
def test_there_is_no_such_load(given_: dict[str, Any], told: str) -> None:
    """Numbers out of range are refused with the range."""
    with pytest.raises(SimulationError) as raised:
        Load(**{"writes": 1, **given_})
    assert str(raised.value).startswith(told)


@pytest.mark.parametrize(
    ("given_", "told"),
    [
        ({"timeout": 901}, "found timeout 901, expected 1 to 900"),
        ({"memory": 64}, "found memory 64, expected 128 to 10,240"),
        ({"seconds": 0, "seconds_per_record": 0}, "found seconds + seconds_per_record 0, expected 1e-06 or more"),
    ],
)
def test_there_is_no_such_function(given_: dict[str, Any], told: str) -> None:
    """As for loads; an invocation takes some time at least."""
    with pytest.raises(SimulationError) as raised:
        Function(**given_)
    assert str(raised.value) == told


def test_without_hot_keys_all_lanes_get_the_same() -> None:
    """An even spread is even."""
    assert Load(writes=1).shares(4, chance(1)) == [0.25] * 4


@pytest.mark.parametrize("keys", [3, 2_000, 5_000_000])
@pytest.mark.parametrize("zipf", [0.5, 1.0, 1.5])
def test_shares_by_zipf_s_law_add_up(keys: int, zipf: float) -> None:
    """Whatever is hot, all lanes together get all writes."""
    assert sum(Load(writes=1, keys=keys, zipf=zipf).shares(10, chance(1))) == pytest.approx(1)


def test_the_hottest_key_is_in_one_lane() -> None:
    """Of a million keys with exponent one, the hottest has one part in 14.39 of all writes: the harmonic number."""
    harmonic = math.fsum(1 / rank for rank in range(1, 1_000_001))
    shares = Load(writes=1, keys=1_000_000, zipf=1).shares(5_000, chance(1))
    assert max(shares) == pytest.approx(1 / harmonic, rel=0.01)


def test_regular_writes_are_as_many_as_asked_for() -> None:
    """Rates that fit no poll, and segments of different load."""
    arrivals = regular([Segment(0, 10, 1.0), Segment(10, 20, 0.1)], 7.3, 0.25)
    assert (arrivals.end, arrivals.total) == (80, int(73 + 7.3))


@pytest.mark.parametrize("rate", [0.02, 8.0, 2_000.0, 20_000.0])
def test_writes_by_chance_are_poisson(rate: float) -> None:
    """Mean and variance of what a poll reads are the same."""
    read = poisson([Segment(0, 5_000, 1.0)], rate, 0.25, chance(5)).read
    counts = [after - before for before, after in itertools.pairwise(read)]
    mean = sum(counts) / len(counts)
    variance = sum((count - mean) ** 2 for count in counts) / len(counts)
    assert mean == pytest.approx(rate / 4, rel=0.15 if rate < 1 else 0.03)
    assert variance == pytest.approx(mean, rel=0.15 if rate < 1 else 0.05)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20), st.floats(-1, 25))
def test_counting_records_before_a_time_is_counting_their_times(counts: list[int], time: float) -> None:
    """The short way to count what was written is the long way round."""
    arrivals = Arrivals(counts, 0.25)
    written = [arrivals.written_at(record) for record in range(arrivals.total)]
    assert arrivals.written_before(time) == sum(each < time for each in written)
    assert list(arrivals.written(0, arrivals.total)) == written == sorted(written)


@pytest.mark.parametrize("share", [0.0001, 0.01, 0.5])
def test_poison_is_as_frequent_as_asked_for(share: float) -> None:
    """Each record has the same chance, so the count is binomial."""
    total = 1_000_000
    found = positions(share, total, chance(11))
    assert abs(len(found) - share * total) < 5 * math.sqrt(share * total)
    assert found == sorted(set(found))
    assert found[-1] < total


def test_no_poison_and_nothing_but_poison() -> None:
    """The ends of the scale."""
    assert positions(0, 5, chance(1)) == []
    assert positions(1, 5, chance(1)) == [0, 1, 2, 3, 4]


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=60), st.integers(2, 40), st.sets(st.integers(0, 59), max_size=9)
)
def test_a_sample_stands_for_all_lanes(rates: list[float], most: int, single: set[int]) -> None:
    """No more lanes than asked for, weights that add up to all lanes, rates that add up to all writes."""
    named = sorted(lane for lane in single if lane < len(rates))
    picks = choose(rates, named, most)
    assert len(picks) <= most
    assert len({pick.lane for pick in picks}) == len(picks)
    assert sum(pick.weight for pick in picks) == len(rates)
    assert sum(pick.weight * pick.rate for pick in picks) == pytest.approx(sum(rates), abs=1e-9)


def test_hot_lanes_and_lanes_with_poison_stand_for_themselves() -> None:
    """No other lane is like them."""
    rates = [1.0] * 50
    rates[20] = 9.0
    assert {(pick.lane, pick.weight) for pick in choose(rates, [33], 10)} >= {(20, 1), (33, 1)}


def test_the_standard_error_is_that_of_a_sample() -> None:
    """Drawing ten of a hundred lanes again and again scatters as the formula says."""
    estimates, errors = [], []
    for seed in range(300):
        random = chance(seed, "lanes")
        values = {Pick(lane, 1.0, 10): random.gauss(50, 5) for lane in range(10)}
        others = sum(random.gauss(50, 5) for _ in range(90))
        estimates.append(10 * sum(values.values()) - (sum(values.values()) + others))
        errors.append(standard_error(values))
    scatter = math.sqrt(sum(each**2 for each in estimates) / len(estimates))
    assert sum(errors) / len(errors) == pytest.approx(scatter, rel=0.1)
