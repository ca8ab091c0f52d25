"""From an event to its records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from router.sources import dynamodb_streams
from router.sources.change import EVENT_SOURCE
from router.sources.received import Received

__all__ = ["receive"]


def receive(event: Any) -> Received:
    """Find the sources of an event and make its records.

    Args:
        event: The event as Lambda delivered it.

    Raises:
        UnknownEventError: The event is of no known source. A wrongly wired function has to fail: if it reported
            success, its records would be lost.
    """
    if not isinstance(event, dict):
        event = _as_delivered(event)
    entries = event.get("Records") if isinstance(event, dict) else None
    if isinstance(entries, list) and _all_are_changes(entries):
        return Received(event, dynamodb_streams.SOURCE.records(entries), (dynamodb_streams.SOURCE,))
    from router.sources.other_events import receive_other  # most functions read a table's stream

    return receive_other(event)


_event_source = itemgetter("eventSource")


def _as_delivered(event: Any) -> Any:
    """The event inside of an object: a data class of Powertools, as ``event_source`` makes it, or any mapping.

    A list, which is an event too, is returned as it is.
    """
    raw = getattr(event, "raw_event", event)
    return dict(raw) if isinstance(raw, Mapping) else raw


def _all_are_changes(entries: Sequence[Any]) -> bool:
    """Whether all entries are of DynamoDB Streams, in a fraction of the time of asking its source for each."""
    try:
        return list(map(_event_source, entries)).count(EVENT_SOURCE) == len(entries)
    except (KeyError, TypeError):
        return False
