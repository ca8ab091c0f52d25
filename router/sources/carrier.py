"""Records of sources whose entries carry changes inside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from router.naming import shortened
from router.record import Record, Records
from router.sources.carried_changes import carried
from router.sources.change import broken_record, is_backfilled, make_record, unread_record

__all__ = ["carried_records"]


def carried_records(entries: Sequence[Any], source: str, expected: str) -> Records:
    """The records of entries, in order.

    What is no change of a table becomes a record that fails, so that the others are handled.

    Args:
        entries: What was delivered.
        source: The name of the source.
        expected: What an entry carries, for errors.
    """
    found = [(entry, each) for entry in entries for each in carried(entry)]

    def make(change: Any, position: int) -> Record:
        entry, each = found[position]
        if each.error is not None:
            record = unread_record(each.error)
        elif each.found:
            record = broken_record(position, f"{each.found} in {source}", expected)
        else:
            record = make_record(change, position)
        record.raw, record.source, record.number = entry, source, each.number
        if each.redriven:  # else what its stream still redelivers would count as completed here, and be lost
            record.redrive_of = shortened(each.redriven.document)
            record.only_route, record.is_held = each.redriven.route, each.redriven.is_held
        return record

    only_routes = {
        position: each.redriven.route
        for position, (_, each) in enumerate(found)
        if each.redriven is not None and each.redriven.route is not None
    }
    changes = [each.change for _, each in found]
    backfilled = [position for position, change in enumerate(changes) if is_backfilled(change)]
    return Records(changes, make, only_routes, backfilled)
