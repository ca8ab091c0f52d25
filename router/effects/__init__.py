"""Effects that bear a second delivery: each leaves the state of one delivery in order, however records come."""

from router.effects.aggregate import Aggregate
from router.effects.bulk import RefusedDocumentError
from router.effects.cascade import Cascade
from router.effects.index import EXPIRY, Index
from router.effects.memory import MemoryTables
from router.effects.memory_indexes import MemoryIndexes
from router.effects.once import ConditionFailedError, Once
from router.effects.view import GONE, View

__all__ = [
    "EXPIRY",
    "GONE",
    "Aggregate",
    "Cascade",
    "ConditionFailedError",
    "Index",
    "MemoryIndexes",
    "MemoryTables",
    "Once",
    "RefusedDocumentError",
    "View",
]
