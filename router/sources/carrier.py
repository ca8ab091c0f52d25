"""Records of sources whose entries carry changes inside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from router.errors import UnknownEventError
from router.record import Record, Records
from router.sources.carried_changes import NotAChangeError, changes_in
from router.sources.change import broken_record, make_record

__all__ = ["carried_records"]

_Made = tuple[Any, Mapping[str, Any], str | None]
"""A change, the entry that carries it, and what was found in place of a change."""


def carried_records(
    entries: Sequence[Any], source: str, expected: str, number: Callable[[Any], Any] | None = None
) -> Records:
    """The records of entries, in order.

    An entry that carries no change of a table becomes a record that fails, so that the others are handled.

    Args:
        entries: What was delivered.
        source: The name of the source.
        expected: What an entry carries, for errors.
        number: The sequence number of an entry.

    Raises:
        UnknownEventError: None of them carries a change: what delivers them is wired wrongly.
    """
    made: list[_Made] = []
    for entry in entries:
        try:
            made += [(change, entry, None) for change in changes_in(entry)]
        except NotAChangeError as error:
            made.append(({}, entry, error.found))
    if made and all(found is not None for _, _, found in made):
        msg = f"found {made[0][2]} in {source}, expected {expected}; check what invokes this function"
        raise UnknownEventError(msg)

    def make(_wire: Any, position: int) -> Record:
        change, entry, found = made[position]
        record = make_record(change, position) if found is None else broken_record(position, found, expected)
        record.raw, record.source = entry, source
        record.number = number(entry) if number is not None else None
        return record

    return Records([change for change, _, _ in made], make)
