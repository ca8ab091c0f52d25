"""``router.local.simulate.sample``: the choice of lanes to simulate."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.local.simulate.rng import random_for
from router.local.simulate.sample import SampledLane, sample_lanes, standard_error


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=60), st.integers(2, 40), st.sets(st.integers(0, 59), max_size=9)
)
def test_a_sample_stands_for_all_lanes(rates: list[float], most: int, single: set[int]) -> None:
    """No more lanes than asked for, weights that add up to all lanes, rates that add up to all writes."""
    named = sorted(lane for lane in single if lane < len(rates))
    sample = sample_lanes(rates, named, most)
    assert len(sample) <= most
    assert len({sampled.lane for sampled in sample}) == len(sample)
    assert sum(sampled.weight for sampled in sample) == len(rates)
    assert sum(sampled.weight * sampled.rate for sampled in sample) == pytest.approx(sum(rates), abs=1e-9)


def test_hot_lanes_and_lanes_with_poison_stand_for_themselves() -> None:
    """Each of them has weight one."""
    rates = [1.0] * 50
    rates[20] = 9.0
    assert {(sampled.lane, sampled.weight) for sampled in sample_lanes(rates, [33], 10)} >= {(20, 1), (33, 1)}


def test_the_standard_error_is_that_of_a_sample() -> None:
    """Drawing ten of a hundred lanes again and again scatters as the formula says."""
    estimates, errors = [], []
    for seed in range(300):
        random = random_for(seed, "lanes")
        values = {SampledLane(lane, 1.0, 10): random.gauss(50, 5) for lane in range(10)}
        others = sum(random.gauss(50, 5) for _ in range(90))
        estimates.append(10 * sum(values.values()) - (sum(values.values()) + others))
        errors.append(standard_error(values))
    scatter = math.sqrt(sum(each**2 for each in estimates) / len(estimates))
    assert sum(errors) / len(errors) == pytest.approx(scatter, rel=0.1)
