"""``router.local.backfill.capacity``: all readers together consume so many units a second."""

from __future__ import annotations

import pytest

from router.context import Clock, running_on
from router.local.backfill.capacity import CapacityRate


class Time:
    """A clock that waiting moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return False


def read(units: float | None, *pages: float) -> Time:
    """Read pages of so many units, with no time between them."""
    time = Time()
    with running_on(Clock(lambda: time.now, lambda: time.now)):
        rate = CapacityRate(units, time.wait)
        for page in pages:
            rate.paid()
            rate.consume(page)
        rate.paid()
        assert rate.consumed == sum(pages)
    return time


def test_a_page_is_paid_before_the_next_one() -> None:
    """128 units at 10 a second take 12.8 seconds."""
    assert read(10, 128, 5).waits == [12.8, pytest.approx(0.5)]


def test_many_small_pages_take_as_long_as_a_large_one() -> None:
    """The rate is that of the units."""
    assert read(10, *[2.0] * 50).now == pytest.approx(10)


def test_without_a_rate_nothing_waits() -> None:
    """The table is on demand, or has nothing else to do."""
    assert read(None, 128, 128).waits == []


def test_a_stop_ends_the_wait() -> None:
    """A backfill that ends does not wait for its debts."""
    rate = CapacityRate(0.1, lambda _: True)
    rate.consume(1_000_000)
    rate.paid()


def test_a_page_has_no_more_items_than_the_rate_allows() -> None:
    """Else one page of 1 MB would take the units of many seconds at once."""
    rate = CapacityRate(10, lambda _: True)
    assert rate.items_for(0.25, 0.5) == 5
    assert rate.items_for(0.25, 100) == 1
    assert CapacityRate(None, lambda _: True).items_for(0.25, 0.5) is None
