"""How often a source has delivered a record, where it counts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from router.record import Record

__all__ = ["delivery_count", "first_delivery"]

_COUNTS = (("attributes", "ApproximateReceiveCount"), ("requestContext", "approximateInvokeCount"))
"""The counts of a message of SQS and of Lambda's failure document, each with the section where it stands.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""


def delivery_count(record: Record) -> int | None:
    """How often the message was received or the batch was tried; ``None`` where the source does not count.

    Args:
        record: The record.
    """
    for section, name in _COUNTS:
        fields = record.raw.get(section)
        count = _whole_number(fields.get(name) if isinstance(fields, dict) else None)
        if count is not None:
            return count
    return None


def first_delivery(record: Record) -> datetime | None:
    """When the message was received for the first time, in UTC; ``None`` where the source does not say.

    Args:
        record: The record.
    """
    fields = record.raw.get("attributes")
    milliseconds = _whole_number(fields.get("ApproximateFirstReceiveTimestamp") if isinstance(fields, dict) else None)
    try:
        return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):  # beyond the calendar
        return None


def _whole_number(value: Any) -> int | None:
    return int(value) if isinstance(value, str | int) and str(value).isdecimal() else None
