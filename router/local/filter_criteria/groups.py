"""Group events whose routes take the same entities: each group is one filter.

There are four events, so there are at most four groups, and five filters suffice for all but very many entities.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from router.event import Event

__all__ = ["Group", "Names", "Taken", "fitted", "groups_of"]

Names = frozenset[str] | None
"""Names of entities; ``None`` for every entity, because no pattern can distinguish them."""

Taken = Mapping[Event, Names]
"""The entities that routes take, by event."""

Fits = Callable[["Group"], bool]


@dataclass(frozen=True, slots=True)
class Group:
    """Records of some events and entities.

    Args:
        events: The events.
        names: The entities; ``None`` for every entity.
    """

    events: Event
    names: Names

    def __or__(self, other: Group) -> Group:
        """The smallest group that a filter can express and that contains both."""
        names = None if self.names is None or other.names is None else self.names | other.names
        return Group(_expressible(self.events | other.events), names)

    def beyond(self, taken: Taken) -> dict[Event, Names]:
        """The entities that pass although no route takes them with the event, by event.

        Args:
            taken: The entities that routes take, by event.
        """
        found: dict[Event, Names] = {}
        for event in Event:
            wanted = taken[event]
            if event in self.events and wanted is not None and (self.names is None or self.names - wanted):
                found[event] = None if self.names is None else self.names - wanted
        return found


def groups_of(taken: Taken) -> list[Group]:
    """The fewest groups that contain exactly the events and entities that routes take.

    Args:
        taken: The entities that routes take, by event.
    """
    removals = [Event.REMOVE] if taken[Event.DELETE] == taken[Event.EXPIRE] else [Event.DELETE, Event.EXPIRE]
    groups: list[Group] = []
    for event in (Event.INSERT, Event.MODIFY, *removals):
        names = next(taken[each] for each in event)
        alike = next((group for group in groups if group.names == names and _joins(group.events, event)), None)
        if alike is not None:
            groups[groups.index(alike)] = alike | Group(event, names)
        elif names != frozenset():
            groups.append(Group(event, names))
    return groups


def fitted(groups: list[Group], taken: Taken, limit: int, fits: Fits) -> list[Group]:
    """Groups of which each fits into one filter, and of which there are at most ``limit``.

    A group that is too long for one filter is split. If the parts are too many, groups are joined, first those that
    pass the fewest other entities; at last the longest group takes every entity.

    Args:
        groups: The groups.
        taken: The entities that routes take, by event.
        limit: The most filters that the mapping may have.
        fits: Whether a group fits into one filter.
    """
    while len(parts := [part for group in groups for part in _split(group, fits)]) > limit:
        joined = [_joined(groups, *pair) for pair in itertools.combinations(groups, 2)]
        smaller = [each for each in joined if _count(each, fits) < len(parts)]
        groups = min(smaller, key=lambda each: _cost(each, taken)) if smaller else _opened(groups, fits)
    return parts


def _joins(one: Event, other: Event) -> bool:
    """Whether one filter can express exactly both."""
    return _expressible(one | other) == one | other


def _expressible(events: Event) -> Event:
    """The smallest set of events that a filter can express: the cause of a removal is a field of its own."""
    mixed = events & Event.REMOVE and events & (Event.INSERT | Event.MODIFY)
    return events | Event.REMOVE if mixed else events


def _split(group: Group, fits: Fits) -> list[Group]:
    if group.names is None or fits(group):
        return [group]
    names = sorted(group.names)
    if len(names) == 1:
        return [Group(group.events, None)]
    halves = names[: len(names) // 2], names[len(names) // 2 :]
    return [part for half in halves for part in _split(Group(group.events, frozenset(half)), fits)]


def _count(groups: list[Group], fits: Fits) -> int:
    return sum(len(_split(group, fits)) for group in groups)


def _joined(groups: list[Group], one: Group, other: Group) -> list[Group]:
    return [one | other if group is one else group for group in groups if group is not other]


def _cost(groups: list[Group], taken: Taken) -> tuple[int, int]:
    """How many events pass every entity, then how many entities pass, although no route takes them."""
    beyond = [names for group in groups for names in group.beyond(taken).values()]
    return sum(names is None for names in beyond), sum(len(names) for names in beyond if names is not None)


def _opened(groups: list[Group], fits: Fits) -> list[Group]:
    """The groups, with every entity in the one that needs the most filters."""
    longest = max((group for group in groups if group.names is not None), key=lambda group: len(_split(group, fits)))
    return [Group(group.events, None) if group is longest else group for group in groups]
