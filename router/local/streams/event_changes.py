"""The changes of a table in an event of any source."""

from __future__ import annotations

from typing import Any

from router.errors import RouterError
from router.record import Record
from router.sources import receive

__all__ = ["changes_in"]


def changes_in(event: Any) -> list[dict[str, Any]]:
    """The changes in an event, in order, as records of the table's stream.

    Args:
        event: The event, of any source.

    Raises:
        RouterError: No source delivers such an event, or one of its entries carries no change.

    Example:
        >>> from router.testing import inserted, kinesis_event
        >>> [change["eventName"] for change in changes_in(kinesis_event(inserted({"id": "o-1"})))]
        ['INSERT']
    """
    return [_change_of(record) for record in receive(event).records]


def _change_of(record: Record) -> dict[str, Any]:
    """The change inside a record, with the sequence number of the record if it has none."""
    if not record.wire and record.flaw is not None:
        raise RouterError(str(record.flaw.error))
    if record.number is None or record.sequence_number != record.number:
        return dict(record.wire)
    return {**record.wire, "dynamodb": {**record.body, "SequenceNumber": record.number}}
