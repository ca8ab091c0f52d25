"""What earlier deliveries have completed, and what this one leaves completed for the next.

Lambda knows one position in a shard and delivers every record from there again. What had finished beyond that position
is remembered, so that the next delivery skips exactly those pairs of route and record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from router.completed import Completed, MemoryCompleted, Pair
from router.errors import any_error
from router.observability.logs import write_line
from router.observability.safe_errors import safe_error
from router.outcomes import Outcome
from router.record import Record, Records

if TYPE_CHECKING:
    import structlog

__all__ = ["NO_ROUTE", "Known", "forget_over", "keep_completed", "recall"]

NO_ROUTE = "-"
"""Stands for the key of a route where a record was parked before it reached one."""


class Known:
    """The pairs of an event's records that earlier deliveries have completed.

    Args:
        pairs: The pairs.
        records: The records of the event, each with an identity of its own.
    """

    __slots__ = ("_keys", "pairs")

    def __init__(self, pairs: Collection[Pair], records: Records) -> None:
        identities = [record.identity for record in records]
        keys: defaultdict[str, set[str]] = defaultdict(set)
        for key, identity in pairs:
            keys[identity].add(key)
        self._keys: dict[int, set[str]] = {
            position: {*keys[identity]}
            for position, identity in enumerate(identities)
            if identity is not None and identity in keys
        }
        self.pairs = [pair for pair in pairs if pair[1] in identities]

    def __bool__(self) -> bool:
        return bool(self.pairs)

    def add(self, key: str, positions: Iterable[int]) -> None:
        """Add records that are completed at a route, by another store than the one that knows of the pairs."""
        for position in positions:
            self._keys.setdefault(position, set()).add(key)

    def has_completed(self, key: str, position: int) -> bool:
        """Whether the record at a position is completed at the route with this key."""
        return position in self._keys and key in self._keys[position]

    def parked(self) -> list[int]:
        """The positions of the records that were parked before they reached a route."""
        return [position for position, keys in self._keys.items() if NO_ROUTE in keys]


def recall(completed: Completed, records: Records, log: structlog.typing.FilteringBoundLogger) -> Known | None:
    """What earlier deliveries have completed of these records; ``None`` where that is nothing.

    A store that fails knows nothing: its handlers run again, which they must bear anyway, and no record is lost for it.

    Args:
        completed: The store.
        records: The records of the event.
        log: The invocation's logger.
    """
    try:
        if not completed:  # type: ignore[truthy-bool]  # a store may have a length
            return None
        records.tell_apart()
        pairs = completed.recall(records)
        return (Known(pairs, records) or None) if pairs else None
    except any_error() as error:  # of the store
        write_line(log, "error", "completed store failed", **safe_error(error))
        return None


def keep_completed(
    completed: Completed,
    known: Known | None,
    outcomes: Sequence[Outcome],
    records: Records,
    again: Sequence[Record],
    keys: Mapping[int, str],
    log: structlog.typing.FilteringBoundLogger,
) -> list[Pair]:
    """Remember what is completed of the records that Lambda delivers again, and forget what was known of the others.

    A store that fails costs handlers that run again, which they must bear anyway.

    The response may never reach Lambda, which then delivers all records again. A change must not be skipped then
    because the store knows it, while an earlier change of its item runs again. So what is over of an item is remembered
    with a later change of it, and forgotten only after the response: by :func:`forget_over` in the next invocation.

    Args:
        completed: The store.
        known: What it recalled.
        outcomes: The outcomes of the invocation.
        records: The records of the event.
        again: Those that Lambda delivers again.
        keys: The key of each route, by its ``id``.
        log: The invocation's logger.

    Returns:
        The pairs to forget after the response.
    """
    records.tell_apart()
    coming = {id(record) for record in again}
    identities_over = {record.identity for record in records if id(record) not in coming}
    pairs = [] if known is None else known.pairs
    over = [pair for pair in pairs if pair[1] in identities_over]
    finished = _finished([outcome for outcome in outcomes if id(outcome.record) in coming], keys)
    # The memory of a container ends with it, so it never outlives a response that is lost.
    if isinstance(completed, MemoryCompleted):
        _update(completed, finished, over, log)
        return []
    kept = _of_same_items([pair for pair in [*pairs, *finished] if pair[1] not in identities_over], records)
    done = _finished([outcome for outcome in outcomes if id(outcome.record) not in coming], keys)
    done = [pair for pair in done if pair in kept]
    _update(completed, [*finished, *done], (), log)
    return [*dict.fromkeys([*over, *done])]


def forget_over(completed: Completed, over: Sequence[Pair], log: structlog.typing.FilteringBoundLogger) -> None:
    """Forget what the invocation before this one has left: this one shows that its response was sent.

    Args:
        completed: The store.
        over: The pairs.
        log: The invocation's logger.
    """
    _update(completed, (), over, log)


def _update(
    completed: Completed,
    remembered: Sequence[Pair],
    forgotten: Sequence[Pair],
    log: structlog.typing.FilteringBoundLogger,
) -> None:
    try:
        if remembered:
            completed.remember(remembered)
        if forgotten:
            completed.forget(forgotten)
    except any_error() as error:  # of the store
        write_line(log, "error", "completed store failed", **safe_error(error))


def _of_same_items(pairs: Sequence[Pair], records: Records) -> Collection[Pair]:
    """The pairs of all records of the same items, each with its route."""
    if not pairs:
        return ()
    lanes = dict(zip((record.identity for record in records), records.lanes(), strict=True))
    members: defaultdict[Hashable, list[str]] = defaultdict(list)
    for identity, lane in lanes.items():
        if identity is not None:
            members[lane].append(identity)
    return {(key, identity) for key, lane in {(key, lanes[each]) for key, each in pairs} for identity in members[lane]}


def _finished(outcomes: Sequence[Outcome], keys: Mapping[int, str]) -> list[Pair]:
    """The pairs of these outcomes that must not run again."""
    return [
        (NO_ROUTE if outcome.route is None else keys[id(outcome.route)], identity)
        for outcome in outcomes
        if outcome.status == "parked" or (outcome.route is not None and outcome.status in ("done", "skipped"))
        if not _is_in_state(outcome)
        if (identity := outcome.record.identity) is not None
    ]


def _is_in_state(outcome: Outcome) -> bool:
    """Whether the state of a window says that the record is completed: Lambda may go back to the state of before."""
    return outcome.route is not None and outcome.route.state is not None and outcome.error is None
