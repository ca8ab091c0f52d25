"""A clock for tests of durations and deadlines: only the test moves it."""

from __future__ import annotations

__all__ = ["Clock"]


class Clock:
    """Replaces ``perf_counter``.

    Args:
        now: The time at the start, in seconds.
    """

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds
