"""``router explain``: why each route would, or would not, take each record."""

from __future__ import annotations

import contextlib
import json
import sys

from router.app import Dispatcher
from router.cli.app_loader import DEFAULT_APP, load_app
from router.cli.console import Page, error_text, record_text
from router.cli.events import GivenEvent, read_events
from router.cli.json_output import ExplainDocument, ExplainedRecord, error_document, explained_record
from router.cli.options import AppOption, EventsArgument, JsonOption
from router.errors import RouterError
from router.sources import source_of

__all__ = ["explain"]

_VERDICTS = {True: ("yes", "green"), False: ("no", "dim"), None: ("maybe", "yellow")}


def explain(events: EventsArgument = None, app: AppOption = DEFAULT_APP, as_json: JsonOption = False) -> int:
    """Tell what the discriminator reads of each record, and why each route would or would not take it.

    EVENT is a file of JSON or JSON lines, a folder of such files (*.json, *.jsonl), or - for standard input. It holds
    Lambda events, or single records of such, alone or in a list.

    Nothing runs. The verdict is maybe where a condition depends on the typed change, which explaining does not make.

    With --json, one line for each event: source, records (position, event, event_name, event_id, sequence_number,
    entity, read_from, discriminator, problem, routes with handler, route, matches, reason), error.

    The exit code is 1 if a record cannot be routed at all.
    """
    given = read_events(events)
    dispatcher = load_app(app)
    page = Page()
    failed = False
    for one in given:
        with contextlib.redirect_stdout(sys.stderr):
            document = _document(dispatcher, one)
        if as_json:
            print(json.dumps(document), flush=True)
        else:
            _show(page, document)
        failed |= document["error"] is not None or any(record["problem"] for record in document["records"])
    return int(failed)


def _document(app: Dispatcher, given: GivenEvent) -> ExplainDocument:
    try:
        records = source_of(given.event).records(given.event)
    except RouterError as error:
        return {"source": given.name, "records": [], "error": error_document(error)}
    explained = [explained_record(position, app.explain(record)) for position, record in enumerate(records)]
    return {"source": given.name, "records": explained, "error": None}


def _show(page: Page, document: ExplainDocument) -> None:
    page.line((document["source"], "bold"))
    if document["error"] is not None:
        page.line((error_text(document["error"]), "red"), indent=2)
    for record in document["records"]:
        _show_record(page, record)


def _show_record(page: Page, record: ExplainedRecord) -> None:
    page.line(*record_text(record), (f"  by {record['discriminator']}", "dim"), indent=2)
    if record["problem"]:
        page.line(("cannot be routed: ", "red"), record["problem"], indent=4)
    page.rows(
        [[_VERDICTS[verdict["matches"]], verdict["handler"], verdict["reason"]] for verdict in record["routes"]],
        indent=4,
    )
