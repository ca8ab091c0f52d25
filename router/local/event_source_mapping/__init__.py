"""Lambda's event source mapping over a DynamoDB stream, as a state machine without threads, clock or network.

- :mod:`router.local.event_source_mapping.settings`: the parameters, and AWS's words for what it refuses.
- :mod:`router.local.event_source_mapping.stream_record`: a record as the mapping carries it.
- :mod:`router.local.event_source_mapping.batches`: gathering records by size, time, payload and age.
- :mod:`router.local.event_source_mapping.responses`: what a function's answer means.
- :mod:`router.local.event_source_mapping.retries`: what happens to a batch after an attempt.
- :mod:`router.local.event_source_mapping.failure_documents`: what arrives at the on-failure destination.
- :mod:`router.local.event_source_mapping.windows`: tumbling windows.
- :mod:`router.local.event_source_mapping.lanes`: one batch at a time, several lanes to a shard.
- :mod:`router.local.event_source_mapping.shards`: lineage and checkpoints.
- :mod:`router.local.event_source_mapping.actions`: what the mapping wants done.
- :mod:`router.local.event_source_mapping.state_machine`: all of it together.
- :mod:`router.local.event_source_mapping.virtual_clock`: running it to its end without waiting.
"""

from router.local.event_source_mapping.actions import Action, Checkpoint, Invoke, Trim
from router.local.event_source_mapping.failure_documents import Discard
from router.local.event_source_mapping.responses import FunctionError, Result, Returned, Throttled
from router.local.event_source_mapping.retries import back_off
from router.local.event_source_mapping.settings import MappingSettings, MappingSettingsError
from router.local.event_source_mapping.shards import Position
from router.local.event_source_mapping.state_machine import EventSourceMapping

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
