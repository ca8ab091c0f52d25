"""Errors of a simulation's scenario."""

from __future__ import annotations

import math

from router.errors import RouterError

__all__ = ["SimulationError", "require"]


class SimulationError(RouterError, ValueError):
    """A value of the scenario is invalid, or the simulation's output cannot be written."""


def require(name: str, value: float, lowest: float, highest: float) -> None:
    """Check a number against its range.

    Args:
        name: The value's name.
        value: The number.
        lowest: The lowest valid number.
        highest: The highest valid number.

    Raises:
        SimulationError: The number is out of range or not finite.
    """
    if math.isfinite(value) and lowest <= value <= highest:
        return
    expected = f"{lowest:,.10g} or more" if highest == math.inf else f"{lowest:,.10g} to {highest:,.10g}"
    msg = f"found {name} {value:,.10g}, expected {expected}"
    raise SimulationError(msg)
