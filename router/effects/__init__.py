"""Effects that bear a second delivery: each leaves the state of one delivery in order, however records come."""

from typing import TYPE_CHECKING

from router.late_names import late_names

if TYPE_CHECKING:
    from router.effects.aggregate import Aggregate
    from router.effects.cascade import Cascade
    from router.effects.data_streams import FirehoseStream, KinesisStream
    from router.effects.event_bridge import EventBridge
    from router.effects.index import EXPIRY, Index
    from router.effects.memory import MemoryTables
    from router.effects.memory_events import MemoryEvents, Published
    from router.effects.memory_indexes import MemoryIndexes
    from router.effects.messages import SnsTopic, SqsQueue
    from router.effects.once import ConditionFailedError, Once
    from router.effects.requests import RefusedEntryError
    from router.effects.view import GONE, View
else:
    __getattr__, __dir__ = late_names(
        __name__,
        {
            "EXPIRY": "router.effects.index",
            "GONE": "router.effects.view",
            "Aggregate": "router.effects.aggregate",
            "Cascade": "router.effects.cascade",
            "ConditionFailedError": "router.effects.once",
            "EventBridge": "router.effects.event_bridge",
            "FirehoseStream": "router.effects.data_streams",
            "Index": "router.effects.index",
            "KinesisStream": "router.effects.data_streams",
            "MemoryEvents": "router.effects.memory_events",
            "MemoryIndexes": "router.effects.memory_indexes",
            "MemoryTables": "router.effects.memory",
            "Once": "router.effects.once",
            "Published": "router.effects.memory_events",
            "RefusedEntryError": "router.effects.requests",
            "SnsTopic": "router.effects.messages",
            "SqsQueue": "router.effects.messages",
            "View": "router.effects.view",
        },
    )

__all__ = [
    "EXPIRY",
    "GONE",
    "Aggregate",
    "Cascade",
    "ConditionFailedError",
    "EventBridge",
    "FirehoseStream",
    "Index",
    "KinesisStream",
    "MemoryEvents",
    "MemoryIndexes",
    "MemoryTables",
    "Once",
    "Published",
    "RefusedEntryError",
    "SnsTopic",
    "SqsQueue",
    "View",
]
