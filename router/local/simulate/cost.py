"""The cost of the invocations by published prices.

Lambda's reads of a DynamoDB stream are free, so the cost is that of requests and GB-seconds.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CostOptimization_StreamsUsage.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import ConfigDict

from router.local.simulate.errors import require

__all__ = ["PRICES", "Architecture", "Bill", "Prices", "bill"]

Architecture = Literal["arm64", "x86_64"]

_MONTH = 30 * 86_400
_MB_OF_A_GB = 1024


@dataclass(frozen=True, kw_only=True)
class Prices:
    """Lambda's on-demand prices in US dollars.

    Args:
        architecture: The instruction set that the prices are for.
        million_requests: For a million requests.
        gb_second: For a GB-second.
        region: The region.
        as_of: The month of the prices.

    Raises:
        SimulationError: A price is negative.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    architecture: Architecture = "x86_64"
    million_requests: float
    gb_second: float
    region: str
    as_of: str

    def __post_init__(self) -> None:
        require("million_requests", self.million_requests, 0, 1e6)
        require("gb_second", self.gb_second, 0, 1e3)


# The first tier of https://aws.amazon.com/lambda/pricing/. Beyond 6 (x86_64) or 7.5 (arm64) thousand million
# GB-seconds a month the price is lower.
PRICES: dict[Architecture, Prices] = {
    "x86_64": Prices(million_requests=0.20, gb_second=0.0000166667, region="us-east-1", as_of="2026-05"),
    "arm64": Prices(
        architecture="arm64", million_requests=0.20, gb_second=0.0000133334, region="us-east-1", as_of="2026-05"
    ),
}


@dataclass(frozen=True, slots=True)
class Bill:
    """The cost of the simulated time in US dollars, without free tier and discounts.

    Args:
        requests: The cost of requests.
        compute: The cost of GB-seconds.
        gb_seconds: The number of GB-seconds.
        seconds: The simulated time, in seconds.
    """

    requests: float
    compute: float
    gb_seconds: float
    seconds: float

    @property
    def total(self) -> float:
        """The cost of the simulated time."""
        return self.requests + self.compute

    @property
    def month(self) -> float:
        """The cost of 30 days of the same load."""
        return self.total * _MONTH / self.seconds


def bill(prices: Prices, invocations: float, billed: float, memory: int, seconds: float) -> Bill:
    """Calculate the cost of invocations.

    Args:
        prices: The prices.
        invocations: The number of invocations.
        billed: Their billed duration, in milliseconds.
        memory: The function's memory in MB.
        seconds: The simulated time, in seconds.

    Example:
        >>> round(bill(PRICES["x86_64"], 1_000_000, 120_000_000, 1024, 86_400).total, 4)
        2.2
    """
    gb_seconds = billed / 1000 * memory / _MB_OF_A_GB
    return Bill(invocations / 1e6 * prices.million_requests, gb_seconds * prices.gb_second, gb_seconds, seconds)
