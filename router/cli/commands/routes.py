"""``router routes``: the table of routes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, TypedDict

import typer

from router.app import Dispatcher
from router.cli.app_loader import here
from router.cli.app_source import find_app
from router.cli.console import Page, Part
from router.cli.errors import CommandLineError
from router.cli.json_output import print_json
from router.cli.options import FunctionOption, HandlerAppOption, JsonOption, TemplateOption
from router.policies import OnError
from router.routes import Route

__all__ = ["routes"]

_HEADER = [(name, "bold") for name in ("Entity", "Events", "Conditions", "Handler", "Source", "Options")]


AsyncapiOption = Annotated[bool, typer.Option("--asyncapi", help="Print a document of AsyncAPI 3.")]
HtmlOption = Annotated[bool, typer.Option("--html", help="Print that document as a page of HTML.")]


class RouteDocument(TypedDict):
    """One route of ``router routes --json``."""

    handler: str
    route: str  # the decorator as it was written
    entities: list[str]  # empty for the fallback
    events: list[str]  # of INSERT, MODIFY, DELETE, EXPIRE
    condition: str | None
    source: str | None  # file:line
    batch: bool
    window: str | None  # the model of its state, of a handler of tumbling windows
    fallback: bool
    on_error: str | None  # null: the dispatcher's
    backfill: bool  # whether it takes the items that a backfill delivers


def routes(
    app: HandlerAppOption = None,
    as_json: JsonOption = False,
    template: TemplateOption[Path | None] = None,
    function: FunctionOption = None,
    asyncapi: AsyncapiOption = False,
    html: HtmlOption = False,
) -> int:
    """List the routes of an app, in the order in which they run.

    With --json, one document: a list of the routes. With --asyncapi, a document of AsyncAPI 3 for catalogues: the
    entities, their events, the JSON schemas of the models, and the conditions; --html renders it as one page.
    """
    if as_json and (asyncapi or html):
        msg = "found --json with --asyncapi or --html, expected one of them"
        raise CommandLineError(msg)
    source = find_app(app, template, function)
    dispatcher = source.load()
    if asyncapi or html:
        _print_asyncapi(dispatcher, source.name, html=html)
        return 0
    documents = [_document(route, dispatcher.entities_of(route)) for route in dispatcher.routes]
    if as_json:
        print_json(documents, indent=2)
    elif documents:
        Page().rows([_HEADER, *map(_row, documents)])
    else:
        Page().line(f"{source.name} has no routes")
    return 0


def _print_asyncapi(app: Dispatcher, name: str, *, html: bool) -> None:
    from router.local.asyncapi import asyncapi_document, asyncapi_page

    document = asyncapi_document(app, name, app.version or "0.0.0")
    if html:
        print(asyncapi_page(document), end="", flush=True)
    else:
        print_json(document, indent=2)


def _document(route: Route, entities: Iterable[str]) -> RouteDocument:
    return {
        "handler": route.name,
        "route": route.written,
        "entities": list(entities),
        "events": [str(event) for event in route.events],
        "condition": None if route.condition is None else repr(route.condition),
        "source": None if route.place is None else here(route.place),
        "batch": route.batch,
        "window": None if route.state is None else route.state.__name__,
        "fallback": route.fallback,
        "on_error": None if route.on_error is None else _policy_text(route.on_error),
        "backfill": route.backfill,
    }


def _policy_text(on_error: OnError) -> str:
    if isinstance(on_error, Mapping):
        policies = ", ".join(f"{kind.__name__}: {policy!r}" for kind, policy in on_error.items())
        return f"{{{policies}}}"
    return repr(on_error)


def _row(route: RouteDocument) -> list[Part]:
    options = ["batch"] if route["batch"] and not route["window"] else []
    options += [f"window, state={route['window']}"] if route["window"] else []
    options += ["fallback"] if route["fallback"] else []
    options += [f"on_error={route['on_error']}"] if route["on_error"] else []
    options += [] if route["backfill"] or route["window"] else ["backfill=False"]
    return [
        ("(any other)" if route["fallback"] else ", ".join(route["entities"]), "bold"),
        (_events_text(route["events"]), "cyan"),
        route["condition"] or "",
        route["handler"],
        (route["source"] or "", "dim"),
        (", ".join(options), "yellow"),
    ]


def _events_text(events: list[str]) -> str:
    text = "|".join(events)
    return "ANY" if len(events) == 4 else text.replace("DELETE|EXPIRE", "REMOVE")
