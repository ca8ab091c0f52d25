"""Remember completed routes in the memory of the container."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Sequence

from router.completed.base import RETENTION, Pair
from router.context import current_clock
from router.record import Record, Records

__all__ = ["MemoryCompleted"]


class MemoryCompleted:
    """Remembers in the memory of the container, which is enough for as long as Lambda uses the same one.

    A delivery to another container runs handlers again, which Lambda's "at least once" requires them to bear. So does
    the delivery after a crash or a time-out, since the response that reports it never came.

    A pair is kept for 24 hours, for as long as a stream keeps its record.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html

    Args:
        most: How many pairs to keep; beyond it the oldest go. A pair whose record Lambda discards is never asked for.

    Example:
        >>> completed = MemoryCompleted()
        >>> completed.remember([("handlers.orders.place", "e1:100")])
        >>> len(completed)
        1
    """

    def __init__(self, most: int = 100_000) -> None:
        self.most = most
        self._pairs: dict[Pair, float] = {}  # the time of remembering, which rises with the order
        # By the sequence number, in which an identity ends: a pair whose record never comes again stays for long, and
        # must not slow down the invocations that it does not concern.
        self._by_number: dict[str, list[Pair]] = {}
        self._lock = threading.Lock()

    def recall(self, records: Sequence[Record]) -> Collection[Pair]:
        """Return the completed pairs of these records."""
        with self._lock:
            self._expire()
            if not self._by_number or not self._may_know(records):
                return ()
            identities = {identity for record in records if (identity := record.identity) is not None}
            return [
                pair
                for identity in identities
                for pair in self._by_number.get(_number_in(identity), ())
                if pair[1] == identity
            ]

    def _may_know(self, records: Sequence[Record]) -> bool:
        """Whether one of the sequence numbers is known, looked up without making the records."""
        if not isinstance(records, Records) or str(None) in self._by_number:  # a record without a sequence number
            return True
        try:
            return not self._by_number.keys().isdisjoint(records.sequence_numbers())
        except (LookupError, TypeError):
            return True

    def remember(self, pairs: Iterable[Pair]) -> None:
        """Keep pairs, the newest ``most`` of them."""
        with self._lock:
            for pair in pairs:
                if pair not in self._pairs:
                    self._pairs[pair] = current_clock().time()
                    self._by_number.setdefault(_number_in(pair[1]), []).append(pair)
            while len(self._pairs) > self.most:
                self._remove(next(iter(self._pairs)))

    def forget(self, pairs: Iterable[Pair]) -> None:
        """Remove pairs."""
        with self._lock:
            for pair in pairs:
                if pair in self._pairs:
                    self._remove(pair)

    def _expire(self) -> None:
        oldest = current_clock().time() - RETENTION
        while self._pairs and self._pairs[pair := next(iter(self._pairs))] < oldest:
            self._remove(pair)

    def _remove(self, pair: Pair) -> None:
        del self._pairs[pair]
        number = _number_in(pair[1])
        self._by_number[number].remove(pair)
        if not self._by_number[number]:
            del self._by_number[number]

    def __len__(self) -> int:
        return len(self._pairs)


def _number_in(identity: str) -> str:
    return identity.rpartition(":")[2]
