"""``router routes``: the table of routes."""

from __future__ import annotations

import json

from router.app import Dispatcher
from router.cli.app_loader import DEFAULT_APP, load_app
from router.cli.console import Page, Part
from router.cli.json_output import RouteDocument, route_document
from router.cli.options import AppOption, JsonOption

__all__ = ["routes"]

_HEADER = [(name, "bold") for name in ("Entity", "Events", "Conditions", "Handler", "Source", "Options")]


def routes(app: AppOption = DEFAULT_APP, as_json: JsonOption = False) -> int:
    """List the routes of an app, in the order in which they run.

    With --json, one document: a list of the routes.
    """
    documents = _documents(load_app(app))
    if as_json:
        print(json.dumps(documents, indent=2))
    elif documents:
        Page().rows([_HEADER, *map(_row, documents)])
    else:
        Page().line(f"{app} has no routes")
    return 0


def _documents(app: Dispatcher) -> list[RouteDocument]:
    return [route_document(route, app.entities_of(route)) for route in app.routes]


def _row(route: RouteDocument) -> list[Part]:
    options = ["batch"] if route["batch"] else []
    options += ["fallback"] if route["fallback"] else []
    options += [f"on_error={route['on_error']}"] if route["on_error"] else []
    return [
        ("(any other)" if route["fallback"] else ", ".join(route["entities"]), "bold"),
        (_events(route["events"]), "cyan"),
        route["condition"] or "",
        route["handler"],
        (route["source"] or "", "dim"),
        (", ".join(options), "yellow"),
    ]


def _events(events: list[str]) -> str:
    text = "|".join(events)
    return "ANY" if len(events) == 4 else text.replace("DELETE|EXPIRE", "REMOVE")
