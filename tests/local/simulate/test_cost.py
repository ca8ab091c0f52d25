"""``router.local.simulate.cost``: prices and bills."""

import pytest

from router.local.simulate import PRICES
from router.local.simulate.cost import bill


def test_the_bill_is_requests_and_gb_seconds() -> None:
    """A million invocations of 100 ms with 512 MB on x86_64, by the price list."""
    found = bill(PRICES["x86_64"], 1e6, 1e8, 512, 86_400)
    assert found.gb_seconds == 50_000
    assert found.total == pytest.approx(0.20 + 50_000 * 0.0000166667)
    assert found.month == pytest.approx(30 * found.total)


def test_arm_is_a_fifth_cheaper() -> None:
    """Each GB-second of it."""
    assert PRICES["arm64"].gb_second == pytest.approx(0.8 * PRICES["x86_64"].gb_second, rel=1e-4)


def test_prices_name_their_region_and_date() -> None:
    """So that a reader can tell when they are stale."""
    assert {(prices.region, len(prices.as_of)) for prices in PRICES.values()} == {("us-east-1", 7)}
