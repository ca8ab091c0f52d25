"""Effects that bear a second delivery: each leaves the state of one delivery in order, however records come."""

from router.effects.aggregate import Aggregate
from router.effects.cascade import Cascade
from router.effects.memory import MemoryTables
from router.effects.once import ConditionFailedError, Once
from router.effects.view import GONE, View

__all__ = ["GONE", "Aggregate", "Cascade", "ConditionFailedError", "MemoryTables", "Once", "View"]
