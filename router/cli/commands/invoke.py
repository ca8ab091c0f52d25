"""``router invoke``: run an app on events, as Lambda would."""

from __future__ import annotations

import contextlib
import json
import sys
from collections import Counter
from collections.abc import Sequence
from time import perf_counter
from typing import Annotated

import typer

from router.app import Dispatcher
from router.cli.app_loader import DEFAULT_APP, load_app
from router.cli.console import Page, error_text, record_text
from router.cli.context import StandInContext
from router.cli.events import GivenEvent, read_events
from router.cli.json_output import InvocationDocument, InvokedRecord, OutcomeDocument, error_document, invoked_records
from router.cli.options import AppOption, EventsArgument, JsonOption

__all__ = ["invoke"]

_STYLES = {
    "done": "green",
    "skipped": "dim",
    "unrouted": "dim",
    "parked": "yellow",
    "failed": "bold red",
    "deferred": "red",
}
_UNDONE = ("failed", "deferred")

TimeoutOption = Annotated[
    float, typer.Option(metavar="SECONDS", min=0, help="The time that the app is told to have for each event.")
]


def invoke(
    events: EventsArgument = None,
    app: AppOption = DEFAULT_APP,
    as_json: JsonOption = False,
    timeout: TimeoutOption = 30,
) -> int:
    """Run an app on events, one invocation each, and show what becomes of every record.

    EVENT is a file of JSON or JSON lines, a folder of such files (*.json, *.jsonl), or - for standard input. It holds
    Lambda events, or single records of such, alone or in a list; a list of records is one event.

    What handlers print and log goes to standard error. LOG_LEVEL=WARNING leaves the log of good records out.

    With --json, one line for each event: source, request_id, duration, records (position, event, event_name, event_id,
    sequence_number, entity, read_from, outcomes with status, stage, handler, route, error, duration), response, error.

    The exit code is 1 if a record failed or was deferred, or if the app refused an event.
    """
    given = read_events(events)
    dispatcher = load_app(app)
    page = Page()
    documents: list[InvocationDocument] = []
    for one in given:
        if not as_json:
            _show_heading(page, one)
        documents.append(_invocation(dispatcher, one, timeout))
        if as_json:
            print(json.dumps(documents[-1]), flush=True)
        else:
            _show(page, documents[-1])
    if not as_json:
        _show_summary(page, documents)
    return int(any(map(_failed, documents)))


def _invocation(app: Dispatcher, given: GivenEvent, timeout: float) -> InvocationDocument:
    context = StandInContext(timeout)
    document: InvocationDocument = {
        "source": given.name,
        "request_id": context.aws_request_id,
        "duration": 0.0,
        "records": [],
        "response": None,
        "error": None,
    }
    started = perf_counter()
    # Standard output is for the result; Lambda has one log for all that a function prints.
    with contextlib.redirect_stdout(sys.stderr):
        try:
            report = app.dispatch(given.event, context)
            document["response"] = report.response
            document["records"] = invoked_records(app, report)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - Lambda would fail this invocation and go on with others
            document["error"] = error_document(error)
    document["duration"] = round(perf_counter() - started, 6)
    return document


def _failed(document: InvocationDocument) -> bool:
    return document["error"] is not None or any(outcome["status"] in _UNDONE for outcome in _outcomes(document))


def _outcomes(document: InvocationDocument) -> list[OutcomeDocument]:
    return [outcome for record in document["records"] for outcome in record["outcomes"]]


def _show_heading(page: Page, given: GivenEvent) -> None:
    page.line((given.name, "bold"), "" if given.size is None else f"  {_count(given.size, 'record')}")
    page.flush()


def _show(page: Page, document: InvocationDocument) -> None:
    why = _why_deferred(document)
    for record in document["records"]:
        page.line(*record_text(record), indent=2)
        for outcome in record["outcomes"]:
            _show_outcome(page, record, outcome, why)
    if document["error"] is None:
        page.whole(f"response {json.dumps(document['response'])}", indent=2)
    else:
        page.line((error_text(document["error"]), "bold red"), indent=2)
        page.line("no response: the invocation failed, so Lambda delivers the whole event again", indent=2)
    page.line()
    page.flush()


def _show_outcome(page: Page, record: InvokedRecord, outcome: OutcomeDocument, why_deferred: str) -> None:
    status, handler, error = outcome["status"], outcome["handler"], outcome["error"]
    note = "" if error else _note(record, outcome, why_deferred)
    parts = [handler or "", _duration(outcome["duration"]), note]
    page.line((f"{status:<8}", _STYLES[status]), *(f"  {part}" for part in parts if part), indent=4)
    if error:
        at = f"{outcome['stage']}: " if outcome["stage"] else ""
        page.line((at, "bold"), error_text(error), indent=14)


def _duration(seconds: float) -> str:
    milliseconds = seconds * 1000
    return f"{milliseconds:.{1 if milliseconds >= 1 else 2}f} ms" if seconds else ""


def _note(record: InvokedRecord, outcome: OutcomeDocument, why_deferred: str) -> str:
    """What a status does not say by itself."""
    if outcome["status"] == "skipped":
        return "done at an earlier delivery" if outcome["handler"] else "no route takes this change"
    unrouted = "no route takes this entity" if record["entity"] else "the discriminator reads no entity"
    return {"unrouted": unrouted, "deferred": why_deferred}.get(outcome["status"], "")


def _why_deferred(document: InvocationDocument) -> str:
    failed = any(outcome["status"] == "failed" for outcome in _outcomes(document))
    return "not started: comes again with what failed" if failed else "not started: too little time left"


def _show_summary(page: Page, documents: Sequence[InvocationDocument]) -> None:
    outcomes = [outcome for document in documents for outcome in _outcomes(document)]
    counts = Counter(outcome["status"] for outcome in outcomes)
    records = sum(len(document["records"]) for document in documents)
    told = [f"{_count(len(documents), 'event')}, {_count(records, 'record')}; outcomes: "]
    told.append(", ".join(f"{counts[status]} {status}" for status in _STYLES if counts[status]) or "nothing ran")
    raised = sum(document["error"] is not None for document in documents)
    if raised:
        told.append(f"; {_count(raised, 'event')} failed as a whole")
    page.line(("".join(told), "bold red" if any(map(_failed, documents)) else "bold green"))
    if any(outcome["error"] and "at" in outcome["error"] and "reason" not in outcome["error"] for outcome in outcomes):
        page.line("LOG_ERROR_TEXT=1 shows the texts of errors too; they may quote items.")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
