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
        name: The source's name in logs.
        expects: Its event, in words, for the error about an unknown event.
        claims: Whether an event is of this source.
        records: An event's records, in order.
        identify: The identifier of a record in the response; ``None`` where the record has none.
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
