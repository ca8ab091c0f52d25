"""The FilterCriteria that pass the records that some route can take."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from router.app import Dispatcher
from router.event import Event
from router.local.event_source_mapping.settings import LONGEST_PATTERN
from router.local.filter_criteria.clauses import Keys, clauses_of
from router.local.filter_criteria.discriminator_tests import Reading, readings_of
from router.local.filter_criteria.groups import Group, Names, Taken, fitted, groups_of

__all__ = ["MOST_FILTERS", "Filters", "filters_of"]

MOST_FILTERS = 5
"""The most filters of a mapping; AWS raises the quota to 10 on request."""

_EVENT_NAMES = ("INSERT", "MODIFY", "REMOVE")

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
_SERVICE = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
_CAUSES: Mapping[Event, dict[str, Any]] = {
    Event.EXPIRE: {name: [value] for name, value in _SERVICE.items()},
    Event.DELETE: {"$or": [{name: [{"anything-but": [text]}, {"exists": False}]} for name, text in _SERVICE.items()]},
}


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of a mapping.

    Args:
        patterns: The filters, as JSON texts; empty if every record must pass.
        widened: Clauses that state what passes although no route can take it; empty if the filters are exact.
        absent: Why there is no filter, if there is none.
    """

    patterns: tuple[str, ...]
    widened: tuple[str, ...] = ()
    absent: str | None = None

    @property
    def criteria(self) -> dict[str, Any] | None:
        """The value of ``FilterCriteria``, or ``None`` if there must be none."""
        return {"Filters": [{"Pattern": pattern} for pattern in self.patterns]} if self.patterns else None


def filters_of(app: Dispatcher, *, keys: Keys = None, limit: int = MOST_FILTERS, inside: str | None = None) -> Filters:
    """The filters that pass exactly the records that some route can take, as far as patterns can express that.

    A route can take every record of its entities and events; its conditions are not considered. If no pattern expresses
    a restriction, the filter passes more: it never drops a record that has a route, for any stream view type.
    https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html

    Args:
        app: The dispatcher.
        keys: The table's key attributes; without them the filters are longer, and wider for some discriminators.
        limit: The most filters that the mapping may have.
        inside: The field of the source's entries that holds the change: ``data`` of Kinesis, ``body`` of SQS.

    Example:
        >>> from router import Change, Routes
        >>> routes = Routes()
        >>> @routes.on(None, Event.INSERT, entity="Order")
        ... def count(change: Change[None]) -> None: ...
        >>> filters_of(Dispatcher(routes), keys=["pk"]).patterns
        ('{"eventName":["INSERT"],"dynamodb":{"NewImage":{"EntityType":{"S":["Order"]}}}}',)
    """
    absent = _absent(app)
    if absent is not None:
        return Filters((), absent=absent)
    readings = readings_of(app.discriminator)
    named = _named(app, readings)
    if not any(named.values()):
        return Filters((), absent=f"{app.discriminator!r} reads none of the routes' entities")
    taken = {event: _taken(event, names, readings, keys) for event, names in named.items()}

    def text(group: Group) -> str:
        pattern = _pattern(group, readings, keys)
        return json.dumps(pattern if inside is None or not pattern else {inside: pattern}, separators=(",", ":"))

    def fits(group: Group) -> bool:
        return len(text(group)) <= LONGEST_PATTERN

    groups = fitted(groups_of(taken), taken, limit, fits)
    patterns = tuple(dict.fromkeys(map(text, groups)))
    widened = tuple(dict.fromkeys([*_not_expressible(named, readings, keys), *_beyond(groups, taken)]))
    if "{}" in patterns:
        return Filters((), absent=f"every record may have a route: {'; '.join(widened)}")
    return Filters(patterns, widened)


def _absent(app: Dispatcher) -> str | None:
    """Why every record must pass, if the reason is not a limit of patterns."""
    fallback = next((route for route in app.routes if route.fallback), None)
    if fallback is not None:
        return f"the fallback {fallback.name} takes every record without another route"
    if app.unrouted != "skip":
        return f"with unrouted={app.unrouted!r} records without a route must pass too"
    return None if len(app.routes) else "there is no route, so a filter would pass nothing"


def _named(app: Dispatcher, readings: Sequence[Reading]) -> dict[Event, frozenset[str]]:
    """The entities that routes take, by event, folded if the app folds, without those that no rule reads."""
    fold = str.casefold if app.discriminator.folds else str
    named: dict[Event, frozenset[str]] = {}
    for event in Event:
        names = {fold(name) for route in app.routes if event in route.events for name in app.entities_of(route)}
        named[event] = frozenset(name for name in names if any(reading.name_test([name]) for reading in readings))
    return named


def _taken(event: Event, names: frozenset[str], readings: Sequence[Reading], keys: Keys) -> Names:
    """The names; ``None`` if no pattern can distinguish them from others."""
    distinct = all(clause.tests for clause in clauses_of(readings, names, event, keys))
    return names if distinct or not names else None


def _pattern(group: Group, readings: Sequence[Reading], keys: Keys) -> dict[str, Any]:
    pattern: dict[str, Any] = {}
    if group.events != Event.ANY:
        pattern["eventName"] = [name for name in _EVENT_NAMES if Event[name] & group.events]
    if group.events in _CAUSES:
        pattern["userIdentity"] = _CAUSES[group.events]
    if group.names is not None:
        images = [clause.pattern for clause in clauses_of(readings, group.names, group.events, keys)]
        pattern["dynamodb"] = images[0] if len(images) == 1 else {"$or": images}
    return pattern


def _not_expressible(named: Mapping[Event, frozenset[str]], readings: Sequence[Reading], keys: Keys) -> Iterator[str]:
    """What else passes because no pattern can exclude it."""
    for event, names in named.items():
        for clause in clauses_of(readings, names, event, keys) if names else ():
            yield from clause.widened


def _beyond(groups: Sequence[Group], taken: Taken) -> Iterator[str]:
    """What else passes because the mapping may have no more filters."""
    for group in groups:
        for event, names in group.beyond(taken).items():
            every = "every entity" if names is None else ", ".join(sorted(names))
            yield f"{event} of {every} passes, because there may be no more filters"
