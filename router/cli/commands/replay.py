"""``router replay``: run an app on recorded events through an event source mapping."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer

from router.app import Dispatcher
from router.cli.app_source import find_app
from router.cli.console import Page, Part, error_text
from router.cli.errors import CommandLineError
from router.cli.events import GivenEvent, read_events
from router.cli.json_output import print_json
from router.cli.mapping_source import DEFAULTS, find_mapping
from router.cli.options import (
    BatchingWindowOption,
    BatchSizeOption,
    EventsArgument,
    FilterOption,
    FunctionOption,
    HandlerAppOption,
    JsonOption,
    ParallelizationOption,
    ParkOption,
    RetriesOption,
    TemplateOption,
    TimeoutOption,
)
from router.cli.places import Parkings, app_in_container
from router.cli.replay_document import (
    GivenUpDocument,
    ReexecutionDocument,
    ReplayDocument,
    ReplayedInvocation,
    replay_document,
)
from router.errors import RouterError
from router.local.event_source_mapping import MappingSettings
from router.local.streams.event_changes import changes_in
from router.local.streams.replay import Dispatch, Replay
from router.local.wording import counted, plural
from router.outcomes import Report
from router.testing import Context

__all__ = ["replay"]

_REPORTING = "ReportBatchItemFailures"
_MOST_ATTEMPTS = 3  # of one batch that are printed; all of them are counted

AgeOption = Annotated[
    int | None, typer.Option(metavar="SECONDS", help="Discard older records: 60 to 604800; -1: never.")
]
TumblingOption = Annotated[int | None, typer.Option(metavar="SECONDS", help="Length of tumbling windows, 0 to 900.")]
BisectOption = Annotated[
    bool | None,
    typer.Option("--bisect-batch-on-function-error/--no-bisect-batch-on-function-error", help="Split a failed batch."),
]
ResponseOption = Annotated[
    list[str] | None,
    typer.Option(metavar="TYPE", help=f"{_REPORTING}, or '' for none."),
]
DestinationOption = Annotated[
    str | None, typer.Option(metavar="ARN", help="The on-failure destination, for the output only.")
]


def replay(
    events: EventsArgument = None,
    app: HandlerAppOption = None,
    as_json: JsonOption = False,
    batch_size: BatchSizeOption[int | None] = None,
    maximum_batching_window_in_seconds: BatchingWindowOption[int | None] = None,
    parallelization_factor: ParallelizationOption[int | None] = None,
    maximum_retry_attempts: RetriesOption[int | None] = None,
    maximum_record_age_in_seconds: AgeOption = None,
    tumbling_window_in_seconds: TumblingOption = None,
    bisect_batch_on_function_error: BisectOption = None,
    function_response_types: ResponseOption = None,
    on_failure: DestinationOption = None,
    filters: FilterOption = None,
    timeout: TimeoutOption = 60,
    park: ParkOption = False,
    template: TemplateOption[str | None] = None,
    function: FunctionOption = None,
) -> int:
    """Run an app on recorded events through an event source mapping, with its batches, retries and discards.

    EVENT is a file of JSON or JSON lines, a folder of such files, or - for standard input, as for router invoke. The
    mapping is that of a table's stream: it cuts the changes in the events, of every source, in order into batches. Its
    clock is virtual: no retry waits. It starts at the time of a stream's last record, so earlier records have an age.
    An invocation beyond --timeout fails.

    The mapping's settings come from template.yaml if it exists, else they are AWS's defaults with
    ReportBatchItemFailures; --template '' reads no template. Options replace them one by one; '' is none of a kind.

    Nothing is parked in the app's parking place, and no route is remembered in its store of completed routes, unless
    --park is given: the output shows which records would be parked, and why.

    The output lists the invocations, their failures, the handlers that ran more than once with a record, and the
    discarded records. Records are counted from 0. Standard error gets the output and the log of handlers.

    With --json, one document: settings_from, records, filtered_out, invocations, reexecutions, discarded, parked,
    unfinished.

    The exit code is 1 if a record was discarded, or failed and was not retried.
    """
    given = {
        "batch_size": batch_size,
        "maximum_batching_window_in_seconds": maximum_batching_window_in_seconds,
        "parallelization_factor": parallelization_factor,
        "maximum_retry_attempts": maximum_retry_attempts,
        "maximum_record_age_in_seconds": maximum_record_age_in_seconds,
        "tumbling_window_in_seconds": tumbling_window_in_seconds,
        "bisect_batch_on_function_error": bisect_batch_on_function_error,
        "function_response_types": _written(function_response_types),
        "destination_config": None if on_failure is None else _destination(on_failure),
        "filter_criteria": None if filters is None else _criteria(_written(filters)),
    }
    source = find_app(app, Path(template) if template else None, function)
    mapping = find_mapping(template, function, source.name)
    settings = mapping.with_options(given)
    records = [(found.name, record) for found in read_events(events) for record in _records(found)]
    dispatcher = source.load()
    # Standard output is for the result, so output of handlers goes to standard error.
    with app_in_container(dispatcher, park=park) as parkings, contextlib.redirect_stdout(sys.stderr):
        changes = [record for _, record in records]
        finished = Replay(changes, settings, _dispatch(dispatcher, timeout), timeout=timeout).run()
    document = replay_document(finished, [name for name, _ in records], mapping.source)
    if as_json:
        print_json(document)
        parkings.show()
    else:
        _show(Page(), document, settings, parkings)
    for note in mapping.notes:
        print(f"router: {note}", file=sys.stderr)
    return int(bool(document["discarded"] or document["unfinished"]))


def _written(values: list[str] | None) -> list[str] | None:
    """The values of an option; an empty one stands for none."""
    return None if values is None else [value for value in values if value]


def _destination(arn: str) -> dict[str, Any]:
    return {"OnFailure": {"Destination": arn}} if arn else {}


def _criteria(patterns: list[str] | None) -> dict[str, Any]:
    return {"Filters": [{"Pattern": pattern} for pattern in patterns or ()]}


def _records(given: GivenEvent) -> list[dict[str, Any]]:
    try:
        return changes_in(given.event)
    except RouterError as error:
        msg = f"{given.name}: {error}"
        raise CommandLineError(msg) from None


def _dispatch(app: Dispatcher, timeout: float) -> Dispatch:
    def dispatch(event: dict[str, Any], request_id: str) -> Report:
        return app.dispatch(event, Context.with_timeout(timeout, request_id))

    return dispatch


def _show(page: Page, document: ReplayDocument, settings: MappingSettings, parkings: Parkings) -> None:
    for _, attempts in groupby(enumerate(document["invocations"], 1), key=lambda each: each[1]["request_id"]):
        for number, invocation in _shown(page, list(attempts)):
            _show_invocation(page, number, invocation)
    if document["reexecutions"]:
        page.line(("Run more than once", "bold"))
        page.rows([_reexecution(document, each) for each in document["reexecutions"]], indent=2)
    if document["discarded"]:
        page.line(
            ("Discarded", "bold"),
            f" to {settings.destination}" if settings.destination else ", no on-failure destination",
        )
        page.rows([_given_up(document, each) for each in document["discarded"]], indent=2)
    if document["unfinished"]:
        page.line(("Failed and not retried", "bold"), f"  {_named(document, document['unfinished'])}")
    for advice in settings.advice():
        page.line(("note: ", "yellow"), advice)
    parkings.show(page)
    _show_summary(page, document)


def _shown(page: Page, attempts: list[tuple[int, ReplayedInvocation]]) -> Iterator[tuple[int, ReplayedInvocation]]:
    """All attempts at a batch, or the first and the last of many."""
    if len(attempts) <= _MOST_ATTEMPTS:
        yield from attempts
        return
    yield from attempts[: _MOST_ATTEMPTS - 1]
    page.line((f"... {counted(len(attempts) - _MOST_ATTEMPTS, 'more attempt')} at the same records", "dim"))
    yield attempts[-1]


def _show_invocation(page: Page, number: int, invocation: ReplayedInvocation) -> None:
    failed = invocation["error"] is not None or "failed" in invocation["statuses"]
    statuses = ", ".join(f"{count} {status}" for status, count in invocation["statuses"].items())
    parts = [f"+{invocation['time']:g} s", f"attempt {invocation['attempt']}", _ranges(invocation["records"]), statuses]
    page.line((f"{number:>3}", "bold red" if failed else "bold green"), *(f"  {part}" for part in parts if part))
    for failed_record in invocation["troubles"]:
        stage = f"{failed_record['stage']}: " if failed_record["stage"] else ""
        handler = f"  {failed_record['handler']}" if failed_record["handler"] else ""
        status: Part = (failed_record["status"], "red")
        text = error_text(failed_record["error"])
        page.line(f"record {failed_record['record']}  ", status, f"{handler}  {stage}", text, indent=5)
    if invocation["error"] is not None:
        page.line((error_text(invocation["error"]), "bold red"), indent=5)
    elif (invocation["response"] or {}).get("batchItemFailures"):
        page.whole(f"response {json.dumps(invocation['response'])}", indent=5)


def _reexecution(document: ReplayDocument, run: ReexecutionDocument) -> list[Part]:
    return [_named(document, [run["record"]]), (run["handler"], "cyan"), f"{run['times']} times"]


def _given_up(document: ReplayDocument, given_up: GivenUpDocument) -> list[Part]:
    return [
        (given_up["condition"] if given_up["document"] else "Trimmed by the stream after 24 hours", "red"),
        _named(document, given_up["records"]),
        _deliveries(document, given_up),
    ]


def _deliveries(document: ReplayDocument, given_up: GivenUpDocument) -> str:
    """The attempts at a batch. AWS's count of them is 1 also for records that were never delivered."""
    given_records = set(given_up["records"])
    if all(given_records.isdisjoint(invocation["records"]) for invocation in document["invocations"]):
        return "never delivered"
    context = (given_up["document"] or {}).get("requestContext", {})
    attempts = context.get("approximateInvokeCount")
    return "" if attempts is None else f"after {counted(attempts, 'invocation')}"


