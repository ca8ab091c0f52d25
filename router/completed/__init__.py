"""Stores of routes that have completed records which Lambda delivers again."""

from router.completed.base import Completed, Pair
from router.completed.dynamodb import DynamoDBCompleted
from router.completed.memory import MemoryCompleted

__all__ = ["Completed", "DynamoDBCompleted", "MemoryCompleted", "Pair"]
