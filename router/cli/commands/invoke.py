"""``router invoke``: run an app on events, as Lambda would."""

from __future__ import annotations

import contextlib
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, TypedDict

from router.app import Dispatcher
from router.cli.app_source import find_app
from router.cli.console import STATUS_STYLES, Page, error_text, record_text
from router.cli.events import GivenEvent, read_events
from router.cli.json_output import ErrorDocument, RecordDocument, error_document, print_json, record_document
from router.cli.options import (
    EventsArgument,
    FunctionOption,
    HandlerAppOption,
    JsonOption,
    ParkOption,
    TemplateOption,
    TimeoutOption,
)
from router.cli.places import app_in_container
from router.local.wording import counted
from router.outcomes import Outcome, Report
from router.record import Record
from router.testing.context import Context

__all__ = ["invoke"]

_UNDONE = ("failed", "deferred")


class OutcomeDocument(TypedDict):
    """One record's outcome at one route; ``route`` and ``handler`` are null if no route takes the record."""

    status: str
    stage: str | None
    handler: str | None
    route: str | None
    error: ErrorDocument | None
    duration: float


class InvokedRecord(RecordDocument):
    """A record of ``router invoke --json``."""

    outcomes: list[OutcomeDocument]


class InvocationDocument(TypedDict):
    """One event of ``router invoke --json``: it has a response, or the error that the app raised."""

    source: str  # the file
    request_id: str
    duration: float
    records: list[InvokedRecord]
    response: dict[str, Any] | None
    error: ErrorDocument | None


def invoke(
    events: EventsArgument = None,
    app: HandlerAppOption = None,
    as_json: JsonOption = False,
    timeout: TimeoutOption = 30,
    park: ParkOption = False,
    template: TemplateOption[Path | None] = None,
    function: FunctionOption = None,
) -> int:
    """Run an app on events, one invocation each, and show the outcomes of every record.

    EVENT is a file of JSON or JSON lines, a folder of such files (*.json, *.jsonl), or - for standard input. It holds
    Lambda events, or single records, alone or in a list; a list of records is one event.

    Nothing is parked in the app's parking place, and no route is remembered in its store of completed routes, unless
    --park is given: the output shows which records would be parked, and why.

    Standard error gets the output and the log of handlers. LOG_LEVEL=WARNING omits the log lines of good records.

    With --json, one line for each event: source, request_id, duration, records (position, event, event_name, event_id,
    sequence_number, entity, read_from, outcomes with status, stage, handler, route, error, duration), response, error.

    The exit code is 1 if a record failed or was deferred, or if the app refused an event.
    """
    given_events = read_events(events)
    dispatcher = find_app(app, template, function).load()
    page = Page()
    documents: list[InvocationDocument] = []
    with app_in_container(dispatcher, park=park) as parkings:
        for given in given_events:
            if not as_json:
                _show_heading(page, given)
            documents.append(_invocation(dispatcher, given, timeout))
            if as_json:
                print_json(documents[-1])
            else:
                _show(page, documents[-1])
    parkings.show(None if as_json else page)
    if not as_json:
        _show_summary(page, documents)
    return int(any(map(_failed, documents)))


def _invocation(app: Dispatcher, given: GivenEvent, timeout: float) -> InvocationDocument:
    context = Context.with_timeout(timeout, function_name="router-invoke")
    document: InvocationDocument = {
        "source": given.name,
        "request_id": context.aws_request_id,
        "duration": 0.0,
        "records": [],
        "response": None,
        "error": None,
    }
    started = perf_counter()
    # Standard output is for the result, so output of handlers goes to standard error.
    with contextlib.redirect_stdout(sys.stderr):
        try:
            report = app.dispatch(given.event, context)
            document["response"] = report.response
            document["records"] = _invoked_records(app, report)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - Lambda fails this invocation and runs the next one
            document["error"] = error_document(error)
    document["duration"] = round(perf_counter() - started, 6)
    return document


