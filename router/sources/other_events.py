"""Events of all sources but DynamoDB Streams, and those with entries of several sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from router.errors import UnknownEventError
from router.record import Records
from router.sources import backfill, dynamodb_streams, export_file, failure_document, kinesis, pipes, sqs
from router.sources.change import NO_CHANGE, is_backfilled
from router.sources.received import Received
from router.sources.source import Source

__all__ = ["receive_other"]

_ENTRIES: tuple[Source, ...] = (
    dynamodb_streams.SOURCE,
    kinesis.SOURCE,
    sqs.SOURCE,
    failure_document.SOURCE,
    backfill.SOURCE,
)
"""The sources of the entries of an event's ``Records``."""

_SOURCES: tuple[Source, ...] = (*_ENTRIES, pipes.SOURCE)


def receive_other(event: Any) -> Received:
    """Find the sources of an event whose entries are not all of DynamoDB Streams, and make its records.

    Args:
        event: The event.

    Raises:
        UnknownEventError: The event is of no known source.
    """
    if isinstance(event, list) and event and all(map(pipes.claims, event)):
        return Received(event, _wired(pipes.SOURCE.records(event)), [pipes.SOURCE])
    if failure_document.claims(event):
        return Received(event, _wired(failure_document.SOURCE.records([event])), [failure_document.SOURCE])
    if export_file.claims(event):
        return Received(event, export_file.SOURCE.records([event]), [export_file.SOURCE])
    entries = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(entries, list):
        raise _unknown(_shape(event))
    sources = [_source_of(entry, position) for position, entry in enumerate(entries)]
    distinct = list(dict.fromkeys(sources))
    if len(distinct) == 1:
        return Received(event, _wired(distinct[0].records(entries)), distinct)
    return Received(event, _wired(_mixed(entries, sources)), distinct)


def _wired(records: Records) -> Records:
    """Records of which each source delivered at least one change.

    Raises:
        UnknownEventError: A source delivered none: it is wired wrongly.
    """
    if all(wire is not NO_CHANGE for wire in records.wires):
        return records
    changes = {record.source for record in records if record.wire is not NO_CHANGE}
    for record in records:
        if record.source not in changes and record.flaw is not None:
            msg = f"{record.flaw.error}; check what invokes this function"
            raise UnknownEventError(msg)
    return records


def _source_of(entry: Any, position: int) -> Source:
    for source in _ENTRIES:
        if source.claims(entry):
            return source
    raise _unknown(f"an event whose record {position} is {_record_shape(entry)}")


def _mixed(entries: Sequence[Any], sources: Sequence[Source]) -> Records:
    """The records of entries of several sources, each made by its own."""
    made = [record for entry, source in zip(entries, sources, strict=True) for record in source.records([entry])]
    only_routes = {position: record.only_route for position, record in enumerate(made) if record.only_route is not None}
    backfilled = [position for position, record in enumerate(made) if is_backfilled(record.wire)]
    return Records([record.wire for record in made], lambda _wire, position: made[position], only_routes, backfilled)


def _unknown(found: str) -> UnknownEventError:
    expected = " or ".join(source.expects for source in _SOURCES)
    return UnknownEventError(f"found {found}, expected an event of {expected}; check what invokes this function")


_MOST_NAMES = 8


def _shape(event: Any) -> str:
    if isinstance(event, BaseModel):
        return f"a model of type {type(event).__name__}, which a decorator such as event_parser made of the event"
    if not isinstance(event, dict):
        return f"an event of type {type(event).__name__}"
    if "Records" in event:
        return f"an event whose Records are of type {type(event['Records']).__name__}"
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
