"""A rate of read capacity units that several readers share."""

from __future__ import annotations

import threading
from collections.abc import Callable

from router.context import current_clock

__all__ = ["CapacityRate"]


class CapacityRate:
    """Lets readers consume so many units a second, all together.

    A page is paid after it was read, because only the answer says what it cost; the next page waits until it is paid.

    Args:
        units: Units a second; ``None`` for no limit.
        wait: Waits for so many seconds, or until the backfill ends.
    """

    def __init__(self, units: float | None, wait: Callable[[float], object]) -> None:
        self.units = units
        self._wait = wait
        self._free_at = 0.0
        self._lock = threading.Lock()
        self.consumed = 0.0

    def paid(self) -> None:
        """Wait until all that was consumed is paid."""
        while self.units is not None and (seconds := self._free_at - current_clock().counter()) > 0:
            if self._wait(seconds):
                return

    def consume(self, units: float) -> None:
        """Count the units of a page."""
        with self._lock:
            self.consumed += units
            if self.units is not None:
                self._free_at = max(self._free_at, current_clock().counter()) + units / self.units

    def items_for(self, seconds: float, units_an_item: float) -> int | None:
        """How many items a page may have so that it costs no more than the units of this time; ``None``: any number.

        Args:
            seconds: The time.
            units_an_item: What an item costs.
        """
        return None if self.units is None else max(1, int(self.units * seconds / units_an_item))
