"""The ways that records take, looked up by what stands on the wire."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from router.change import Change, Insert, Modify
from router.conditions import required_text
from router.discriminators import Attribute, Discriminator
from router.event import Event
from router.parsing.parser import Parser, parser_for
from router.planning.step import Step, Steps

__all__ = ["Choice", "Index", "Straight", "Way", "index_of"]


@final
class Straight:
    """The way of records that take one step and no other: what to read, what to make of it, and what to call.

    Args:
        step: The step. Its condition is asked before.
        kind: What its handler is given.
        new: Reads the new image.
        old: Reads the old image, without which a modification does not go this way; ``None`` for others.
    """

    __slots__ = ("call", "kind", "new", "old", "route", "step")

    def __init__(self, step: Step, kind: type[Change[Any, Any]], new: Parser, old: Parser | None) -> None:
        self.step = step
        self.route = step.route
        self.call = step.call
        self.kind = kind
        self.new = new
        self.old = old


@final
class Choice:
    """The ways of records that conditions look at.

    Most conditions want one text in an attribute: ``changed("status", to="SHIPPED")``. The text that is there tells
    which of the steps come into question, and it does not matter how many others there are.

    Args:
        steps: All steps of an entity and event.
        event: The event.
    """

    __slots__ = ("_attribute", "_by_text", "_otherwise")

    def __init__(self, steps: tuple[Step, ...], event: Event) -> None:
        required = [required_text(step.condition) for step in steps]
        counts = Counter(each[0] for each in required if each is not None)
        self._attribute = counts.most_common(1)[0][0] if counts else ""  # which no attribute is called
        texts = [None if each is None or each[0] != self._attribute else each[1] for each in required]

        def of(text: str | None) -> Way:
            chosen = tuple(step for step, wanted in zip(steps, texts, strict=True) if wanted is None or wanted == text)
            return _straight(chosen, event) or chosen

        self._otherwise = of(None)
        self._by_text = {text: of(text) for text in texts if text is not None}

    def way(self, old: Any, new: Any) -> Way:
        """The way of a record.

        Args:
            old: The old image on the wire, if there is one.
            new: The new image on the wire.
        """
        try:
            way = self._by_text.get(new[self._attribute]["S"], self._otherwise)
        except (KeyError, TypeError):  # there is no such attribute, it is none of text, or it is malformed
            way = self._otherwise
        if type(way) is not Straight or (condition := way.step.condition) is None:
            return way
        try:
            met = condition.wire(old or _NOTHING, new)
        except Exception:  # noqa: BLE001 - it may be the user's own; it is asked again where failures are dealt with
            met = None
        if met:
            return way
        return () if met is False else (way.step,)


Way = Straight | tuple[Step, ...]
"""Where a record goes: along one step that nothing can keep it from, or along those that will have it."""

_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Index:
    """The ways of records that have a new image, looked up by what stands on the wire.

    Args:
        attribute: Whose text in the new image is the entity's name.
        ways: By ``eventName``, the way of each entity, or the choice of ways.
    """

    attribute: str
    ways: Mapping[str, Mapping[str, Way | Choice]]


def index_of(discriminator: Discriminator, steps: Steps) -> Index | None:
    """The index of steps, or ``None`` where an entity's name has to be worked out."""
    if not isinstance(discriminator, Attribute):
        return None
    ways = {
        str(event.name): {entity: _way(at[event], event) for entity, at in steps.items()}
        for event in (Event.INSERT, Event.MODIFY)
    }
    return Index(discriminator.name, ways)


def _way(steps: tuple[Step, ...], event: Event) -> Way | Choice:
    if any(step.condition is not None for step in steps):
        return Choice(steps, event)
    return _straight(steps, event) or steps


def _straight(steps: tuple[Step, ...], event: Event) -> Straight | None:
    if len(steps) != 1:
        return None
    (step,) = steps
    route = step.route
    if route.model is None or route.batch:
        return None
    if event is Event.INSERT:
        return Straight(step, Insert, parser_for(route.model), None)
    return Straight(step, Modify, parser_for(route.model), parser_for(route.old))
