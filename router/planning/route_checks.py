"""Stream view types: which images there are, and whether a route can do with them."""

from __future__ import annotations

from typing import Literal, get_args

from router.change import Change, Insert, Modify, Remove
from router.event import Event
from router.registration.annotations import describe
from router.registration.compatibility import explained
from router.registration.dependencies import Misfit
from router.routes import Route

__all__ = ["EVENTS", "VIEWS", "View", "carried", "check_view"]

View = Literal["NEW_AND_OLD_IMAGES", "NEW_IMAGE", "OLD_IMAGE", "KEYS_ONLY"]
VIEWS: tuple[View, ...] = get_args(View)

EVENTS = (Event.INSERT, Event.MODIFY, Event.DELETE, Event.EXPIRE)

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_StreamSpecification.html
_GUARANTEED: dict[Event, tuple[type, tuple[str, ...]]] = {
    Event.INSERT: (Insert, ("NewImage",)),
    Event.MODIFY: (Modify, ("NewImage", "OldImage")),
    Event.DELETE: (Remove, ("OldImage",)),
    Event.EXPIRE: (Remove, ("OldImage",)),
}
_NEW_VIEWS = ("NEW_AND_OLD_IMAGES", "NEW_IMAGE")
_OLD_VIEWS = ("NEW_AND_OLD_IMAGES", "OLD_IMAGE")


def carried(view: View, event: Event) -> tuple[str, ...]:
    """The images that a stream of a view type carries for an event."""
    new = view in _NEW_VIEWS and event in Event.INSERT | Event.MODIFY
    old = view in _OLD_VIEWS and event in Event.MODIFY | Event.REMOVE
    return ("NewImage",) * new + ("OldImage",) * old


def check_view(route: Route, view: View) -> None:
    """Refuse a route that waits for images which never come.

    Raises:
        RegistrationError: The stream carries less than the handler or a condition needs.
    """
    if route.fallback:
        return
    for event in (event for event in EVENTS if event in route.events):
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
    carrying = [event for event in EVENTS if event in route.events and carried(view, event)]
    if carrying:
        decorator = "on_batch" if route.batch else "on"
        return f"leave the event out: {decorator}({model}, {' | '.join(f'Event.{event.name}' for event in carrying)})"
    return "where the keys tell the entity, register it for None with entity=, and use change.keys"
