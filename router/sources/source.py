"""The slots that every source fills."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from router.record import Record, Records

__all__ = ["Source"]


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of event.

    Args:
        name: What the source is called in logs.
        expects: Its event, in words, for the error about an unknown one.
        claims: Whether an event is of this source.
        records: An event's records, in order.
        identify: What a record is called in the response, or ``None`` where it has no such identifier.
        respond: The response to an event, given the records that are not done.
        coming_again: Which of the records will be delivered again, given those that are not done.
    """

    name: str
    expects: str
    claims: Callable[[Any], bool]
    records: Callable[[Any], Records]
    identify: Callable[[Record], str | None]
    respond: Callable[[Any, Sequence[Record]], dict[str, Any]]
    coming_again: Callable[[Sequence[Record], Sequence[Record]], Sequence[Record]]
