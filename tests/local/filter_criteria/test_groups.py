"""``router.local.filter_criteria.groups``: groups of events and entities that share a filter."""

from __future__ import annotations

from router import Event
from router.local.filter_criteria.groups import Group, fitted


def test_the_cheapest_groups_are_joined() -> None:
    """One more entity with MODIFY costs less than three more with REMOVE."""
    taken = {
        Event.INSERT: frozenset("AB"),
        Event.MODIFY: frozenset("A"),
        Event.DELETE: frozenset("XYZ"),
        Event.EXPIRE: frozenset("XYZ"),
    }
    groups = [
        Group(Event.INSERT, taken[Event.INSERT]),
        Group(Event.MODIFY, taken[Event.MODIFY]),
        Group(Event.REMOVE, frozenset("XYZ")),
    ]
    joined = fitted(groups, taken, 2, lambda _: True)
    assert joined == [Group(Event.INSERT | Event.MODIFY, frozenset("AB")), Group(Event.REMOVE, frozenset("XYZ"))]
