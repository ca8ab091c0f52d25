"""Reports of queues: the identifier of each entry that has a record which is not done."""

from __future__ import annotations

from collections.abc import Sequence

from router.record import Record
from router.sources.sequence_numbers import Identify, identified

__all__ = ["each", "of_the_same_entries"]


def each(identify: Identify, undone: Sequence[Record]) -> list[str]:
    """The identifiers of the records that are not done, each once.

    Raises:
        MalformedRecordError: A record has none.
    """
    return list(dict.fromkeys(identified(identify, record) for record in undone))


def of_the_same_entries(identify: Identify, records: Sequence[Record], undone: Sequence[Record]) -> Sequence[Record]:
    """The records with an identifier that is reported: one message may carry several records."""
    reported = {identify(record) for record in undone}
    return [record for record in records if identify(record) in reported]
