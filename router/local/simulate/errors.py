"""What is wrong with a simulation that was asked for."""

from __future__ import annotations

import math

from router.errors import RouterError

__all__ = ["SimulationError", "require"]


class SimulationError(RouterError, ValueError):
    """There is no such load, function or sample."""


def require(name: str, value: float, lowest: float, highest: float) -> None:
    """Refuse a number that is out of its range.

    Args:
        name: What it is.
        value: The number.
        lowest: The least that it may be.
        highest: The most that it may be.

    Raises:
        SimulationError: It is less or more, or not finite.
    """
    if math.isfinite(value) and lowest <= value <= highest:
        return
    to = f"{lowest:,g} or more" if highest == math.inf else f"{lowest:,g} to {highest:,g}"
    msg = f"found {name} {value:g}, expected {to}"
    raise SimulationError(msg)
