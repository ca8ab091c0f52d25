"""``router.local.simulate.times``: durations and clock times."""

import datetime
from typing import Any

import pytest

from router.local.simulate.times import parse_clock, parse_duration


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("24h", 86_400), ("90m", 5400), ("30s", 30), ("20ms", 0.02), ("2d", 172_800), ("0.5", 0.5), ("1 h", 3600), (7, 7)],
)
def test_a_duration_is_in_seconds(value: Any, seconds: float) -> None:
    """A text has a unit or is in seconds; a number is returned as it is."""
    assert parse_duration(value) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["soon", "-1s", "5x", ""])
def test_a_text_that_is_no_duration_is_refused(text: str) -> None:
    """The message names examples."""
    with pytest.raises(ValueError, match=rf"found '{text}', expected a duration such as 24h"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("value", "seconds"), [("8", 28_800), ("8:30", 30_600), ("30:00", 108_000), (datetime.time(8, 30), 30_600), (5, 5)]
)
def test_a_clock_time_is_in_seconds(value: Any, seconds: float) -> None:
    """Hours, or hours and minutes; TOML has times of its own."""
    assert parse_clock(value) == seconds


@pytest.mark.parametrize("text", ["8:75", "noon", "8:3"])
def test_a_text_that_is_no_clock_time_is_refused(text: str) -> None:
    """The message names examples."""
    with pytest.raises(ValueError, match=rf"found '{text}', expected a time such as 8 or 8:30"):
        parse_clock(text)
