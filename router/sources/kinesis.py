"""Kinesis Data Streams that carry the changes of a table, as Lambda's event source mapping delivers them.

The change is base64 of JSON in ``kinesis.data``. It has no sequence number; the record of Kinesis has one.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds.html
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from router.record import Record, Records
from router.sources.carried_changes import record_of_kinesis
from router.sources.carrier import carried_records
from router.sources.sequence_numbers import Identifier, from_the_lowest, lowest
from router.sources.source import Source

__all__ = ["SOURCE"]

EXPECTED = "a change of a table as base64 of JSON in kinesis.data"


def claims(entry: Any) -> bool:
    return isinstance(entry, dict) and entry.get("eventSource") == "aws:kinesis"


def records(entries: Sequence[Any]) -> Records:
    return carried_records(entries, "kinesis", EXPECTED)


def identify(record: Record) -> str | None:
    """The sequence number in the shard of Kinesis, from which Lambda delivers again."""
    number = (record_of_kinesis(record.raw) or {}).get("sequenceNumber")
    return number if isinstance(number, str) and number else None


IDENTIFIER = Identifier("kinesis.sequenceNumber", identify)


SOURCE = Source(
    name="kinesis",
    expects="Kinesis (Records whose eventSource is 'aws:kinesis')",
    claims=claims,
    records=records,
    group=None,
    identifiers=partial(lowest, IDENTIFIER),
    coming_again=partial(from_the_lowest, IDENTIFIER),
)
