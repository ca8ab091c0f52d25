"""Rules about the table: its stream's images, the attribute that names the entity, time to live."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel

from router.errors import RegistrationError
from router.event import Event
from router.local.cloudformation.intrinsics import Unknown
from router.local.filter_criteria.discriminator_tests import readings_of
from router.local.lint.deployment import Deployment, NotKnownError
from router.local.lint.rule import Violation, rule
from router.local.lint.sample_records import event_name
from router.parsing.parser import readable_attributes
from router.planning.route_checks import check_view
from router.routes import Route
from router.stream_view import VIEWS, View, carried

__all__ = ["entity_unreadable", "image_missing", "no_stream", "ttl_attribute_missing", "ttl_off", "view_differs"]

_STREAM = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_StreamSpecification.html"
_TTL = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-how-to.html"
_BOTH = "StreamSpecification:\n  StreamViewType: NEW_AND_OLD_IMAGES"


@rule("error", _STREAM)
def no_stream(deployment: Deployment) -> Iterator[Violation]:
    """The table has no stream."""
    if deployment.view is None:
        yield Violation(
            deployment.place_of_table("StreamSpecification"),
            f"Table {deployment.table.name} has no stream: its StreamViewType is none of {', '.join(VIEWS)}.",
            _BOTH,
        )


@rule("error", _STREAM)
def image_missing(deployment: Deployment) -> Iterator[Violation]:
    """The table's stream lacks an image that a handler needs."""
    view = deployment.view
    lacking = [route for route in deployment.app.routes if view is not None and _lacks_image(route, view)]
    if lacking and view is not None:
        yield Violation(
            deployment.place_of_table("StreamSpecification", "StreamViewType"),
            f"The stream of {deployment.table.name} is {view}, and the app has view={deployment.app.view!r}. These "
            "routes need an image that the stream lacks, so they fail, or their condition misses the record: "
            f"{_listed(lacking)}.",
            f"{_BOTH}\n# or Dispatcher(..., view={view!r}), which refuses these at import",
        )


@rule("note", _STREAM)
def view_differs(deployment: Deployment) -> Iterator[Violation]:
    """The app's view is not the table's stream view type."""
    view, of_app = deployment.view, deployment.app.view
    if view is not None and view != of_app and not any(_lacks_image(route, view) for route in deployment.app.routes):
        yield Violation(
            deployment.place_of_table("StreamSpecification", "StreamViewType"),
            f"The stream of {deployment.table.name} is {view}, and the app has view={of_app!r}: it checks its handlers "
            "against images that the stream does not carry.",
            f"Dispatcher(..., view={view!r})",
        )


@rule("error", _STREAM)
def entity_unreadable(deployment: Deployment) -> Iterator[Violation]:
    """Records lack the attribute that names their entity."""
    view = deployment.view
    attributes = [reading.attribute for reading in readings_of(deployment.app.discriminator)]
    if view is None or None in attributes or set(attributes) & set(deployment.keys):
        return
    without_image = [event for event in Event if not carried(view, event)]
    routes = [route for route in deployment.app.routes if any(event in route.events for event in without_image)]
    routes = [route for route in routes if not route.fallback and not _lacks_image(route, view)]
    if routes:
        events = " and ".join(dict.fromkeys(map(event_name, without_image)))
        yield Violation(
            deployment.place_of_table("StreamSpecification", "StreamViewType"),
            f"The stream of {deployment.table.name} is {view}, whose records of {events} hold keys only, and "
            f"{_no_key(attributes)}: their entity is unknown, so they never reach {_listed(routes)}.",
            _BOTH,
        )


@rule("warning", _TTL)
def ttl_off(deployment: Deployment) -> Iterator[Violation]:
    """A handler takes expiries of a table without time to live."""
    routes = [route for route in deployment.app.routes if route.events == Event.EXPIRE]
    specification = deployment.table.values.get("TimeToLiveSpecification", {})
    if routes and isinstance(specification, dict) and str(specification.get("Enabled", "false")).lower() == "false":
        yield Violation(
            deployment.place_of_table("TimeToLiveSpecification"),
            f"Table {deployment.table.name} has no time to live enabled, so no item expires, and these never run: "
            f"{_listed(routes)}.",
            "TimeToLiveSpecification:\n  AttributeName: expires_at # in seconds since 1970\n  Enabled: true",
        )


@rule("warning", _TTL)
def ttl_attribute_missing(deployment: Deployment) -> Iterator[Violation]:
    """A model whose expiries a handler takes lacks the table's time to live attribute."""
    specification = deployment.table.values.get("TimeToLiveSpecification", {})
    attribute = specification.get("AttributeName") if isinstance(specification, dict) else specification
    routes = [route for route in deployment.app.routes if route.events == Event.EXPIRE]
    if routes and isinstance(attribute, Unknown):
        place = deployment.place_of_table("TimeToLiveSpecification", "AttributeName")
        raise NotKnownError(place, f"the attribute of time to live is {attribute.written}")
    for route in routes:
        names = _attributes(route.old)
        if isinstance(attribute, str) and names is not None and attribute not in names:
            near = difflib.get_close_matches(attribute, names, n=1)
            meant = f" It has {near[0]}." if near else ""
            yield Violation(
                deployment.place_of_table("TimeToLiveSpecification", "AttributeName"),
                f"Items of {deployment.table.name} expire by their attribute {attribute}, which the model of "
                f"{route.written} of {route.name} lacks.{meant} If the items lack it too, they never expire, and the "
                "handler never runs.",
                f"{attribute}: int | None = None # in the model, in seconds since 1970",
            )


def _attributes(model: Any) -> tuple[str, ...] | None:
    """The attributes that a model reads; ``None`` if it may read any."""
    return readable_attributes(model) if isinstance(model, type) and issubclass(model, BaseModel) else None


def _no_key(attributes: Sequence[str | None]) -> str:
    names = [str(name) for name in dict.fromkeys(attributes)]
    return f"{names[0]} is no key" if len(names) == 1 else f"none of {', '.join(names)} is a key"


def _lacks_image(route: Route, view: View) -> bool:
    try:
        check_view(route, view)
    except RegistrationError:
        return True
    return False


def _listed(routes: list[Route]) -> str:
    return ", ".join(f"{route.written} of {route.name}" for route in routes)
