"""The routes of a dispatcher, by the entities that lead to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from router.discriminators import Attribute, Discriminator
from router.event import Event
from router.planning.route_checks import (
    check_models_complete,
    check_unique,
    check_view,
    entity_names_of,
    only_fallback,
    refuse_clash,
)
from router.planning.step import Step, Steps, builder
from router.policies import OnError
from router.record import Record
from router.routes import Route
from router.stream_view import View
from router.types import Call

__all__ = ["Table", "entity_reader", "images_of"]


class Table:
    """Which steps each entity and event leads to.

    Args:
        routes: All routes, in the order of registration.
        discriminator: What reads entity names, for the attributes on which a model's ``Literal`` counts.
        view: The stream view type, which says what images there are.

    Raises:
        RegistrationError: Models that clash, an image that the view never carries, a second fallback.
    """

    def __init__(self, routes: Sequence[Route], discriminator: Discriminator, view: View) -> None:
        self.routes = tuple(routes)
        self.folds = discriminator.folds
        self._by_entity: dict[str, list[Route]] = {}
        check_unique(self.routes)
        for route in self.routes:
            check_models_complete(route)
            check_view(route, view)
        self.fallback = only_fallback(self.routes)
        self.keys = _keys(self.routes)
        self.names: dict[int, tuple[str, ...]] = {}
        self._name(discriminator.attributes)

    def _name(self, attributes: tuple[str, ...]) -> None:
        owners: dict[str, Route] = {}
        for route in self.routes:
            if route.fallback:
                continue
            self.names[id(route)] = names = entity_names_of(route, attributes)
            for folded, name in {self.fold(name): name for name in names}.items():
                # Who says entity= means to share it; models that claim it by themselves may not know of each other.
                owner = route if route.entities else owners.setdefault(folded, route)
                if owner.model != route.model:
                    refuse_clash(name, owner, route)
                self._by_entity.setdefault(folded, []).append(route)

    def fold(self, entity: str) -> str:
        """An entity's name as it is compared."""
        return entity.casefold() if self.folds else entity

    def routes_of(self, entity: str | None) -> Sequence[Route]:
        """The routes of an entity, in the order of registration."""
        return () if entity is None else self._by_entity.get(self.fold(entity), ())

    def steps(self, call: Callable[[Route], Call], on_error: OnError | None) -> tuple[Steps, tuple[Step, ...]]:
        """Everything that a record can lead to, by entity name and event, and the fallback's step.

        Args:
            call: Plans the call of a route's handler.
            on_error: The dispatcher's policies.
        """
        calls = [call(route) for route in self.routes]
        positions = {id(route): position for position, route in enumerate(self.routes)}

        def step(route: Route, event: Event) -> Step:
            position = positions[id(route)]
            levels = (route.on_error, on_error)
            return Step(route, position, self.keys[id(route)], builder(route, event), calls[position], levels)

        by_entity = {
            entity: {event: tuple(step(route, event) for route in routes if event in route.events) for event in Event}
            for entity, routes in self._by_entity.items()
        }
        return by_entity, () if self.fallback is None else (step(self.fallback, Event.ANY),)


def _keys(routes: Iterable[Route]) -> dict[int, str]:
    """A name for each route that every deployment gives it; routes of one handler that look alike are numbered."""
    counts: dict[str, int] = {}
    keys: dict[int, str] = {}
    for route in routes:
        text = f"{route.written} {route.name}"
        counts[text] = counts.get(text, 0) + 1
        keys[id(route)] = text if counts[text] == 1 else f"{text} #{counts[text]}"
    return keys


def entity_reader(discriminator: Discriminator) -> Callable[[Record], str | None]:
    """How a record's entity is read: from the new image, else the old one, else the keys."""
    read = discriminator.read

    def read_entity(record: Record) -> str | None:
        return next((name for _, image in images_of(record) if (name := read(image)) is not None), None)

    if not isinstance(discriminator, Attribute):
        return read_entity
    name = discriminator.name

    def read_attribute(record: Record) -> str | None:
        # Nearly every record ends here: one attribute of the image that nearly every record has.
        image = record.new_image or record.old_image
        try:
            entity = image[name]["S"]  # type: ignore[index]  # None is what TypeError below is for
        except (KeyError, TypeError):
            return read_entity(record)
        return entity if type(entity) is str and entity else read_entity(record)

    return read_attribute


def images_of(record: Record) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """The images that a record has, in the order in which they are asked for the entity."""
    images = (("NewImage", record.new_image), ("OldImage", record.old_image), ("Keys", record.wire_keys))
    return ((name, image) for name, image in images if image)
