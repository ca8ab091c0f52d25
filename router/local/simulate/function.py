"""The function as a simulation knows it: how long an invocation takes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from router.local.simulate.errors import require

__all__ = ["Function"]

_LONGEST_TIMEOUT = 900  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html
_LEAST_MEMORY, _MOST_MEMORY = 128, 10_240  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html


@dataclass(frozen=True, kw_only=True)
class Function:
    """How long invocations take, and how much memory they have.

    Args:
        seconds: The time of an invocation beside its records, in seconds.
        seconds_per_record: The time of each record that the handler comes to, in seconds.
        spread: The coefficient of variation of an invocation's time, which is then log-normal; 0 is always the mean.
        timeout: The function's time-out, 1 to 900 seconds; an invocation that would take longer fails there.
        cold_start: What the first invocation of an execution environment takes in addition, in seconds.
        keep_warm: After how many idle seconds an environment is gone; AWS does not publish it.
        memory: The memory in MB, 128 to 10,240.

    Raises:
        SimulationError: A value is out of its range.

    Example:
        >>> Function(seconds=0.02, seconds_per_record=0.001).duration(100)
        0.12000000000000001
    """

    seconds: float = 0.02
    seconds_per_record: float = 0.001
    spread: float = 0.0
    timeout: float = 60.0
    cold_start: float = 0.25
    keep_warm: float = 600.0
    memory: int = 256

    def __post_init__(self) -> None:
        for name in ("seconds", "seconds_per_record", "spread", "cold_start", "keep_warm"):
            require(name, getattr(self, name), 0, math.inf)
        require("timeout", self.timeout, 1, _LONGEST_TIMEOUT)
        require("memory", self.memory, _LEAST_MEMORY, _MOST_MEMORY)
        # Without time an invocation ends when it starts, and a clock on which nothing takes time stands still.
        require("seconds + seconds_per_record", self.seconds + self.seconds_per_record, 1e-6, math.inf)

    def duration(self, records: int) -> float:
        """How long an invocation takes on the mean, in seconds.

        Args:
            records: How many records the handler comes to.
        """
        return self.seconds + self.seconds_per_record * records

    def reached(self, factor: float, records: int) -> int:
        """How many records the handler has come to when the time is out.

        Args:
            factor: How much longer than the mean this invocation takes.
            records: How many there are.
        """
        left = self.timeout - self.seconds * factor
        if left < 0:
            return 0
        each = self.seconds_per_record * factor
        return min(records, int(left / each) + 1) if each else records

    def factors(self, random: Random) -> Callable[[], float]:
        """What draws, for each invocation, how much longer than the mean it takes.

        Args:
            random: Where chance comes from.
        """
        if not self.spread:
            return lambda: 1.0
        sigma = math.sqrt(math.log1p(self.spread**2))
        draw, shift = random.gauss, -sigma * sigma / 2
        return lambda: math.exp(draw(shift, sigma))
