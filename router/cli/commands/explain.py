"""``router explain``: why each route takes, or does not take, each record."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TypedDict

from router.app import Dispatcher
from router.cli.app_source import find_app
from router.cli.console import Page, error_text, record_text
from router.cli.events import GivenEvent, read_events
from router.cli.json_output import ErrorDocument, RecordDocument, error_document, print_json, record_document
from router.cli.options import EventsArgument, FunctionOption, HandlerAppOption, JsonOption, TemplateOption
from router.errors import RouterError
from router.planning.explain import Explanation
from router.sources import receive

__all__ = ["explain"]

_VERDICTS = {True: ("yes", "green"), False: ("no", "dim"), None: ("maybe", "yellow")}


class VerdictDocument(TypedDict):
    """One route's verdict on a record; ``matches`` is null if it depends on the typed change."""

    handler: str
    route: str
    matches: bool | None
    reason: str


class ExplainedRecord(RecordDocument):
    """A record of ``router explain --json``.

    ``found`` names what stands where the discriminator read no entity; ``problem`` says why it cannot be routed.
    """

    discriminator: str
    found: str | None
    problem: str | None
    routes: list[VerdictDocument]


class ExplainDocument(TypedDict):
    """One event of ``router explain --json``."""

    source: str
    records: list[ExplainedRecord]
    error: ErrorDocument | None


def explain(
    events: EventsArgument = None,
    app: HandlerAppOption = None,
    as_json: JsonOption = False,
    template: TemplateOption[Path | None] = None,
    function: FunctionOption = None,
) -> int:
    """Explain which entity the discriminator reads from each record, and why each route takes it or does not.

    EVENT is a file of JSON or JSON lines, a folder of such files (*.json, *.jsonl), or - for standard input. It holds
    Lambda events, or single records, alone or in a list.

    No handler runs. The verdict is maybe if a condition depends on the typed change, which explain does not parse.

    With --json, one line for each event: source, records (position, event, event_name, event_id, sequence_number,
    entity, read_from, discriminator, found, problem, routes with handler, route, matches, reason), error.

    The exit code is 1 if a record cannot be routed.
    """
    given_events = read_events(events)
    dispatcher = find_app(app, template, function).load()
    page = Page()
    failed = False
    for given in given_events:
        # Standard output is for the result; conditions are user code and may print.
        with contextlib.redirect_stdout(sys.stderr):
            document = _document(dispatcher, given)
        if as_json:
            print_json(document)
        else:
            _show(page, document)
        failed |= document["error"] is not None or any(record["problem"] for record in document["records"])
    return int(failed)


def _document(app: Dispatcher, given: GivenEvent) -> ExplainDocument:
    try:
        records = receive(given.event).records
    except RouterError as error:
        return {"source": given.name, "records": [], "error": error_document(error)}
    explained = [_explained_record(position, app.explain(record)) for position, record in enumerate(records)]
    return {"source": given.name, "records": explained, "error": None}


def _explained_record(position: int, explanation: Explanation) -> ExplainedRecord:
    return {
        **record_document(position, explanation),
        "discriminator": repr(explanation.discriminator),
        "found": explanation.found,
        "problem": explanation.problem,
        "routes": [
            {
                "handler": verdict.route.name,
                "route": verdict.route.written,
                "matches": verdict.matches,
                "reason": verdict.reason,
            }
            for verdict in explanation.verdicts
        ],
    }


def _show(page: Page, document: ExplainDocument) -> None:
    page.line((document["source"], "bold"))
    if document["error"] is not None:
        page.line((error_text(document["error"]), "red"), indent=2)
    for record in document["records"]:
        _show_record(page, record)


def _show_record(page: Page, record: ExplainedRecord) -> None:
    page.line(*record_text(record), (f"  by {record['discriminator']}", "dim"), indent=2)
    if record["found"]:
        page.line(record["found"], indent=4)
    if record["problem"]:
        page.line(("cannot be routed: ", "red"), record["problem"], indent=4)
    page.rows(
        [[_VERDICTS[verdict["matches"]], verdict["handler"], verdict["reason"]] for verdict in record["routes"]],
        indent=4,
    )
