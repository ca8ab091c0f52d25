"""Waiting for what another process does."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["becomes"]


def becomes(wanted: Callable[[], bool], seconds: float = 60) -> bool:
    """Wait until a condition holds; whether it does."""
    end = time.monotonic() + seconds
    while not wanted() and time.monotonic() < end:
        time.sleep(0.05)
    return wanted()
