"""What the invocations cost, by published prices.

Lambda's reads of a DynamoDB stream are free, so requests and GB-seconds are all there is.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CostOptimization_StreamsUsage.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from router.local.simulate.errors import require

__all__ = ["PRICES", "Architecture", "Bill", "Prices", "bill"]

Architecture = Literal["arm64", "x86_64"]

_MONTH = 30 * 86_400
_MB_OF_A_GB = 1024


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What Lambda costs on demand, in US dollars.

    Args:
        request: For a request.
        gb_second: For a GB-second.
        region: Where.
        as_of: When these were the prices.

    Raises:
        SimulationError: A price is below 0.
    """

    request: float
    gb_second: float
    region: str
    as_of: str

    def __post_init__(self) -> None:
        require("the price of a request", self.request, 0, 1e3)
        require("the price of a GB-second", self.gb_second, 0, 1e3)


# The first tier of https://aws.amazon.com/lambda/pricing/. More than 6 (x86_64) or 7.5 (arm64) thousand million
# GB-seconds in a month are cheaper.
PRICES: dict[Architecture, Prices] = {
    "x86_64": Prices(request=0.20e-6, gb_second=0.0000166667, region="us-east-1", as_of="2026-05"),
    "arm64": Prices(request=0.20e-6, gb_second=0.0000133334, region="us-east-1", as_of="2026-05"),
}


@dataclass(frozen=True, slots=True)
class Bill:
    """What a simulated time costs, in US dollars, without a free tier and without discounts.

    Args:
        requests: For requests.
        compute: For GB-seconds.
        gb_seconds: How many of those.
        seconds: The time that it is for, in seconds.
    """

    requests: float
    compute: float
    gb_seconds: float
    seconds: float

    @property
    def total(self) -> float:
        """For the time that was simulated."""
        return self.requests + self.compute

    @property
    def month(self) -> float:
        """For 30 days of such load."""
        return self.total * _MONTH / self.seconds


def bill(prices: Prices, invocations: float, billed: float, memory: int, seconds: float) -> Bill:
    """Work out what invocations cost.

    Args:
        prices: The prices.
        invocations: How many there are.
        billed: For how long they are paid for, in milliseconds.
        memory: The function's memory in MB.
        seconds: The time in which they were, in seconds.

    Example:
        >>> round(bill(PRICES["x86_64"], 1_000_000, 120_000_000, 1024, 86_400).total, 4)
        2.2
    """
    gb_seconds = billed / 1000 * memory / _MB_OF_A_GB
    return Bill(invocations * prices.request, gb_seconds * prices.gb_second, gb_seconds, seconds)
