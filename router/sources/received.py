"""From an event to its records, and from records that are not done to the response."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from router.errors import UnknownEventError
from router.outcomes import Outcome
from router.record import Record, Records
from router.sources import backfill, dynamodb_streams, export_file, failure_document, kinesis, pipes, sqs
from router.sources.change import EVENT_SOURCE, NO_CHANGE, is_backfilled
from router.sources.source import Group, Source

__all__ = ["SOURCES", "Received", "receive"]

_ENTRIES: tuple[Source, ...] = (
    dynamodb_streams.SOURCE,
    kinesis.SOURCE,
    sqs.SOURCE,
    failure_document.SOURCE,
    backfill.SOURCE,
)
"""The sources of the entries of an event's ``Records``."""

SOURCES: tuple[Source, ...] = (*_ENTRIES, pipes.SOURCE)


class Received:
    """The records of an event, with what its sources say about their order and their response.

    Args:
        event: The event.
        records: Its records.
        sources: Their sources, in the order in which they appear.
    """

    __slots__ = ("_sources", "event", "groups", "records")

    def __init__(self, event: Any, records: Records, sources: Sequence[Source]) -> None:
        self.event = event
        self._sources = {source.name: source for source in sources}
        self.records = records
        self.groups: list[Group] | None = None
        """The group of each record; ``None`` where all records are one group."""
        if len(sources) > 1 or sources[0].group is not None:
            self.groups = [self._group(record) for record in records]

    def _group(self, record: Record) -> Group:
        group = self._sources[record.source].group
        return Group(record.source, in_order=False) if group is None else group(record)

    @property
    def source(self) -> str:
        """The name of the source, or the names."""
        return ", ".join(self._sources)

    def lanes(self) -> list[Hashable]:
        """A value for each record that is equal for records which run one after the other."""
        lanes = self.records.lanes()
        if self.groups is None:
            return lanes
        return [group.name if group.in_order else lane for group, lane in zip(self.groups, lanes, strict=True)]

    def respond(self, undone: Sequence[Record], outcomes: Callable[[], Sequence[Outcome]] = tuple) -> dict[str, Any]:
        """The response to the event.

        Args:
            undone: The records that are not done, in the order of the event.
            outcomes: Makes the outcomes of all records, for a source that says more of them.

        Raises:
            MalformedRecordError: One of them has no identifier.
        """
        identifiers = [
            identifier
            for source in self._sources.values()
            if (mine := [record for record in undone if record.source == source.name])
            for identifier in source.identifiers(mine)
        ]
        response: dict[str, Any] = {"batchItemFailures": [{"itemIdentifier": each} for each in identifiers]}
        # Without on_window routes a window's state goes back as it came: a response without it is a failed invocation.
        if isinstance(self.event, dict) and "state" in self.event:
            response["state"] = self.event["state"]
        for source in self._sources.values():
            if source.answer is not None:
                outcomes_of = [outcome for outcome in outcomes() if outcome.record.source == source.name]
                response |= source.answer(self.records, outcomes_of)
        return response

    def coming_again(self, undone: Sequence[Record]) -> Sequence[Record]:
        """The records that are delivered again, given those that are not done."""
        if len(self._sources) == 1:
            (source,) = self._sources.values()
            return source.coming_again(self.records, undone)
        return [
            record
            for source in self._sources.values()
            for record in source.coming_again(_of(source, self.records), _of(source, undone))
        ]


def _of(source: Source, records: Sequence[Record]) -> list[Record]:
    return [record for record in records if record.source == source.name]


def receive(event: Any) -> Received:
    """Find the sources of an event and make its records.

    Args:
        event: The event as Lambda delivered it.

    Raises:
        UnknownEventError: The event is of no known source. A wrongly wired function has to fail: if it reported
            success, its records would be lost.
    """
    if not isinstance(event, dict | list):
        event = _as_delivered(event)
    if isinstance(event, list) and event and all(map(pipes.claims, event)):
        return Received(event, _wired(pipes.SOURCE.records(event)), [pipes.SOURCE])
    if failure_document.claims(event):
        return Received(event, _wired(failure_document.SOURCE.records([event])), [failure_document.SOURCE])
    if export_file.claims(event):
        return Received(event, export_file.SOURCE.records([event]), [export_file.SOURCE])
    entries = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(entries, list):
        raise _unknown(_shape(event))
    if _all_are_changes(entries):
        return Received(event, dynamodb_streams.SOURCE.records(entries), [dynamodb_streams.SOURCE])
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


def _as_delivered(event: Any) -> Any:
    """The event inside of an object: a data class of Powertools, as ``event_source`` makes it, or any mapping."""
    raw = getattr(event, "raw_event", event)
    return dict(raw) if isinstance(raw, Mapping) else raw


def _all_are_changes(entries: Sequence[Any]) -> bool:
    """Whether all entries are of DynamoDB Streams, in a fraction of the time of asking its source for each."""
    try:
        return [entry["eventSource"] for entry in entries].count(EVENT_SOURCE) == len(entries)
    except (KeyError, TypeError):
        return False


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
    expected = " or ".join(source.expects for source in SOURCES)
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
