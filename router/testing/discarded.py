"""What a stream has given up."""

from __future__ import annotations

from typing import Any

from router.local.event_source_mapping import Discard

__all__ = ["Discarded"]


class Discarded(dict[str, Any]):
    """A failure document as it arrives in a queue, with what a queue does not get beside it.

    Args:
        discard: What the mapping gave up.
    """

    def __init__(self, discard: Discard) -> None:
        super().__init__(discard.document)
        self.event = discard.event
        self.s3_document = discard.s3_document

    def __repr__(self) -> str:
        count = len(self.records)
        return f"<Discarded {self.condition}: {count} record{'' if count == 1 else 's'}>"

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records that were given up, as they stand in the event."""
        records: list[dict[str, Any]] = self.event["Records"]
        return records

    @property
    def condition(self) -> str:
        """``RetryAttemptsExhausted`` or ``RecordAgeExceeded``."""
        return str(self["requestContext"]["condition"])
