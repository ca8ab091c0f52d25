"""Items that are there already, as a backfill delivers them: each in the form of a change.

They come from a table or from its export, in no order and each once. Whoever sends them reads the response and sends
what is not done again, so each item stands for itself. The event ID is made from the item.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

from router.outcomes import Outcome
from router.record import BACKFILLED, Record, Records
from router.sources.change import is_backfilled, make_record
from router.sources.each_entry import each, of_the_same_entries
from router.sources.sequence_numbers import Identifier
from router.sources.source import Group, Source

__all__ = ["SOURCE"]

NAME = "backfill"


def records(wires: Sequence[Any]) -> Records:
    """The records of items that are in the form of changes."""

    def make(wire: Any, position: int) -> Record:
        record = make_record(wire, position)
        record.source = NAME
        return record

    return Records(wires, make, backfilled=range(len(wires)))


def identify(record: Record) -> str | None:
    """The item's event ID."""
    return record.event_id


IDENTIFIER = Identifier("eventID", identify)


def group(record: Record) -> Group:
    """The item itself."""
    return Group((NAME, identify(record) or id(record.raw)), in_order=False)


def answer(_records: Records, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The counts of the outcomes, and the items that did not start: to send them again costs no attempt."""
    failed = {id(outcome.record) for outcome in outcomes if outcome.status == "failed"}
    deferred = [outcome.record for outcome in outcomes if outcome.status == "deferred"]
    waiting = {id(record): identify(record) for record in deferred if id(record) not in failed}
    return {"outcomes": dict(Counter(outcome.status for outcome in outcomes)), "deferred": [*waiting.values()]}


SOURCE = Source(
    name=NAME,
    expects=f"a backfill (Records whose eventSource is {BACKFILLED!r})",
    claims=is_backfilled,
    records=records,
    group=group,
    identifiers=partial(each, IDENTIFIER),
    coming_again=partial(of_the_same_entries, IDENTIFIER),
    answer=answer,
)
