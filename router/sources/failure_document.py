"""Lambda's failure documents and those of parked records, given as the event, delivered by SNS, or named by S3.

S3, SNS and EventBridge invoke a function without reading its response. So a record that is not done fails the
invocation, after the records of all other items: Lambda runs it again twice, and gives it up then.
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from router.errors import RouterError
from router.record import Record, Records
from router.sources.carried_changes import (
    is_failure_document,
    is_of_sns,
    is_parked,
    is_s3_notification,
    is_s3_test,
)
from router.sources.carrier import carried_records
from router.sources.sequence_numbers import Identifier, from_the_lowest, lowest
from router.sources.source import Group, Source

__all__ = ["SOURCE"]

EXPECTED = "a failure document, one that was stored in S3, or that of a parked record"
_NAME = "failure-document"


def claims(entry: Any) -> bool:
    return is_failure_document(entry) or is_parked(entry) or _is_asynchronous(entry) or is_s3_test(entry)


def _is_asynchronous(entry: Any) -> bool:
    """Whether nothing reads the response of the function that it invokes."""
    return is_of_sns(entry) or is_s3_notification(entry)


def records(entries: Sequence[Any]) -> Records:
    return carried_records(entries, _NAME, EXPECTED)


def identify(record: Record) -> str | None:
    """The sequence number of the record in its stream."""
    return record.sequence_number


IDENTIFIER = Identifier("SequenceNumber", identify)


def group(record: Record) -> Group:
    """All records, as of a stream; where no response says which to deliver again, those of an item."""
    return Group((_NAME, record.lane) if _is_asynchronous(record.raw) else _NAME, in_order=False)


def identifiers(undone: Sequence[Record]) -> list[str]:
    """The lowest sequence number, for who invokes the function with the document.

    Raises:
        RouterError: Nothing reads the response.
    """
    asynchronous = [record for record in undone if _is_asynchronous(record.raw)]
    if asynchronous:
        by = "SNS" if is_of_sns(asynchronous[0].raw) else "S3"
        msg = (
            f"found {len(asynchronous)} records that are not done in an event of {by}, which reads no response; "
            "the invocation fails, so that Lambda runs it again"
        )
        raise RouterError(msg)
    return lowest(IDENTIFIER, undone)


def coming_again(records: Sequence[Record], undone: Sequence[Record]) -> Sequence[Record]:
    """The records from the lowest number; all of them where Lambda runs the invocation again."""
    if any(_is_asynchronous(record.raw) for record in undone):
        return records
    return from_the_lowest(IDENTIFIER, records, undone)


SOURCE = Source(
    name=_NAME,
    expects="Lambda's failure documents",
    claims=claims,
    records=records,
    group=group,
    identifiers=identifiers,
    coming_again=coming_again,
)
