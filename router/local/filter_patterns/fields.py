"""Flatten an event to the leaves that rules test, and test the rules on them.

Each leaf has a path. Arrays add no step to the path; instead a leaf records its element of each array around it, and a
rule never combines leaves from two elements of one array. Event Ruler calls that array consistency.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from router.local.filter_patterns.parse import Leaf, Rule

__all__ = ["Fields", "holds", "reader"]

Place = Mapping[int, int]
"""For each array around a leaf, the position of the element that contains it."""

Fields = dict[str, list[tuple[Any, Place]]]
"""The leaves at each path."""

_NOWHERE: Place = {}


def reader(rules: Iterable[Rule]) -> Callable[[Mapping[str, Any]], Fields]:
    """Make a function that takes from an event the leaves at the paths of some rules.

    Args:
        rules: The rules.
    """
    wanted = frozenset(path for rule in rules for path, _ in rule)
    inner = frozenset(path[:end] for path in wanted for end, character in enumerate(path) if character == ".")

    def read(event: Mapping[str, Any]) -> Fields:
        walk = _Walk(wanted, inner)
        walk.members(event, "", _NOWHERE)
        return walk.fields

    return read


class _Walk:
    """Walks through one event."""

    __slots__ = ("_arrays", "_inner", "_wanted", "fields")

    def __init__(self, wanted: frozenset[str], inner: frozenset[str]) -> None:
        self._wanted = wanted
        self._inner = inner
        self._arrays = 0
        self.fields: Fields = {}

    def members(self, members: Mapping[str, Any], prefix: str, place: Place) -> None:
        for name, value in members.items():
            path = prefix + name
            if isinstance(value, dict):
                if path in self._inner:
                    self.members(value, f"{path}.", place)
            elif isinstance(value, list):
                if path in self._inner or path in self._wanted:
                    self._elements(value, path, place)
            elif path in self._wanted:
                self.fields.setdefault(path, []).append((value, place))

    def _elements(self, elements: list[Any], path: str, place: Place) -> None:
        array = self._arrays
        self._arrays += 1
        for position, element in enumerate(elements):
            if isinstance(element, dict):
                if path in self._inner:
                    self.members(element, f"{path}.", {**place, array: position})
            elif isinstance(element, list):
                self._elements(element, path, {**place, array: position})
            elif path in self._wanted:
                # A scalar element has no position: several of one array may meet one rule.
                self.fields.setdefault(path, []).append((element, place))


def holds(rule: Rule, fields: Fields) -> bool:
    """Whether a rule holds for an event's leaves.

    Args:
        rule: The rule.
        fields: The leaves.
    """
    steps = []
    for path, leaf in rule:
        places = _places(leaf, fields.get(path, ()))
        if not places and not leaf.absent:
            return False
        steps.append((path, leaf.absent, places))
    return _consistent(steps, 0, _NOWHERE, fields)


def _places(leaf: Leaf, found: Iterable[tuple[Any, Place]]) -> list[Place]:
    """The places of leaves that pass, each once: leaves of one place are equivalent."""
    places: list[Place] = []
    for value, place in found:
        if place not in places and leaf.holds(value):
            places.append(place)
    return places


def _consistent(steps: list[tuple[str, bool, list[Place]]], at: int, place: Place, fields: Fields) -> bool:
    """Whether leaves that agree with a place and with each other meet the steps from ``at`` on."""
    if at == len(steps):
        return True
    path, absent, places = steps[at]
    if absent and not any(_agree(place, found) for _, found in fields.get(path, ())):
        return _consistent(steps, at + 1, place, fields)
    return any(
        _consistent(steps, at + 1, {**place, **found} if found else place, fields)
        for found in places
        if _agree(place, found)
    )


def _agree(one: Place, other: Place) -> bool:
    return not one or not other or all(one.get(array, position) == position for array, position in other.items())
