"""Rules about what the table and its stream give: images, entity names, expiries."""

from __future__ import annotations

from collections.abc import Iterator

from router.discriminators import Attribute
from router.errors import RegistrationError
from router.event import Event
from router.local.lint.deployment import Deployment
from router.local.lint.rule import Trouble, rule
from router.planning.route_checks import check_view
from router.routes import Route
from router.stream_view import VIEWS, View, carried

__all__ = ["entity_unreadable", "image_missing", "no_stream", "ttl_off", "view_differs"]

_STREAM = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_StreamSpecification.html"
_TTL = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-how-to.html"
_BOTH = "StreamSpecification:\n  StreamViewType: NEW_AND_OLD_IMAGES"


@rule("error", _STREAM)
def no_stream(deployment: Deployment) -> Iterator[Trouble]:
    """The table has no stream."""
    if deployment.view is None:
        yield Trouble(
            deployment.place_of_table("StreamSpecification"),
            f"Table {deployment.table.name} has no StreamViewType of {', '.join(VIEWS)}, so there is nothing to read.",
            _BOTH,
        )


@rule("error", _STREAM)
def image_missing(deployment: Deployment) -> Iterator[Trouble]:
    """The table's stream lacks an image that a handler needs."""
    view = deployment.view
    lacking = [route for route in deployment.app.routes if view is not None and _lacks(route, view)]
    if lacking and view is not None:
        yield Trouble(
            deployment.place_of_table("StreamSpecification", "StreamViewType"),
            f"The stream of {deployment.table.name} is {view}, while the app was made for view="
            f"{deployment.app.view!r}. For want of an image these fail, or misjudge, the records that need it: "
            f"{_shown(lacking)}.",
            f"{_BOTH}\n# or Dispatcher(..., view={view!r}), which says at import what does not fit",
        )


def _lacks(route: Route, view: View) -> bool:
    try:
        check_view(route, view)
    except RegistrationError:
        return True
    return False


@rule("note", _STREAM)
def view_differs(deployment: Deployment) -> Iterator[Trouble]:
    """The app was told another stream view type than the table has."""
    view, told = deployment.view, deployment.app.view
    if view is not None and view != told and not any(_lacks(route, view) for route in deployment.app.routes):
        yield Trouble(
            deployment.place_of_table("StreamSpecification", "StreamViewType"),
            f"The stream of {deployment.table.name} is {view}, while the app was made for view={told!r}: it checks its "
            "handlers for images that are not those of the stream.",
            f"Dispatcher(..., view={view!r})",
        )


@rule("error", _STREAM)
def entity_unreadable(deployment: Deployment) -> Iterator[Trouble]:
    """Records come without the attribute that names their entity."""
    view, rule_of_app = deployment.view, deployment.app.discriminator
    if view is None or not isinstance(rule_of_app, Attribute) or rule_of_app.name in deployment.keys:
        return
    blind = [event for event in Event if not carried(view, event)]
    routes = [route for route in deployment.app.routes if any(event in route.events for event in blind)]
    routes = [route for route in routes if not route.fallback and not _lacks(route, view)]
    if routes:
        events = " and ".join(dict.fromkeys("REMOVE" if event in Event.REMOVE else str(event) for event in blind))
        yield Trouble(
            deployment.place_of_table("StreamSpecification", "StreamViewType"),
            f"The stream of {deployment.table.name} is {view}, whose records of {events} hold keys only, and "
            f"{rule_of_app.name} is no key: nothing tells their entity, so they never reach {_shown(routes)}.",
            _BOTH,
        )


@rule("warning", _TTL)
def ttl_off(deployment: Deployment) -> Iterator[Trouble]:
    """A handler waits for expiries of a table that has none."""
    routes = [route for route in deployment.app.routes if route.events == Event.EXPIRE]
    specification = deployment.table.values.get("TimeToLiveSpecification", {})
    if routes and isinstance(specification, dict) and str(specification.get("Enabled", "false")).lower() == "false":
        yield Trouble(
            deployment.place_of_table("TimeToLiveSpecification"),
            f"Table {deployment.table.name} has no time to live switched on, so no item ever expires, and these never "
            f"run: {_shown(routes)}.",
            "TimeToLiveSpecification:\n  AttributeName: expires_at # in seconds since 1970\n  Enabled: true",
        )


def _shown(routes: list[Route]) -> str:
    return ", ".join(f"{route.written} of {route.name}" for route in routes)
