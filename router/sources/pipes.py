"""EventBridge Pipes, whose event is a list of what its source delivers: records of a stream, or messages of a queue.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-batching-concurrency.html
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from router.record import Record, Records
from router.sources import sqs
from router.sources.carrier import carried_records
from router.sources.each_entry import each, of_the_same_entries
from router.sources.sequence_numbers import Identifier
from router.sources.source import Group, Source

__all__ = ["SOURCE"]

EXPECTED = "a change of a table in each entry of the list"


def claims(entry: Any) -> bool:
    return isinstance(entry, dict) and entry.get("eventSource") in ("aws:dynamodb", "aws:kinesis", "aws:sqs")


def records(entries: Sequence[Any]) -> Records:
    return carried_records(entries, "pipes", EXPECTED)


def identify(record: Record) -> str | None:
    """The ``eventID`` of a stream's record, the ``messageId`` of a queue's message."""
    name = "messageId" if sqs.claims(record.raw) else "eventID"
    identifier = record.raw.get(name)
    return identifier if isinstance(identifier, str) and identifier else None


IDENTIFIER = Identifier("eventID or messageId", identify)


def group(record: Record) -> Group:
    """All records of a stream; of a queue as without a pipe."""
    return sqs.message_group(record) if sqs.claims(record.raw) else Group("pipes", in_order=False)


# A pipe delivers only the records that are reported, so all that are not done are.
SOURCE = Source(
    name="pipes",
    expects="EventBridge Pipes (a list of them)",
    claims=claims,
    records=records,
    group=group,
    identifiers=partial(each, IDENTIFIER),
    coming_again=partial(of_the_same_entries, IDENTIFIER),
)
