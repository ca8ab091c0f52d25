"""Lambda's event source mapping over a DynamoDB stream, as a state machine without threads, clock or network.

- :mod:`router.local.mapping.settings`: the parameters, and AWS's words for what it refuses.
- :mod:`router.local.mapping.records`: a record as the mapping carries it.
- :mod:`router.local.mapping.batches`: gathering records by size, time, payload and age.
- :mod:`router.local.mapping.verdicts`: what a function's answer means.
- :mod:`router.local.mapping.retries`: what happens to a batch after an attempt.
- :mod:`router.local.mapping.failures`: what arrives at the on-failure destination.
- :mod:`router.local.mapping.windows`: tumbling windows.
- :mod:`router.local.mapping.lanes`: one batch at a time, several lanes to a shard.
- :mod:`router.local.mapping.shards`: lineage and checkpoints.
- :mod:`router.local.mapping.actions`: what the mapping wants done.
- :mod:`router.local.mapping.machine`: all of it together.
"""

from router.local.mapping.actions import Action, Checkpoint, Invoke, Trim
from router.local.mapping.failures import Discard
from router.local.mapping.machine import EventSourceMapping
from router.local.mapping.retries import back_off
from router.local.mapping.settings import MappingSettings, MappingSettingsError
from router.local.mapping.shards import Position
from router.local.mapping.verdicts import FunctionError, Result, Returned, Throttled

__all__ = [
    "Action",
    "Checkpoint",
    "Discard",
    "EventSourceMapping",
    "FunctionError",
    "Invoke",
    "MappingSettings",
    "MappingSettingsError",
    "Position",
    "Result",
    "Returned",
    "Throttled",
    "Trim",
    "back_off",
]