def _named(document: ReplayDocument, positions: Sequence[int]) -> str:
    """Records by position; a single record also by event, entity and sequence number."""
    text = _ranges(positions)
    if len(positions) != 1:
        return text
    record = document["records"][positions[0]]
    parts = (record["event"], record["entity"], record["sequence_number"] or record["event_id"])
    return "  ".join([text, *(part for part in parts if part)])


def _ranges(positions: Sequence[int]) -> str:
    if not positions:
        return "no records"
    ranges = []
    for _, group in groupby(enumerate(positions), key=lambda each: each[1] - each[0]):
        run = [position for _, position in group]
        ranges.append(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}")
    return f"{plural('record', len(positions))} {', '.join(ranges)}"


def _show_summary(page: Page, document: ReplayDocument) -> None:
    discarded = sum(len(given_up["records"]) for given_up in document["discarded"])
    again = sum(run["times"] - 1 for run in document["reexecutions"])
    parts = [
        f"{counted(len(document['records']), 'record')}, {counted(len(document['invocations']), 'invocation')}",
        counted(again, "re-execution"),
        *([f"{len(document['filtered_out'])} filtered out"] if document["filtered_out"] else []),
        *([f"{len(document['parked'])} parked"] if document["parked"] else []),
        *([f"{len(document['unfinished'])} failed"] if document["unfinished"] else []),
        f"{discarded} discarded",
    ]
    bad = document["discarded"] or document["unfinished"]
    page.line(("; ".join(parts), "bold red" if bad else "bold green"))
    if document["settings_from"] != DEFAULTS:
        page.line((f"settings from {document['settings_from']}", "dim"))
