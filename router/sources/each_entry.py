"""Reports of queues: the identifier of each entry that has a record which is not done."""

from __future__ import annotations

from collections.abc import Sequence

from router.record import Record
from router.sources.sequence_numbers import Identifier, identified

__all__ = ["each", "of_the_same_entries"]


def each(identifier: Identifier, undone: Sequence[Record]) -> list[str]:
    """The identifiers of the records that are not done, each once.

    Raises:
        MalformedRecordError: A record has none.
    """
    return list(dict.fromkeys(identified(identifier, record) for record in undone))


def of_the_same_entries(
    identifier: Identifier, records: Sequence[Record], undone: Sequence[Record]
) -> Sequence[Record]:
    """The records with an identifier that is reported: one message may carry several records."""
    reported = {identifier.of(record) for record in undone}
    return [record for record in records if identifier.of(record) in reported]
