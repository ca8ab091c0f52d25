"""Lambda's event source mapping over a DynamoDB stream, as a state machine without threads, clock or network.

- :mod:`router.local.event_source_mapping.settings`: the parameters, and AWS's messages for invalid ones.
- :mod:`router.local.event_source_mapping.api_model`: Lambda's API model of the parameters, from botocore.
- :mod:`router.local.event_source_mapping.stream_record`: a record of a shard with its size and times.
- :mod:`router.local.event_source_mapping.batches`: forming batches by size, time, payload and age.
- :mod:`router.local.event_source_mapping.responses`: the meaning of a function's response.
- :mod:`router.local.event_source_mapping.retries`: the next step of a batch after an attempt.
- :mod:`router.local.event_source_mapping.failure_documents`: the documents of the on-failure destination.
- :mod:`router.local.event_source_mapping.windows`: tumbling windows.
- :mod:`router.local.event_source_mapping.lanes`: the lanes of a shard, with one batch at a time each.
- :mod:`router.local.event_source_mapping.shards`: lineage and checkpoints.
- :mod:`router.local.event_source_mapping.actions`: the mapping's actions: invoke, discard, checkpoint, trim.
- :mod:`router.local.event_source_mapping.state_machine`: the mapping.
- :mod:`router.local.event_source_mapping.virtual_clock`: a clock that runs the mapping to its end without waiting.
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
