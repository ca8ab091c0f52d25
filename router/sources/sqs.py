"""Queues of SQS whose messages carry changes of a table, as Lambda's event source mapping delivers them.

A message carries a record, a parked record, a failure document, or one of these in the wrapping of SNS or EventBridge.
Messages of a standard queue have no order; those of a group of a FIFO queue do.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from router.record import Record, Records
from router.sources.carrier import carried_records
from router.sources.each_entry import each, of_the_same_entries
from router.sources.sequence_numbers import Identifier
from router.sources.source import Group, Source

__all__ = ["SOURCE", "message_group"]

EXPECTED = "a change of a table, a parked record or a failure document in body"


def claims(entry: Any) -> bool:
    return isinstance(entry, dict) and entry.get("eventSource") == "aws:sqs"


def records(entries: Sequence[Any]) -> Records:
    return carried_records(entries, "sqs", EXPECTED)


def identify(record: Record) -> str | None:
    """The message's ID."""
    message_id = record.raw.get("messageId")
    return message_id if isinstance(message_id, str) and message_id else None


IDENTIFIER = Identifier("messageId", identify)


def message_group(record: Record) -> Group:
    """The message group of a FIFO queue; else the message itself."""
    arn, attributes = record.raw.get("eventSourceARN"), record.raw.get("attributes")
    # A standard queue may have message groups too, for fairness; it keeps no order.
    if isinstance(arn, str) and arn.endswith(".fifo"):
        name = attributes.get("MessageGroupId") if isinstance(attributes, dict) else None
        return Group(("sqs", arn, str(name)), in_order=True)
    return Group(("sqs", identify(record) or id(record.raw)), in_order=False)


SOURCE = Source(
    name="sqs",
    expects="SQS (Records whose eventSource is 'aws:sqs')",
    claims=claims,
    records=records,
    group=message_group,
    identifiers=partial(each, IDENTIFIER),
    coming_again=partial(of_the_same_entries, IDENTIFIER),
)
