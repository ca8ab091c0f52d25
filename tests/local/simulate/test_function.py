"""``router.local.simulate.function``: the duration of invocations."""

import math
from typing import Any

import pytest

from router.local.simulate import SimulatedFunction, SimulationError
from router.local.simulate.rng import random_for


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"timeout": 5401}, "found timeout 5,401, expected 1 to 5,400"),
        ({"memory": 64}, "found memory 64, expected 128 to 32,768"),
        ({"invocation_time": 0, "record_time": 0}, "found invocation_time + record_time 0, expected 1e-06 or more"),
    ],
)
def test_there_is_no_such_function(given_: dict[str, Any], message: str) -> None:
    """The message has the range; an invocation takes at least some time."""
    with pytest.raises(SimulationError) as raised:
        SimulatedFunction(**given_)
    assert str(raised.value) == message


@pytest.mark.parametrize("values", [{"timeout": 1_800}, {"timeout": 5_400}, {"memory": 128}, {"memory": 32_768}])
def test_the_limits_are_valid(values: dict[str, Any]) -> None:
    """Those of AWS; 5,400 s are for Managed Instances."""
    SimulatedFunction(**values)


def test_times_that_vary_have_the_mean_and_the_spread_that_were_asked_for() -> None:
    """The factors are log-normal with a mean of one."""
    draw = SimulatedFunction(spread=0.5).factors(random_for(3))
    factors = [draw() for _ in range(40_000)]
    mean = sum(factors) / len(factors)
    deviation = math.sqrt(sum((each - mean) ** 2 for each in factors) / len(factors))
    assert mean == pytest.approx(1, rel=0.02)
    assert deviation == pytest.approx(0.5, rel=0.05)
