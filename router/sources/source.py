"""The slots that every source fills."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

from router.outcomes import Outcome
from router.record import Record, Records
from router.value_classes import dataclass

__all__ = ["Group", "Source"]


class Group(NamedTuple):
    """Records that are delivered again together: after one that is not done, none of them starts.

    Args:
        name: Different for each group.
        in_order: Whether the records run one after the other even where they are of different items.
    """

    name: Hashable
    in_order: bool


@dataclass(frozen=True)
class Source:
    """One kind of delivery.

    Args:
        name: The source's name in logs, and as ``Record.source``.
        expects: Its event, in words, for the error about an unknown event.
        claims: Whether something delivered, an entry of an event's ``Records``, is of this source.
        records: The records of entries, in order, with those that cannot be read.
        group: The group of a record; ``None`` where all records of the event are one group.
        identifiers: The identifiers by which records that are not done are reported, given them and all records.
        coming_again: Which of the records are delivered again, given all and those that are not done.
        answer: What else the response says, given all records and the outcomes of the source's own. ``None``: nothing,
            because an event source mapping reads it.
    """

    name: str
    expects: str
    claims: Callable[[Any], bool]
    records: Callable[[Sequence[Any]], Records]
    group: Callable[[Record], Group] | None
    identifiers: Callable[[Sequence[Record]], list[str]]
    coming_again: Callable[[Sequence[Record], Sequence[Record]], Sequence[Record]]
    answer: Callable[[Records, Sequence[Outcome]], dict[str, Any]] | None = None
