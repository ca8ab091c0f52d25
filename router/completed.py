"""What has already finished beyond the point from which Lambda will deliver again.

Lambda knows one position per shard. What finished behind it - a record's first route when its second failed, or a
record of another lane - comes again, and is skipped because it stands here.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from router.record import Record

__all__ = ["Completed", "MemoryCompleted", "Pair"]

Pair = tuple[str, str]
"""The key of a route and the identity of a record."""


class Completed(Protocol):
    """Remembers which route has finished which record."""

    def recall(self, records: Sequence[Record]) -> Collection[Pair]:
        """Tell, once per invocation and before any handler runs, which pairs of these records are finished."""
        ...

    def remember(self, pairs: Iterable[Pair]) -> None:
        """Keep pairs that Lambda will deliver again."""
        ...

    def forget(self, pairs: Iterable[Pair]) -> None:
        """Let go of pairs that Lambda will not deliver again."""
        ...


class MemoryCompleted:
    """Remembers in the memory of the container: right for as long as Lambda comes back to the same one.

    A replay that reaches another container runs handlers again, which Lambda's "at least once" asks them to bear.

    Args:
        most: How many pairs to keep; beyond it the oldest go. Pairs of records that Lambda discards are never asked for
            again, and leave this way.

    Example:
        >>> completed = MemoryCompleted()
        >>> completed.remember([("handlers.orders.place", "e1:100")])
        >>> ("handlers.orders.place", "e1:100") in completed.recall([])
        True
    """

    def __init__(self, most: int = 100_000) -> None:
        self.most = most
        self._pairs: dict[Pair, None] = {}
        self._lock = threading.Lock()

    def recall(self, records: Sequence[Record]) -> Collection[Pair]:  # noqa: ARG002 - all there is fits in the answer
        """Tell which pairs are finished."""
        return self._pairs.keys()

    def remember(self, pairs: Iterable[Pair]) -> None:
        """Keep pairs, the newest ``most`` of them."""
        with self._lock:
            self._pairs.update(dict.fromkeys(pairs))
            while len(self._pairs) > self.most:
                del self._pairs[next(iter(self._pairs))]

    def forget(self, pairs: Iterable[Pair]) -> None:
        """Let go of pairs."""
        with self._lock:
            for pair in pairs:
                self._pairs.pop(pair, None)

    def __len__(self) -> int:
        return len(self._pairs)
