"""Tumbling windows: the window of a record, and the fields of a window in an event.

https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from router.window import LARGEST_STATE, state_size

__all__ = ["IDLE_FLUSH", "LARGEST_STATE", "Interval", "seconds_text", "too_large", "window_fields", "window_of"]

IDLE_FLUSH = 120.0
"""Seconds after its end at which a window closes without a later record; 112 were recorded from AWS."""


class Interval(NamedTuple):
    """A window, in seconds since the epoch; its end is exclusive."""

    start: int
    end: int


def window_of(created: float, length: int) -> Interval:
    """The window of a record by its creation time; windows are aligned to multiples of their length.

    Example:
        >>> window_of(125.0, 60)
        Interval(start=120, end=180)
    """
    start = int(created // length) * length
    return Interval(start, start + length)


def window_fields(window: Interval, *, final: bool, early: bool) -> dict[str, Any]:
    """The fields of a window in an event and in a failure document."""
    return {
        "window": {"start": seconds_text(window.start), "end": seconds_text(window.end)},
        "isFinalInvokeForWindow": final,
        "isWindowTerminatedEarly": early,
    }


def too_large(state: Any) -> bool:
    """Whether a state is so large that it ends its window early."""
    return state_size(state) > LARGEST_STATE


def seconds_text(time: float) -> str:
    """A time in AWS's format, in whole seconds.

    Example:
        >>> seconds_text(1789654440.7)
        '2026-09-17T14:14:00Z'
    """
    return datetime.fromtimestamp(int(time), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
