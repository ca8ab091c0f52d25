"""``router replay``: an app on recorded events, under the mapping that Lambda would have."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from time import monotonic
from typing import Annotated, Any

import typer

from router.app import Dispatcher
from router.cli.app_loader import DEFAULT_APP, load_app
from router.cli.console import Page, Part, error_text
from router.cli.errors import CommandLineError
from router.cli.events import GivenEvent, read_events
from router.cli.options import AppOption, EventsArgument, JsonOption
from router.cli.replay_documents import (
    GivenUpDocument,
    InvocationDocument,
    ReexecutionDocument,
    ReplayDocument,
    replay_document,
)
from router.errors import RouterError
from router.local.event_source_mapping import MappingSettings
from router.local.streams.replay import Dispatch, Replay
from router.outcomes import Report
from router.sources import dynamodb_streams, source_of
from router.testing import Context

__all__ = ["replay"]

_REPORTING = "ReportBatchItemFailures"
_MOST_ATTEMPTS = 3  # of one batch that are shown; all of them are counted


TimeoutOption = Annotated[
    float, typer.Option(metavar="SECONDS", min=0, help="The function's time-out; taking longer fails the invocation.")
]
BatchOption = Annotated[int, typer.Option(metavar="N", help="The most records of a batch, 1 to 10000.")]
WindowOption = Annotated[int, typer.Option(metavar="SECONDS", help="How long to gather records, 0 to 300.")]
FactorOption = Annotated[int, typer.Option(metavar="N", help="How many batches of a shard at a time, 1 to 10.")]
RetriesOption = Annotated[int, typer.Option(metavar="N", help="0 to 10000; -1 is for as long as the records live.")]
AgeOption = Annotated[int, typer.Option(metavar="SECONDS", help="Discard what is older: 60 to 604800; -1 is never.")]
TumblingOption = Annotated[int, typer.Option(metavar="SECONDS", help="The length of tumbling windows, 0 to 900.")]
BisectOption = Annotated[
    bool, typer.Option("--bisect-batch-on-function-error/--no-bisect-batch-on-function-error", help="Split what fails.")
]
ResponseOption = Annotated[
    list[str] | None,
    typer.Option(metavar="TYPE", help=f"{_REPORTING}, which is the default, or '' for none."),
]
DestinationOption = Annotated[
    str | None, typer.Option(metavar="ARN", help="The on-failure destination; it is named, and gets nothing.")
]
FilterOption = Annotated[
    list[str] | None, typer.Option("--filter", metavar="PATTERN", help="A filter pattern of the mapping; repeat.")
]


def replay(
    events: EventsArgument = None,
    app: AppOption = DEFAULT_APP,
    as_json: JsonOption = False,
    batch_size: BatchOption = 100,
    maximum_batching_window_in_seconds: WindowOption = 0,
    parallelization_factor: FactorOption = 1,
    maximum_retry_attempts: RetriesOption = -1,
    maximum_record_age_in_seconds: AgeOption = -1,
    tumbling_window_in_seconds: TumblingOption = 0,
    bisect_batch_on_function_error: BisectOption = False,
    function_response_types: ResponseOption = None,
    on_failure: DestinationOption = None,
    filters: FilterOption = None,
    timeout: TimeoutOption = 60,
) -> int:
    """Run an app on recorded events under the event source mapping that Lambda would have, retries and all.

    EVENT is a file of JSON or JSON lines, a folder of such files, or - for standard input, as for router invoke. The
    mapping cuts their records, in order, into batches of its own. Its clock is not the real one: nothing waits. It
    begins at the time of the last record of a stream, so older ones have an age.

    The options are Lambda's, and so are their defaults; only ReportBatchItemFailures is on, as routes need it.

    Shown are the invocations, what failed in them, the handlers that were given a record more than once, and what was
    discarded to the on-failure destination. Records are counted from 0. What handlers print and log goes to standard
    error.

    With --json, one document: records, filtered_out, invocations, reexecutions, discarded, parked, unfinished.

    The exit code is 1 if records were discarded, or failed without anybody trying again.
    """
    types = [_REPORTING] if function_response_types is None else [name for name in function_response_types if name]
    try:
        settings = MappingSettings.of(
            {
                "batch_size": batch_size,
                "maximum_batching_window_in_seconds": maximum_batching_window_in_seconds,
                "parallelization_factor": parallelization_factor,
                "maximum_retry_attempts": maximum_retry_attempts,
                "maximum_record_age_in_seconds": maximum_record_age_in_seconds,
                "tumbling_window_in_seconds": tumbling_window_in_seconds,
                "bisect_batch_on_function_error": bisect_batch_on_function_error,
                "function_response_types": types,
                "destination_config": {"OnFailure": {"Destination": on_failure}} if on_failure else {},
                "filter_criteria": {"Filters": [{"Pattern": pattern} for pattern in filters or ()]},
            }
        )
    except RouterError as error:
        raise CommandLineError(str(error)) from None
    given = [(one.name, record) for one in read_events(events) for record in _records(one)]
    dispatcher = load_app(app)
    # Standard output is for the result; Lambda has one log for all that a function prints.
    with contextlib.redirect_stdout(sys.stderr):
        records = [record for _, record in given]
        done = Replay(records, settings, _dispatch(dispatcher, timeout), timeout=timeout).run()
    document = replay_document(done, [name for name, _ in given])
    if as_json:
        print(json.dumps(document))
    else:
        _show(Page(), document, settings)
    return int(bool(document["discarded"] or document["unfinished"]))


def _records(given: GivenEvent) -> list[dict[str, Any]]:
    try:
        source = source_of(given.event)
    except RouterError as error:
        msg = f"{given.name}: {error}"
        raise CommandLineError(msg) from None
    records: list[dict[str, Any]] = given.event["Records"]
    if source is not dynamodb_streams.SOURCE or not all(isinstance(record, dict) for record in records):
        msg = f"found {given.name} to hold other records than those of DynamoDB streams, expected only such"
        raise CommandLineError(msg)
    return records


def _dispatch(app: Dispatcher, timeout: float) -> Dispatch:
    def dispatch(event: dict[str, Any], request_id: str) -> Report:
        deadline = monotonic() + timeout
        return app.dispatch(event, Context(request_id, remaining=lambda: deadline - monotonic()))

    return dispatch


def _show(page: Page, document: ReplayDocument, settings: MappingSettings) -> None:
    for _, attempts in groupby(enumerate(document["invocations"], 1), key=lambda each: each[1]["request_id"]):
        for number, invocation in _shown(page, list(attempts)):
            _show_invocation(page, number, invocation)
    if document["reexecutions"]:
        page.line(("Run more than once", "bold"))
        page.rows([_reexecution(document, each) for each in document["reexecutions"]], indent=2)
    if document["discarded"]:
        page.line(("Discarded", "bold"), f" to {settings.destination}" if settings.destination else ", to nowhere")
        page.rows([_given_up(document, each) for each in document["discarded"]], indent=2)
    if document["unfinished"]:
        page.line(("Failed, and not tried again", "bold"), f"  {_named(document, document['unfinished'])}")
    for advice in settings.advice():
        page.line(("note: ", "yellow"), advice)
    _show_summary(page, document)


def _shown(page: Page, attempts: list[tuple[int, InvocationDocument]]) -> Iterator[tuple[int, InvocationDocument]]:
    """All attempts at a batch, or the first and the last where there are many."""
    if len(attempts) <= _MOST_ATTEMPTS:
        yield from attempts
        return
    yield from attempts[: _MOST_ATTEMPTS - 1]
    page.line((f"... {len(attempts) - _MOST_ATTEMPTS} more attempts at the same records", "dim"))
    yield attempts[-1]


def _show_invocation(page: Page, number: int, invocation: InvocationDocument) -> None:
    failed = invocation["error"] is not None or "failed" in invocation["statuses"]
    statuses = ", ".join(f"{count} {status}" for status, count in invocation["statuses"].items())
    parts = [f"+{invocation['time']:g} s", f"attempt {invocation['attempt']}", _ranges(invocation["records"]), statuses]
    page.line((f"{number:>3}", "bold red" if failed else "bold green"), *(f"  {part}" for part in parts if part))
    for trouble in invocation["troubles"]:
        stage = f"{trouble['stage']}: " if trouble["stage"] else ""
        handler = f"  {trouble['handler']}" if trouble["handler"] else ""
        page.line(
            f"record {trouble['record']}  ", (trouble["status"], "red"), f"{handler}  {stage}",
            error_text(trouble["error"]), indent=5,
        )  # fmt: skip
    if invocation["error"] is not None:
        page.line((error_text(invocation["error"]), "bold red"), indent=5)
    elif (invocation["response"] or {}).get("batchItemFailures"):
        page.whole(f"response {json.dumps(invocation['response'])}", indent=5)


def _reexecution(document: ReplayDocument, run: ReexecutionDocument) -> list[Part]:
    return [_named(document, [run["record"]]), (run["handler"], "cyan"), f"{run['times']} times"]


def _given_up(document: ReplayDocument, given_up: GivenUpDocument) -> list[Part]:
    context = (given_up["document"] or {}).get("requestContext", {})
    attempts = context.get("approximateInvokeCount")
    return [
        (given_up["condition"] if given_up["document"] else "Trimmed by the stream after 24 hours", "red"),
        _named(document, given_up["records"]),
        "" if attempts is None else f"after {_count(attempts, 'invocation')}",
    ]


def _named(document: ReplayDocument, positions: Sequence[int]) -> str:
    """Records by position; a single one also by what is known of it."""
    text = _ranges(positions)
    if len(positions) != 1:
        return text
    record = document["records"][positions[0]]
    what = (record["event"], record["entity"], record["sequence_number"] or record["event_id"])
    return "  ".join([text, *(part for part in what if part)])


def _ranges(positions: Sequence[int]) -> str:
    if not positions:
        return "no records"
    told = []
    for _, group in groupby(enumerate(positions), key=lambda each: each[1] - each[0]):
        run = [position for _, position in group]
        told.append(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}")
    return f"record{'' if len(positions) == 1 else 's'} {', '.join(told)}"


def _show_summary(page: Page, document: ReplayDocument) -> None:
    discarded = sum(len(given_up["records"]) for given_up in document["discarded"])
    again = sum(run["times"] - 1 for run in document["reexecutions"])
    told = [
        f"{_count(len(document['records']), 'record')}, {_count(len(document['invocations']), 'invocation')}",
        _count(again, "re-execution"),
        *([f"{len(document['filtered_out'])} filtered out"] if document["filtered_out"] else []),
        *([f"{len(document['parked'])} parked"] if document["parked"] else []),
        *([f"{len(document['unfinished'])} failed"] if document["unfinished"] else []),
        f"{discarded} discarded",
    ]
    bad = document["discarded"] or document["unfinished"]
    page.line(("; ".join(told), "bold red" if bad else "bold green"))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
