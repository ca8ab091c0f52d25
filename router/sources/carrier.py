"""Records of sources whose entries carry changes inside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from router.naming import shortened
from router.record import Record, Records
from router.sources.carried_changes import carried
from router.sources.change import broken_record, make_record, unread_record

__all__ = ["carried_records", "delivery_count"]

_COUNTS = (("attributes", "ApproximateReceiveCount"), ("requestContext", "approximateInvokeCount"))
"""The counts of a message of SQS and of Lambda's failure document, each with the section where it stands.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""


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
        if each.parked_at:  # else what its stream still redelivers would count as completed here, and be lost
            record.twin = f"/{shortened(each.parked_at)}"
        return record

    return Records([each.change for _, each in found], make)


def delivery_count(record: Record) -> int | None:
    """How often the message was received or the batch was tried; ``None`` where the source does not count.

    Args:
        record: The record.
    """
    for section, name in _COUNTS:
        fields = record.raw.get(section)
        count = fields.get(name) if isinstance(fields, dict) else None
        if isinstance(count, str | int) and str(count).isdecimal():
            return int(count)
    return None
