"""A failure document together with the records that the mapping discarded."""

from __future__ import annotations

from typing import Any

from router.local.event_source_mapping import Discard
from router.local.wording import counted

__all__ = ["Discarded"]


class Discarded(dict[str, Any]):
    """A failure document as it arrives in a queue, together with the discarded records.

    Args:
        discard: The mapping's action.

    Attributes:
        event: The event of the last attempt.
        s3_document: The failure document as S3 receives it.
    """

    def __init__(self, discard: Discard) -> None:
        super().__init__(discard.document)
        self.event = discard.event
        self.s3_document = discard.s3_document

    def __repr__(self) -> str:
        return f"<Discarded {self.condition}: {counted(len(self.records), 'record')}>"

    @property
    def records(self) -> list[dict[str, Any]]:
        """The discarded records, as in the event."""
        records: list[dict[str, Any]] = self.event["Records"]
        return records

    @property
    def condition(self) -> str:
        """``RetryAttemptsExhausted`` or ``RecordAgeExceeded``."""
        return str(self["requestContext"]["condition"])
