"""``router.local.simulate.scenario``: which scenarios can be simulated."""

from typing import Any

import pytest

from router.local.event_source_mapping import MappingSettings
from router.local.simulate import Load, Scenario, SimulatedFunction, SimulationError


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"poll": 0}, "found poll 0, expected 0.001 to 60"),
        ({"sample": -1}, "found sample -1, expected 0 or more"),
        ({"mapping": MappingSettings(tumbling_window_in_seconds=60)}, "found a tumbling window, expected none"),
        (
            {"load": Load(writes=1, duration=86_400), "poll": 0.001},
            "found 86,400,000 polls of a shard, expected at most",
        ),
        (
            {
                "load": Load(writes=1e8),
                "mapping": MappingSettings(batch_size=1),
                "function": SimulatedFunction(invocation_time=1e-6, record_time=0),
            },
            "found more invocations than can be simulated",
        ),
    ],
)
def test_there_is_no_such_scenario(given: dict[str, Any], message: str) -> None:
    """An impossible scenario is refused before the simulation."""
    with pytest.raises(SimulationError) as raised:
        Scenario(**{"load": Load(writes=1), **given})
    assert str(raised.value).startswith(message)
