"""A clock for tests of durations and deadlines: it stands still until the test moves it."""

from __future__ import annotations

__all__ = ["Clock"]


class Clock:
    """Stands in for ``perf_counter``.

    Args:
        now: The time at first, in seconds.
    """

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds
