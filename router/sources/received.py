"""The records of an event, and from those that are not done to the response."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from router.outcomes import Outcome
from router.record import Record, Records
from router.sources.source import Group, Source

__all__ = ["Received"]


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
