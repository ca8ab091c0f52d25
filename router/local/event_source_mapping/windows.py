"""Tumbling windows: which window a record belongs to, and what the events of one say.

https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

__all__ = ["IDLE_FLUSH", "LARGEST_STATE", "Window", "seconds_text", "too_large", "window_fields", "window_of"]

LARGEST_STATE = 1024 * 1024
"""How long a window's state may be as JSON, in bytes; beyond it the window ends early."""

IDLE_FLUSH = 120.0
"""How long after its end a window is closed when no later record comes; 112 seconds were recorded."""


class Window(NamedTuple):
    """A window of time, in seconds since the epoch; the end is not part of it."""

    start: int
    end: int


def window_of(created: float, length: int) -> Window:
    """The window that a record belongs to, by its creation; windows are aligned to multiples of their length.

    Example:
        >>> window_of(125.0, 60)
        Window(start=120, end=180)
    """
    start = int(created // length) * length
    return Window(start, start + length)


def window_fields(window: Window, *, final: bool, early: bool) -> dict[str, Any]:
    """What an event and a failure document say of a window, in the same words."""
    return {
        "window": {"start": seconds_text(window.start), "end": seconds_text(window.end)},
        "isFinalInvokeForWindow": final,
        "isWindowTerminatedEarly": early,
    }


def too_large(state: Any) -> bool:
    """Whether a state ends its window early."""
    return len(json.dumps(state, separators=(",", ":")).encode()) > LARGEST_STATE


def seconds_text(time: float) -> str:
    """A time as AWS writes it, in whole seconds.

    Example:
        >>> seconds_text(1789654440.7)
        '2026-09-17T14:14:00Z'
    """
    return datetime.fromtimestamp(int(time), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
