"""Lambda's failure documents and those of parked records, given as the event or delivered by SNS.

Nothing reads the response of a function that SNS invokes, so a record that is not done fails the invocation.
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from router.errors import RouterError
from router.record import Record, Records
from router.sources.carried_changes import is_failure_document, is_parked
from router.sources.carrier import carried_records
from router.sources.sequence_numbers import Identifier, from_the_lowest, lowest
from router.sources.source import Source

__all__ = ["SOURCE"]

EXPECTED = "a failure document or that of a parked record"


def claims(entry: Any) -> bool:
    return is_failure_document(entry) or is_parked(entry) or _is_notification(entry)


def _is_notification(entry: Any) -> bool:
    return isinstance(entry, dict) and entry.get("EventSource") == "aws:sns"


def records(entries: Sequence[Any]) -> Records:
    return carried_records(entries, "failure-document", EXPECTED)


def identify(record: Record) -> str | None:
    """The sequence number of the record in its stream."""
    return record.sequence_number


IDENTIFIER = Identifier("SequenceNumber", identify)


def identifiers(undone: Sequence[Record]) -> list[str]:
    """The lowest sequence number, for who invokes the function with the document.

    Raises:
        RouterError: SNS delivered it.
    """
    if any(_is_notification(record.raw) for record in undone):
        msg = (
            f"found {len(undone)} records that are not done in an event of SNS, which reads no response; "
            "the invocation fails, so that Lambda runs it again"
        )
        raise RouterError(msg)
    return lowest(IDENTIFIER, undone)


SOURCE = Source(
    name="failure-document",
    expects="Lambda's failure documents",
    claims=claims,
    records=records,
    group=None,
    identifiers=identifiers,
    coming_again=partial(from_the_lowest, IDENTIFIER),
)
