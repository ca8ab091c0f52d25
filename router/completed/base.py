"""The store of routes that have completed records which Lambda delivers again.

Lambda knows one position in a shard and delivers every record from there again. Some of them are completed: the first
route of a record whose second route failed, or a record of another lane. The store keeps them, and they are skipped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from router.record import Record

__all__ = ["RETENTION", "Completed", "Pair"]

Pair = tuple[str, str]
"""The key of a route and the identity of a record."""

RETENTION = 24 * 60 * 60
"""Seconds for which a pair is kept: as long as a stream keeps its record."""


class Completed(Protocol):
    """Remembers which route has completed which record."""

    def recall(self, records: Sequence[Record]) -> Collection[Pair]:
        """Return the completed pairs of these records; called once an invocation, before any handler runs."""
        ...

    def remember(self, pairs: Iterable[Pair]) -> None:
        """Keep pairs of records that Lambda delivers again."""
        ...

    def forget(self, pairs: Iterable[Pair]) -> None:
        """Remove pairs of records that Lambda does not deliver again."""
        ...
