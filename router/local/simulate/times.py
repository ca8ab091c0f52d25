"""Durations and clock times: read from a scenario file or the command line, and written for people."""

from __future__ import annotations

import datetime
import re
from typing import Annotated, Any

from pydantic import BeforeValidator

__all__ = ["ClockTime", "Duration", "clock_text", "duration_text", "parse_clock", "parse_duration"]

_SECONDS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|[smhd]?)")
_CLOCK = re.compile(r"(\d{1,3})(?::([0-5]\d))?")


def parse_duration(value: Any) -> Any:
    """Seconds of a text such as ``24h``, ``90m``, ``30s`` or ``20ms``; other values are returned unchanged.

    Args:
        value: The text; without a unit it is in seconds.

    Raises:
        ValueError: The text is no duration.

    Example:
        >>> parse_duration("90m"), parse_duration("0.5"), parse_duration(3)
        (5400.0, 0.5, 3)
    """
    if not isinstance(value, str):
        return value
    match = _DURATION.fullmatch(value)
    if match is None:
        msg = f"found {value!r}, expected a duration such as 24h, 90m, 30s or 20ms"
        raise ValueError(msg)
    return float(match[1]) * _SECONDS[match[2]]


def parse_clock(value: Any) -> Any:
    """Seconds since midnight of a text such as ``8:30`` or of a TOML time; other values are returned unchanged.

    Args:
        value: Hours, or hours and minutes; hours may exceed 23, as a simulation lasts up to a week.

    Raises:
        ValueError: The text is no clock time.

    Example:
        >>> parse_clock("8:30"), parse_clock("30"), parse_clock(datetime.time(8, 30))
        (30600.0, 108000.0, 30600.0)
    """
    if isinstance(value, datetime.time):
        return value.hour * 3600.0 + value.minute * 60 + value.second
    if not isinstance(value, str):
        return value
    match = _CLOCK.fullmatch(value)
    if match is None:
        msg = f"found {value!r}, expected a time such as 8 or 8:30"
        raise ValueError(msg)
    return int(match[1]) * 3600.0 + int(match[2] or 0) * 60


Duration = Annotated[float, BeforeValidator(parse_duration)]
"""Seconds; a scenario file may give a text with a unit."""

ClockTime = Annotated[float, BeforeValidator(parse_clock)]
"""Seconds since midnight; a scenario file may give ``8:30``."""


def duration_text(seconds: float | None) -> str:
    """A duration in the unit that fits it.

    Example:
        >>> [duration_text(seconds) for seconds in (None, 0.0104, 2.345, 200, 5400)]
        ['-', '10 ms', '2.35 s', '3m 20s', '1h 30m']
    """
    if seconds is None:
        return "-"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    text = f"{minutes}m {rest}s" if minutes < 60 else f"{minutes // 60}h {minutes % 60}m"
    return text.removesuffix(" 0s").removesuffix(" 0m")


def clock_text(seconds: float) -> str:
    """The time since the start, as hours, minutes and seconds.

    Example:
        >>> clock_text(95_400), clock_text(7.5)
        ('26:30:00', '00:00:07.5')
    """
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    second = f"{left:02.0f}" if left == int(left) else f"{left:04.1f}"
    return f"{int(hours):02}:{int(minutes):02}:{second}"
