"""The sources of records: one module each, filling the same slots."""

from __future__ import annotations

from typing import Any

from router.errors import UnknownEventError
from router.sources import dynamodb_streams
from router.sources.source import Source

__all__ = ["SOURCES", "Source", "source_of"]

SOURCES: tuple[Source, ...] = (dynamodb_streams.SOURCE,)

_MOST_NAMES = 8


def source_of(event: Any) -> Source:
    """Find the source of an event.

    Args:
        event: The event as Lambda delivered it.

    Raises:
        UnknownEventError: The event is of no known source. A wrongly wired function has to fail: if it reported
            success, its records would be lost.
    """
    for source in SOURCES:
        if source.claims(event):
            return source
    expected = " or ".join(source.expects for source in SOURCES)
    msg = f"found {_shape(event)}, expected {expected}; check what invokes this function"
    raise UnknownEventError(msg)


def _shape(event: Any) -> str:
    if not isinstance(event, dict):
        return f"an event of type {type(event).__name__}"
    records = event.get("Records")
    if isinstance(records, list) and records:
        return f"an event whose first record is {_record_shape(records[0])}"
    if "Records" in event:
        return f"an event whose Records are of type {type(records).__name__}"
    return f"an event with {_names(event)}"


def _record_shape(record: Any) -> str:
    if not isinstance(record, dict):
        return f"of type {type(record).__name__}"
    source = record.get("eventSource")
    return f"from {source[:64]!r}" if isinstance(source, str) else f"an object with {_names(record)} and no eventSource"


def _names(container: dict[Any, Any]) -> str:
    names = [repr(str(name)[:64]) for name in container]
    shown = ", ".join(names[:_MOST_NAMES]) + (", ..." if len(names) > _MOST_NAMES else "")
    return f"the keys {shown}" if names else "no keys"
