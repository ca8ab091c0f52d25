"""``router.local.simulate.arrivals``: the records that polls read."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.local.simulate.arrivals import Arrivals, poisson, positions, regular
from router.local.simulate.load import Segment
from router.local.simulate.rng import random_for


def test_regular_writes_are_as_many_as_asked_for() -> None:
    """Rates that fit no poll, and segments of different load."""
    arrivals = regular([Segment(0, 10, 1.0), Segment(10, 20, 0.1)], 7.3, 0.25)
    assert (arrivals.end, arrivals.total) == (80, int(73 + 7.3))


@pytest.mark.parametrize("rate", [0.02, 8.0, 2_000.0, 20_000.0])
def test_writes_by_chance_are_poisson(rate: float) -> None:
    """Mean and variance of the records of a poll are equal."""
    read = poisson([Segment(0, 5_000, 1.0)], rate, 0.25, random_for(5)).read
    counts = [after - before for before, after in itertools.pairwise(read)]
    mean = sum(counts) / len(counts)
    variance = sum((count - mean) ** 2 for count in counts) / len(counts)
    assert mean == pytest.approx(rate / 4, rel=0.15 if rate < 1 else 0.03)
    assert variance == pytest.approx(mean, rel=0.15 if rate < 1 else 0.05)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20), st.floats(-1, 25))
def test_counting_records_before_a_time_is_counting_their_times(counts: list[int], time: float) -> None:
    """written_before() is the number of records with an earlier time."""
    arrivals = Arrivals(counts, 0.25)
    written = [arrivals.written_at(record) for record in range(arrivals.total)]
    assert arrivals.written_before(time) == sum(each < time for each in written)
    assert list(arrivals.written(0, arrivals.total)) == written == sorted(written)


@pytest.mark.parametrize("share", [0.0001, 0.01, 0.5])
def test_poison_is_as_frequent_as_asked_for(share: float) -> None:
    """Each record has the same chance, so the count is binomial."""
    total = 1_000_000
    found = positions(share, total, random_for(11))
    assert abs(len(found) - share * total) < 5 * math.sqrt(share * total)
    assert found == sorted(set(found))
    assert found[-1] < total


def test_no_poison_and_nothing_but_poison() -> None:
    """The ends of the scale."""
    assert positions(0, 5, random_for(1)) == []
    assert positions(1, 5, random_for(1)) == [0, 1, 2, 3, 4]
