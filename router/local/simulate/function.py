"""The simulated function: how long an invocation takes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from pydantic import ConfigDict

from router.local.function_limits import LONGEST_TIMEOUT_ON_MANAGED_INSTANCES, MEMORY
from router.local.simulate.errors import require
from router.local.simulate.times import Duration

__all__ = ["SimulatedFunction"]


@dataclass(frozen=True, kw_only=True)
class SimulatedFunction:
    """The duration of invocations, and the function's memory.

    Args:
        invocation_time: An invocation's time without its records, in seconds.
        record_time: The handler's time for a record, in seconds.
        spread: The coefficient of variation of an invocation's log-normal time; 0: every invocation takes the mean.
        timeout: The function's time-out, 1 to 5,400 seconds; a longer invocation fails.
        cold_start: The additional time of the first invocation of an execution environment, in seconds.
        keep_warm: Seconds after which an idle environment is removed; AWS does not publish the value.
        memory: The memory in MB, 128 to 32,768.

    Raises:
        SimulationError: A value is out of its range.

    Example:
        >>> SimulatedFunction(invocation_time=0.02, record_time=0.001).duration(100)
        0.12000000000000001
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    invocation_time: Duration = 0.02
    record_time: Duration = 0.001
    spread: float = 0.0
    timeout: Duration = 60.0
    cold_start: Duration = 0.25
    keep_warm: Duration = 600.0
    memory: int = 256

    def __post_init__(self) -> None:
        for name in ("invocation_time", "record_time", "spread", "cold_start", "keep_warm"):
            require(name, getattr(self, name), 0, math.inf)
        require("timeout", self.timeout, 1, LONGEST_TIMEOUT_ON_MANAGED_INSTANCES)
        require("memory", self.memory, *MEMORY)
        # An invocation that takes no time would be followed by endless others at the same virtual time.
        require("invocation_time + record_time", self.invocation_time + self.record_time, 1e-6, math.inf)

    def duration(self, records: int) -> float:
        """The mean duration of an invocation, in seconds.

        Args:
            records: The number of records that reach the handler.
        """
        return self.invocation_time + self.record_time * records

    def reached(self, factor: float, records: int) -> int:
        """The number of records that reach the handler before the time-out.

        Args:
            factor: The invocation's time divided by the mean.
            records: The number of records of the batch.
        """
        left = self.timeout - self.invocation_time * factor
        if left < 0:
            return 0
        each = self.record_time * factor
        return min(records, int(left / each) + 1) if each else records

    def factors(self, random: Random) -> Callable[[], float]:
        """A function that draws an invocation's time divided by the mean.

        Args:
            random: The random numbers.
        """
        if not self.spread:
            return lambda: 1.0
        sigma = math.sqrt(math.log1p(self.spread**2))
        draw, shift = random.gauss, -sigma * sigma / 2
        return lambda: math.exp(draw(shift, sigma))
