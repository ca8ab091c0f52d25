"""The warning about records that left a stream, without which a test could pass by checking nothing."""

from __future__ import annotations

from datetime import datetime

from router.local.wording import counted

__all__ = ["TrimmedRecordsWarning"]


class TrimmedRecordsWarning(UserWarning):
    """Records left a stream after 24 hours, before they were handled.

    Args:
        count: How many records.
        never_delivered: How many of them no invocation had.
        now: The time on the stream's clock.
    """

    def __init__(self, count: int, never_delivered: int, now: datetime) -> None:
        lost = f", {never_delivered} never delivered" if never_delivered else ""
        super().__init__(
            f"{counted(count, 'record')} left the stream after 24 hours{lost}; the stream's clock, which start= or the "
            f"first record starts, is at {now:%Y-%m-%dT%H:%M:%SZ}"
        )
