"""Lambda's event source mapping on a virtual clock: iterator age, invocations, discards and cost of a load.

- :mod:`router.local.simulate.load`: the writes, over time and over items.
- :mod:`router.local.simulate.function`: how long invocations take.
- :mod:`router.local.simulate.rng`: random numbers that can be had again.
- :mod:`router.local.simulate.arrivals`: what polls read of a lane, as counts.
- :mod:`router.local.simulate.lane`: one lane, in counts as long as nothing fails.
- :mod:`router.local.simulate.failing_batch`: a batch in which something fails, by the mapping's own algorithm.
- :mod:`router.local.simulate.sample`: which lanes stand for others.
- :mod:`router.local.simulate.series`: lanes added up over time.
- :mod:`router.local.simulate.cost`: prices.
- :mod:`router.local.simulate.simulation`: all of it together.
- :mod:`router.local.simulate.report`: the figures as text and as JSON.
- :mod:`router.local.simulate.plot`: the figures as a picture.
"""

from router.local.simulate.cost import PRICES, Prices
from router.local.simulate.errors import SimulationError
from router.local.simulate.function import Function
from router.local.simulate.load import Burst, Load, Step
from router.local.simulate.simulation import Estimate, Scenario, Simulation, simulate

__all__ = [
    "PRICES",
    "Burst",
    "Estimate",
    "Function",
    "Load",
    "Prices",
    "Scenario",
    "Simulation",
    "SimulationError",
    "Step",
    "simulate",
]
