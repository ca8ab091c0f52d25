"""Stores of routes that have completed records which Lambda delivers again."""

from typing import TYPE_CHECKING

from router.completed.base import Completed, Pair
from router.completed.memory import MemoryCompleted
from router.late_names import late_names

if TYPE_CHECKING:
    from router.completed.dynamodb import DynamoDBCompleted
else:
    __getattr__, __dir__ = late_names(__name__, {"DynamoDBCompleted": "router.completed.dynamodb"})

__all__ = ["Completed", "DynamoDBCompleted", "MemoryCompleted", "Pair"]
