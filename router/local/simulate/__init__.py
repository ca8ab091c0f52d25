"""Simulate a load on Lambda's event source mapping, on a virtual clock: iterator age, invocations, discards, cost.

- :mod:`router.local.simulate.scenario`: the input of a simulation.
- :mod:`router.local.simulate.scenario_file`: a scenario in TOML, the template's values and the command line's.
- :mod:`router.local.simulate.load`: the writes, over time and over items.
- :mod:`router.local.simulate.function`: the duration of invocations.
- :mod:`router.local.simulate.cost`: prices.
- :mod:`router.local.simulate.times`: durations and clock times as text.
- :mod:`router.local.simulate.simulation`: the simulation of all lanes.
- :mod:`router.local.simulate.sample`: the choice of lanes to simulate.
- :mod:`router.local.simulate.arrivals`: the records that the polls of a lane read, as counts.
- :mod:`router.local.simulate.lane`: one lane, as counts while nothing fails.
- :mod:`router.local.simulate.failing_batch`: a batch with a failure, record by record.
- :mod:`router.local.simulate.counters`: the counters and the invocations of a lane.
- :mod:`router.local.simulate.rng`: repeatable random numbers.
- :mod:`router.local.simulate.series`: the sums of lanes over time.
- :mod:`router.local.simulate.report`: the figures as text and as JSON.
- :mod:`router.local.simulate.plot`: the figures as a picture.
"""

from router.local.simulate.cost import PRICES, Prices
from router.local.simulate.errors import SimulationError
from router.local.simulate.function import SimulatedFunction
from router.local.simulate.load import Burst, Level, Load
from router.local.simulate.scenario import Scenario
from router.local.simulate.simulation import Estimate, Simulation, simulate

__all__ = [
    "PRICES",
    "Burst",
    "Estimate",
    "Level",
    "Load",
    "Prices",
    "Scenario",
    "SimulatedFunction",
    "Simulation",
    "SimulationError",
    "simulate",
]
