"""The routes of a Dispatcher, by entity."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from router.discriminator_rules import Discriminator, among
from router.event import Event
from router.planning.entity_checks import check_names
from router.planning.route_checks import (
    check_models_complete,
    check_no_repetition,
    check_unique,
    check_view,
    entity_names_of,
    only_fallback,
    refuse_clash,
)
from router.planning.step import Step, Steps
from router.policies import OnError
from router.routes import Route
from router.stream_view import View
from router.types import Call

__all__ = ["RouteTable"]


class RouteTable:
    """The routes of each entity.

    Args:
        routes: All routes, in the order of registration.
        discriminator: What reads entity names, for the attributes on which a model's ``Literal`` counts. The attribute
            ``discriminator`` is the same rule for the entities of these routes.
        view: The stream view type, which says what images there are.

    Raises:
        RegistrationError: Models that clash, an image that the view never carries, a second fallback.
    """

    def __init__(self, routes: Sequence[Route], discriminator: Discriminator, view: View) -> None:
        self.routes = tuple(routes)
        self.folds = discriminator.folds
        self._by_entity: dict[str, list[Route]] = {}
        self._registered: dict[str, str] = {}
        check_unique(self.routes)
        for route in self.routes:
            check_models_complete(route)
            check_view(route, view)
        self.fallback = only_fallback(self.routes)
        self.keys = _keys(self.routes)
        self.names: dict[int, tuple[str, ...]] = {}
        self._name(discriminator)
        self.discriminator = among(discriminator, self._registered.values())

    def _name(self, discriminator: Discriminator) -> None:
        owners: dict[str, Route] = {}
        for route in self.routes:
            if route.fallback:
                continue
            self.names[id(route)] = names = entity_names_of(route, discriminator.attributes)
            check_names(route, names, discriminator)
            for folded, name in {self.fold(name): name for name in names}.items():
                # A route with entity= shares the entity on purpose; other models may not know of each other.
                owner = route if route.entities else owners.setdefault(folded, route)
                if owner.model != route.model:
                    refuse_clash(name, owner, route)
                self._by_entity.setdefault(folded, []).append(route)
                self._registered[folded] = name
        for routes in self._by_entity.values():
            check_no_repetition(routes)

    def fold(self, entity: str) -> str:
        """The form in which an entity name is compared."""
        return entity.casefold() if self.folds else entity

    def entities_of(self, route: Route) -> tuple[str, ...]:
        """The entity names that lead to a route; none for the fallback."""
        return self.names.get(id(route), ())

    def registered_name(self, entity: str) -> str | None:
        """The name under which an entity was registered; ``None`` where it has no route."""
        return self._registered.get(self.fold(entity))

    def routes_of(self, entity: str | None) -> Sequence[Route]:
        """The routes of an entity, in the order of registration."""
        return () if entity is None else self._by_entity.get(self.fold(entity), ())

    def steps(self, call: Callable[[Route], Call], on_error: OnError | None) -> tuple[Steps, Mapping[Event, Step]]:
        """The steps of each entity and event, and the fallback's step for each event, if there is a fallback.

        Args:
            call: Plans the call of a route's handler.
            on_error: The dispatcher's policies.
        """
        calls = [call(route) for route in self.routes]
        positions = {id(route): position for position, route in enumerate(self.routes)}

        def step(route: Route, event: Event, entity: str | None = None) -> Step:
            position, levels = positions[id(route)], (route.on_error, on_error)
            return Step(route, event, position, self.keys[id(route)], calls[position], levels, entity)

        by_entity = {
            entity: {
                event: tuple(step(route, event, self._registered[entity]) for route in routes if event in route.events)
                for event in Event
            }
            for entity, routes in self._by_entity.items()
        }
        fallback = self.fallback
        return by_entity, {} if fallback is None else {event: step(fallback, event) for event in Event}


def _keys(routes: Iterable[Route]) -> dict[int, str]:
    """A key for each route, the same in every deployment; routes of one handler that look alike are numbered."""
    counts: dict[str, int] = {}
    keys: dict[int, str] = {}
    for route in routes:
        text = f"{route.written} {route.name}"
        counts[text] = counts.get(text, 0) + 1
        keys[id(route)] = text if counts[text] == 1 else f"{text} #{counts[text]}"
    return keys
