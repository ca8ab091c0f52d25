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
        self._sources = sources
        self.records = records
        self.groups: list[Group] | None = None
        """The group of each record; ``None`` where all records are one group."""
        if len(sources) > 1 or sources[0].group is not None:
            self.groups = self._groups()

    def _groups(self) -> list[Group]:
        group_of = {source.name: source.group for source in self._sources}
        return [
            Group(record.source, in_order=False) if (group := group_of[record.source]) is None else group(record)
            for record in self.records
        ]

    @property
    def source(self) -> str:
        """The name of the source, or the names."""
        first, *others = self._sources
        return ", ".join([first.name, *[source.name for source in others]]) if others else first.name

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
        failures = [{"itemIdentifier": each} for each in self._identifiers(undone)] if undone else []
        response: dict[str, Any] = {"batchItemFailures": failures}
        # Without on_window routes a window's state goes back as it came: a response without it is a failed invocation.
        if isinstance(self.event, dict) and "state" in self.event:
            response["state"] = self.event["state"]
        for source in self._sources:
            if source.answer is not None:
                outcomes_of = [outcome for outcome in outcomes() if outcome.record.source == source.name]
                response |= source.answer(self.records, outcomes_of)
        return response

    def _identifiers(self, undone: Sequence[Record]) -> list[str]:
        """What the records that are not done are reported by."""
        by_source = ((source, _of(source, undone)) for source in self._sources)
        return [identifier for source, mine in by_source if mine for identifier in source.identifiers(mine)]

    def coming_again(self, undone: Sequence[Record]) -> Sequence[Record]:
        """The records that are delivered again, given those that are not done."""
        if len(self._sources) == 1:
            return self._sources[0].coming_again(self.records, undone)
        return [
            record
            for source in self._sources
            for record in source.coming_again(_of(source, self.records), _of(source, undone))
        ]


def _of(source: Source, records: Sequence[Record]) -> list[Record]:
    return [record for record in records if record.source == source.name]
