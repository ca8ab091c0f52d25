"""Checks of the routes of a Dispatcher that need all of them, or the stream view type."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NoReturn, get_args

from pydantic import BaseModel, PydanticUndefinedAnnotation

from router.change import Change, Insert, Modify, Remove
from router.event import Event
from router.planning.entity_names import literal_entities, name_of_class
from router.registration.misfit import Misfit, explained
from router.registration.source_text import describe
from router.routes import Route
from router.stream_view import View, carried

__all__ = [
    "check_models_complete",
    "check_no_repetition",
    "check_unique",
    "check_view",
    "entity_names_of",
    "only_fallback",
    "refuse_clash",
]


# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_StreamSpecification.html
_GUARANTEED: dict[Event, tuple[type, tuple[str, ...]]] = {
    Event.INSERT: (Insert, ("NewImage",)),
    Event.MODIFY: (Modify, ("NewImage", "OldImage")),
    Event.DELETE: (Remove, ("OldImage",)),
    Event.EXPIRE: (Remove, ("OldImage",)),
}


def check_view(route: Route, view: View) -> None:
    """Refuse a route that waits for images which never come.

    Raises:
        RegistrationError: The stream carries less than the handler or a condition needs.
    """
    if route.fallback:
        return
    for event in route.events:
        there = carried(view, event)
        missing = [image for image in _needed(route, event) if image not in there]
        if missing or (route.model is not None and not there):
            raise explained(f"{route.written} cannot work with view={view!r}", route.handler, _lack(route, event, view))


def _needed(route: Route, event: Event) -> tuple[str, ...]:
    """The images without which a route can do nothing with an event."""
    kind, images = _GUARANTEED[event]
    if _compares(route):
        return images
    kinds = route.signature.change.types
    # A Change can do with either of them.
    return images if route.model is not None and kind in kinds and Change not in kinds else ()


def _compares(route: Route) -> bool:
    return route.condition is not None and route.condition.compares


def _lack(route: Route, event: Event, view: View) -> Misfit:
    """What the view lacks for an event, and the ways out that are open to this route."""
    name = "REMOVE" if event in Event.REMOVE else str(event)
    there = carried(view, event)
    lacking = " and the ".join(image for image in _GUARANTEED[event][1] if image not in there)
    needing = repr(route.condition) if _compares(route) else f"a handler of {describe(route.model)}"
    return Misfit(
        f"{needing}, which needs the {lacking} of {name}",
        f"nothing but what a stream of view type {view} carries",
        f"let the stream carry NEW_AND_OLD_IMAGES; or {_way_out(route, event, view)}",
    )


def _way_out(route: Route, event: Event, view: View) -> str:
    if _compares(route):
        return "take the condition away"
    there = carried(view, event)
    model = describe(route.model)
    if there:
        return f"take Change[{model}], whose {'old' if 'NewImage' in there else 'new'} is None then"
    carrying = [event for event in route.events if carried(view, event)]
    if carrying:
        decorator = "on_window" if route.state else "on_batch" if route.batch else "on"
        state = f", state={describe(route.state)}" if route.state else ""
        events = " | ".join(f"Event.{event.name}" for event in carrying)
        return f"leave the event out: {decorator}({model}, {events}{state})"
    return "where the keys hold the entity, register it for None with entity=, and use change.keys"


def check_unique(routes: Sequence[Route]) -> None:
    """Refuse a route that was given twice.

    Raises:
        RegistrationError: The same route stands among the routes twice.
    """
    twice = next((route for place, route in enumerate(routes) if any(route is other for other in routes[:place])), None)
    if twice is not None:
        misfit = Misfit("the same route again", "each route once", "give each collection of routes once")
        raise explained(f"{twice.written} is there twice", twice.handler, misfit)


def check_no_repetition(routes: Sequence[Route]) -> None:
    """Refuse two routes of an entity that are alike: each record would call the handler twice.

    Args:
        routes: The routes of the entity.

    Raises:
        RegistrationError: Two of them have everything in common.
    """
    for place, route in enumerate(routes):
        other = next((other for other in routes[:place] if _alike(route, other)), None)
        if other is not None:
            misfit = Misfit(
                f"{_at(other)}, which takes the same records to the same handler",
                "each route once",
                "take one of the decorators away",
            )
            raise explained(f"{route.written} is there twice", route.handler, misfit)


def _alike(route: Route, other: Route) -> bool:
    return route.handler == other.handler and replace(route, entities=()) == replace(other, entities=())


def check_models_complete(route: Route) -> None:
    """Refuse a model whose annotations name a class that its module does not define.

    Raises:
        RegistrationError: pydantic cannot complete one of the route's models.
    """
    for model in (route.model, route.old):
        if not (isinstance(model, type) and issubclass(model, BaseModel)) or _is_built_later(model):
            continue
        try:
            model.model_rebuild(_types_namespace={})  # its module's names only, not those that happen to be here
        except PydanticUndefinedAnnotation as error:
            misfit = Misfit(
                f"{describe(model)}, whose annotations name {error.name!r}, which its module does not define",
                "a model that pydantic can finish",
                f"import {error.name} in the model's module, and not under 'if TYPE_CHECKING:'",
            )
            raise explained(f"{route.written} cannot use its model", route.handler, misfit) from None


def _is_built_later(model: type[BaseModel]) -> bool:
    """Whether the user defers the build of a model to its first image, and nothing can prevent it then."""
    return bool(model.model_config.get("defer_build")) and _has_all_names(model, set())


def _has_all_names(annotation: Any, seen: set[Any]) -> bool:
    """Whether the annotations of all models in it are evaluated, which pydantic knows without building them."""
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return all(_has_all_names(part, seen) for part in get_args(annotation))
    if annotation in seen:
        return True
    seen.add(annotation)
    fields = annotation.model_fields.values()
    return bool(getattr(annotation, "__pydantic_fields_complete__", False)) and all(
        _has_all_names(field.annotation, seen) for field in fields
    )


def entity_names_of(route: Route, attributes: tuple[str, ...]) -> tuple[str, ...]:
    """The entity names that lead to a route: from ``entity=``, else the model's ``Literal``, else its class name.

    Args:
        route: The route.
        attributes: The attributes on which a ``Literal`` of the model counts.

    Raises:
        RegistrationError: ``entity=`` contradicts the model's ``Literal``, or nothing names an entity.
    """
    literal = literal_entities(route.model, attributes)
    strange = [name for name in route.entities if literal and name not in literal]
    if strange:
        said = f"{describe(route.model)} says that it is {' or '.join(map(repr, literal))}"
        misfit = Misfit(
            f"entity={strange[0]!r}, while {said}",
            "one and the same name from the model's Literal and from entity=",
            "take entity= away, or use a model without that Literal",
        )
        raise explained(f"{route.written} stands for two entities", route.handler, misfit)
    names = route.entities or literal or ((name,) if (name := name_of_class(route.model)) else ())
    if not names:
        misfit = Misfit(
            f"{describe(route.model)}, whose class names no entity", "the entity's name", "say it with entity='...'"
        )
        raise explained(f"{route.written} stands for no entity", route.handler, misfit)
    return names


def refuse_clash(entity: str, owner: Route, route: Route) -> NoReturn:
    """Refuse two models that claim one entity.

    Raises:
        RegistrationError: Always.
    """
    misfit = Misfit(
        f"{describe(owner.model)}, which stands for entity {entity!r} too, in {_at(owner)}",
        "one model for an entity",
        f"correct the Literal or the name of one; if both are to read the same items, say so: entity={entity!r} here",
    )
    raise explained(f"{route.written} claims entity {entity!r}, which another model has", route.handler, misfit)


def _at(route: Route) -> str:
    return f"{route} at {route.place}" if route.place else repr(route)


def only_fallback(routes: Iterable[Route]) -> Route | None:
    """The fallback among the routes, if there is one.

    Raises:
        RegistrationError: There is more than one.
    """
    fallbacks = [route for route in routes if route.fallback]
    if len(fallbacks) > 1:
        first, second = fallbacks[:2]
        misfit = Misfit(f"another one, {_at(first)}", "one at the most", "take one of them away")
        raise explained("fallback is there twice", second.handler, misfit)
    return fallbacks[0] if fallbacks else None
