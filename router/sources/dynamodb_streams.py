"""DynamoDB Streams, as Lambda's event source mapping delivers them.

https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from router.errors import UnknownEventError
from router.record import Record, Records
from router.sources.change import has_time_of_get_records, is_change, make_record
from router.sources.sequence_numbers import Identifier, from_the_lowest, lowest
from router.sources.source import Source

__all__ = ["SOURCE"]


def records(entries: Sequence[Any]) -> Records:
    """The records of entries, each of which is a change.

    Raises:
        UnknownEventError: The records are saved output of ``GetRecords``.
    """
    if entries and has_time_of_get_records(entries[0]):
        raise _saved_output()
    return Records(entries, make_record)


def _saved_output() -> UnknownEventError:
    msg = (
        "found records in the form of GetRecords, whose ApproximateCreationDateTime is ISO 8601, expected that of a "
        "Lambda event; router.local.streams.saved_output.lambda_event converts them"
    )
    return UnknownEventError(msg)


def identify(record: Record) -> str | None:
    """The sequence number, from which Lambda delivers again."""
    return record.sequence_number


IDENTIFIER = Identifier("SequenceNumber", identify)


SOURCE = Source(
    name="dynamodb-streams",
    expects="DynamoDB Streams (Records whose eventSource is 'aws:dynamodb')",
    claims=is_change,
    records=records,
    group=None,
    identifiers=partial(lowest, IDENTIFIER),
    coming_again=partial(from_the_lowest, IDENTIFIER),
)
