"""``router parked``: what lies in a parking place, and what would become of it now."""

from __future__ import annotations

import contextlib
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, TypedDict

import typer

from router.app import Dispatcher
from router.cli.app_source import find_app
from router.cli.console import Page, error_text
from router.cli.errors import CommandLineError
from router.cli.json_output import ErrorDocument, error_document, print_json
from router.cli.options import HandlerAppOption, JsonOption, TemplateOption
from router.cli.parked_place import (
    EntityOption,
    ErrorOption,
    PlaceArgument,
    RouteOption,
    UrlOption,
    opened,
    selection_of,
)
from router.cli.redrive_output import ParkedDocument, parked_document, parked_text
from router.local.redrive.records import ParkedRecord, record_of
from router.local.redrive.redrive import in_order
from router.local.wording import counted
from router.parsing.parser import parser_for
from router.record import Record
from router.routes import Route

__all__ = ["parked"]

_COUNTED = ("entity", "route", "stage", "error")

ShowArgument = Annotated[str | None, typer.Argument(metavar="[show", help="show: one record.", show_default=False)]
IdArgument = Annotated[str | None, typer.Argument(metavar="ID]", help="Its ID, or the beginning.", show_default=False)]
ValuesOption = Annotated[bool, typer.Option("--values", help="Print the record with the values of the item.")]


class PlaceDocument(TypedDict):
    """What ``router parked --json`` prints; ``counts`` has for each field how often it has each value."""

    place: str
    records: list[ParkedDocument]
    counts: dict[str, dict[str, int]]


class RouteNow(TypedDict):
    """A route that would take the record now; ``error`` is null where its images would validate."""

    handler: str
    matches: bool | None
    error: ErrorDocument | None


class ShownDocument(ParkedDocument):
    """What ``router parked PLACE show ID --json`` prints."""

    entity_now: str | None
    routes_now: list[RouteNow]
    problem_now: str | None
    record: Any  # with --values


def parked(
    place: PlaceArgument,
    show: ShowArgument = None,
    record_id: IdArgument = None,
    app: HandlerAppOption = None,
    template: TemplateOption[Path | None] = None,
    entity: EntityOption = None,
    route: RouteOption = None,
    error: ErrorOption = None,
    values: ValuesOption = False,
    endpoint_url: UrlOption = None,
    as_json: JsonOption = False,
) -> int:
    """List the parked records and failure documents of a place, and count them by entity, route, stage and error.

    router parked PLACE show ID shows one record, and what would become of it with the app as it is now: which routes
    would take it, and whether its images would validate. No handler runs. Messages stay in their queue; SQS counts that
    they were received, which maxReceiveCount limits.

    With --json, one document: place, records, counts; with show: the record with entity_now, routes_now, problem_now.

    The exit code is 1 if a record cannot be read.
    """
    if show not in (None, "show") or (show is None) != (record_id is None):
        msg = f"found {show}, expected show and the ID of a record after the place, or nothing"
        raise CommandLineError(msg)
    with opened(place, endpoint_url, to_redrive=False) as found:
        records = [each for item in in_order(found.reading.take()) for each in item]
        if record_id is not None:
            return _show(_one(records, record_id), find_app(app, template).load(), as_json=as_json, values=values)
    selected = [each for each in records if selection_of(entity, route, error).takes(each)]
    document: PlaceDocument = {
        "place": place,
        "records": [parked_document(each) for each in selected],
        "counts": {name: dict(Counter(getattr(each, name) or "-" for each in selected)) for name in _COUNTED},
    }
    if as_json:
        print_json(document)
    else:
        _list(document)
    return int(any(each.problem for each in selected))


def _list(document: PlaceDocument) -> None:
    page, records = Page(), document["records"]
    if records:
        page.rows([["ID", "Event", "Entity", "Route", "Stage", "Error"], *map(parked_text, records)])
    for each in records:
        if each["problem"]:
            page.line((f"{each['at']}: ", "red"), each["problem"])
    page.line((f"{counted(len(records), 'record')} in {document['place']}", "bold"))
    for name, counts in document["counts"].items():
        if records:
            parts = (f"{count} {value}" for value, count in Counter(counts).most_common())
            page.line((f"by {name}: ", "dim"), ", ".join(parts), indent=2)


def _one(records: Sequence[ParkedRecord], text: str) -> ParkedRecord:
    found = [record for record in records if record.id.startswith(text)]
    exact = [record for record in found if record.id == text]
    if len(exact or found) != 1:
        msg = f"found {counted(len(found), 'record')} whose ID begins with {text}, expected one"
        raise CommandLineError(msg)
    return (exact or found)[0]


def _show(record: ParkedRecord, app: Dispatcher, *, as_json: bool, values: bool) -> int:
    document: ShownDocument = {
        **parked_document(record),
        "entity_now": None,
        "routes_now": [],
        "problem_now": None,
        "record": None,
    }
    if record.problem is None:
        content = record.read()
        # Conditions and models are the user's, and may print.
        with contextlib.redirect_stdout(sys.stderr):
            _explain(document, app, record_of(content))
        document["record"] = content["record"] if values else None
    if as_json:
        print_json(document)
    else:
        _print(document)
    return int(record.problem is not None)


def _explain(document: ShownDocument, app: Dispatcher, record: Record) -> None:
    explanation = app.explain(record)
    document["entity_now"], document["problem_now"] = explanation.entity, explanation.problem
    document["routes_now"] = [
        {"handler": verdict.route.name, "matches": verdict.matches, "error": _error_of(verdict.route, record)}
        for verdict in explanation.verdicts
        if verdict.matches is not False and document["route"] in (None, verdict.route.name)
    ]


def _error_of(route: Route, record: Record) -> ErrorDocument | None:
    """The error with which the images of a record would be refused; ``None`` where they would validate."""
    if route.model is None:
        return None
    for model, image, name in ((route.model, record.new_image, "NewImage"), (route.old, record.old_image, "OldImage")):
        if image:
            try:
                parser_for(model).parse(image, name)
            except Exception as error:  # noqa: BLE001 - validators are the user's
                return error_document(error)
    return None


def _print(document: ShownDocument) -> None:
    page = Page()
    page.line((document["id"], "bold"), f"  {document['at']}")
    names = ("event_name", "sequence_number", "entity", "route", "stage", "error", "reason", "changed_at", "parked_at")
    page.rows([[(name, "dim"), str(document[name])] for name in names if document[name]], indent=2)  # type: ignore[literal-required]  # names of its keys
    if document["problem"] or document["problem_now"]:
        page.line(("cannot be handled: ", "red"), document["problem"] or document["problem_now"] or "", indent=2)
    elif not document["routes_now"]:
        page.line(("would be routed to no route that it was parked at", "yellow"), indent=2)
    for route in document["routes_now"]:
        would = "would" if route["matches"] else "may, if its condition is met,"
        refusal = route["error"]
        verdict = "would validate now" if refusal is None else f"would not validate: {error_text(refusal)}"
        page.line(f"{would} be routed to {route['handler']}; ", (verdict, "red" if refusal else "green"), indent=2)
    if document["record"] is not None:
        page.whole(json.dumps(document["record"]), indent=2)