def _invoked_records(app: Dispatcher, report: Report) -> list[InvokedRecord]:
    by_record: dict[int, tuple[Record, list[Outcome]]] = {}
    for outcome in report:
        by_record.setdefault(id(outcome.record), (outcome.record, []))[1].append(outcome)
    return [
        {**record_document(position, app.explain(record)), "outcomes": [_outcome(outcome) for outcome in outcomes]}
        for position, (record, outcomes) in enumerate(by_record.values())
    ]


def _outcome(outcome: Outcome) -> OutcomeDocument:
    route = outcome.route
    return {
        "status": outcome.status,
        "stage": outcome.stage,
        "handler": None if route is None else route.name,
        "route": None if route is None else route.written,
        "error": None if outcome.error is None else error_document(outcome.error),
        "duration": round(outcome.duration, 6),
    }


def _failed(document: InvocationDocument) -> bool:
    return document["error"] is not None or any(outcome["status"] in _UNDONE for outcome in _outcomes(document))


def _outcomes(document: InvocationDocument) -> list[OutcomeDocument]:
    return [outcome for record in document["records"] for outcome in record["outcomes"]]


def _show_heading(page: Page, given: GivenEvent) -> None:
    page.line((given.name, "bold"), "" if given.size is None else f"  {counted(given.size, 'record')}")
    page.flush()


def _show(page: Page, document: InvocationDocument) -> None:
    deferral = _deferral_reason(document)
    for record in document["records"]:
        page.line(*record_text(record), indent=2)
        for outcome in record["outcomes"]:
            _show_outcome(page, record, outcome, deferral)
    if document["error"] is None:
        page.whole(f"response {json.dumps(document['response'])}", indent=2)
    else:
        page.line((error_text(document["error"]), "bold red"), indent=2)
        page.line("no response: the invocation failed, so Lambda delivers the whole event again", indent=2)
    page.line()
    page.flush()


def _show_outcome(page: Page, record: InvokedRecord, outcome: OutcomeDocument, deferral: str) -> None:
    status, handler, error = outcome["status"], outcome["handler"], outcome["error"]
    note = "" if error else _note(record, outcome, deferral)
    parts = [handler or "", _duration(outcome["duration"]), note]
    page.line((f"{status:<8}", STATUS_STYLES[status]), *(f"  {part}" for part in parts if part), indent=4)
    if error:
        at = f"{outcome['stage']}: " if outcome["stage"] else ""
        page.line((at, "bold"), error_text(error), indent=14)


def _duration(seconds: float) -> str:
    milliseconds = seconds * 1000
    return f"{milliseconds:.{1 if milliseconds >= 1 else 2}f} ms" if seconds else ""


def _note(record: InvokedRecord, outcome: OutcomeDocument, deferral: str) -> str:
    """The reason for a status without an error."""
    if outcome["status"] == "skipped":
        return "done at an earlier delivery" if outcome["handler"] else "no route takes this change"
    unrouted = "no route takes this entity" if record["entity"] else "the discriminator reads no entity"
    return {"unrouted": unrouted, "deferred": deferral}.get(outcome["status"], "")


def _deferral_reason(document: InvocationDocument) -> str:
    failed = any(outcome["status"] == "failed" for outcome in _outcomes(document))
    return "not started: delivered again with the failed record" if failed else "not started: too little time left"


def _show_summary(page: Page, documents: Sequence[InvocationDocument]) -> None:
    outcomes = [outcome for document in documents for outcome in _outcomes(document)]
    counts = Counter(outcome["status"] for outcome in outcomes)
    records = sum(len(document["records"]) for document in documents)
    statuses = ", ".join(f"{counts[status]} {status}" for status in STATUS_STYLES if counts[status])
    text = f"{counted(len(documents), 'event')}, {counted(records, 'record')}; outcomes: {statuses or 'none'}"
    raised = sum(document["error"] is not None for document in documents)
    if raised:
        text += f"; {counted(raised, 'event')} failed as a whole"
    page.line((text, "bold red" if any(map(_failed, documents)) else "bold green"))
    if any(outcome["error"] and "at" in outcome["error"] and "reason" not in outcome["error"] for outcome in outcomes):
        page.line("LOG_ERROR_TEXT=1 shows the texts of errors too; they may quote items.")
