"""Effects that bear a second delivery: each leaves the state of one delivery in order, however records come."""

from router.effects.memory import MemoryTables
from router.effects.view import GONE, View

__all__ = ["GONE", "MemoryTables", "View"]
