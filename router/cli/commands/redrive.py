"""``router redrive``: send parked records and failure documents through the routes again."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from router.cli.app_source import find_app
from router.cli.console import Page, error_text
from router.cli.errors import CommandLineError
from router.cli.json_output import print_json
from router.cli.options import HandlerAppOption, JsonOption, TemplateOption
from router.cli.parked_place import (
    EntityOption,
    ErrorOption,
    OpenPlace,
    PlaceArgument,
    RouteOption,
    UrlOption,
    opened,
    selection_of,
)
from router.cli.redrive_output import OUTCOME_STYLES, attempt_document, parked_text
from router.cli.stop_request import StopRequest, stop_request
from router.local.deployed_function import DeployedFunction
from router.local.redrive.records import ParkedRecord
from router.local.redrive.redrive import LEFT, Attempt, Redrive, Settings
from router.local.redrive.runners import InFunction, InProcess, Result, Runner
from router.local.redrive.table import Table
from router.local.wording import counted
from router.testing import Context

__all__ = ["redrive"]

_LONGEST_SECONDS = 900.0  # of an invocation of Lambda
_STOPPING_SECONDS = 30.0  # for the record in flight, which else runs again
_SOME_STAY = 3

DeployedOption = Annotated[
    str | None, typer.Option("--function", metavar="NAME", help="Invoke this Lambda function instead of the app.")
]
StaleOption = Annotated[
    str, typer.Option("--stale", metavar="keep|refresh|allow", help="What to do with records older than their item.")
]
TableOption = Annotated[str | None, typer.Option("--table", metavar="NAME", help="The table; else the record's.")]
RenameOption = Annotated[
    list[str] | None, typer.Option("--rename", metavar="OLD=NEW", help="The present name of a route; repeat.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")]
LimitOption = Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="Send so many records at most.")]
RateOption = Annotated[
    float | None, typer.Option("--rate", metavar="N", min=0.001, help="Send so many records a second at most.")
]


def redrive(
    context: typer.Context,
    place: PlaceArgument,
    app: HandlerAppOption = None,
    function: DeployedOption = None,
    template: TemplateOption[Path | None] = None,
    stale: StaleOption = "keep",
    table: TableOption = None,
    entity: EntityOption = None,
    route: RouteOption = None,
    error: ErrorOption = None,
    rename: RenameOption = None,
    dry_run: DryRunOption = False,
    limit: LimitOption = None,
    rate: RateOption = None,
    endpoint_url: UrlOption = None,
    as_json: JsonOption = False,
) -> int:
    """Send the parked records and failure documents of a place through the routes again, in the order of each item.

    A record runs at the route at which it was parked, in this process or with --function in a deployed function. What
    is done leaves the place, what fails stays, and the later records of its item wait. After an end of any kind the
    same command goes on.

    Each record is compared with its item in the table. A record that is older than its item is kept; --stale refresh
    sends the change from its old image to the present item instead, and --stale allow sends it as it is.

    The app logs from LOG_LEVEL on, by default ERROR, to standard error.

    With --json, a line for each record: its fields, outcome, failed_at, failed_with, why, refreshed; the last line has
    the counts of the outcomes.

    The exit code is 0 if every record left the place, 1 if one failed, 3 if none failed and some stay, such as stale
    ones.
    """
    if stale not in ("keep", "refresh", "allow"):
        msg = f"found --stale {stale}, expected keep, refresh or allow"
        raise CommandLineError(msg)
    # ROUTER_APP and pyproject.toml name the app of every command, and contradict no option.
    given = context.get_parameter_source("app")
    if function is not None and given is not None and given.name == "COMMANDLINE":
        msg = "found both --app and --function, expected one of them"
        raise CommandLineError(msg)
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    renamed = dict(map(_renaming, rename or ()))
    with contextlib.ExitStack() as stack:
        runner = _runner(stack, app, template, function, endpoint_url)
        stop = stack.enter_context(stop_request())
        stop.defer()
        stop.limit = _STOPPING_SECONDS
        found = stack.enter_context(opened(place, endpoint_url, to_redrive=True))
        settings = Settings(
            selection=selection_of(entity, route, error),
            table=None if stale == "allow" else Table(found.clients, table),
            refresh=stale == "refresh",
            dry_run=dry_run,
            limit=limit,
            renamed=renamed,
        )
        counts = _run(found, _Interruptible(runner, stop), settings, stop, rate, Page() if not as_json else None)
    _show_summary(counts, place, as_json=as_json)
    return stop.exit_code or _exit_code(counts)


def _renaming(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        msg = f"found --rename {text}, expected OLD=NEW, two names of a route"
        raise CommandLineError(msg)
    return old, new


def _runner(
    stack: contextlib.ExitStack, app: str | None, template: Path | None, function: str | None, endpoint_url: str | None
) -> Runner:
    if function is not None:
        return InFunction(stack.enter_context(contextlib.closing(DeployedFunction(function, endpoint_url))))
    dispatcher = find_app(app, template).load()
    stack.enter_context(dispatcher.in_new_container())
    return InProcess(dispatcher, partial(Context.with_timeout, _LONGEST_SECONDS, function_name="router-redrive"))


def _run(
    found: OpenPlace, runner: Runner, settings: Settings, stop: StopRequest, rate: float | None, page: Page | None
) -> Counter[str]:
    assert found.journal is not None  # noqa: S101 - the place is open to redrive
    counts: Counter[str] = Counter()
    redriving = Redrive(found.place, found.reading, found.journal, runner, settings, _Pace(rate, stop).wait)
    with _progress_bar() as advance:
        while not redriving.is_stopped and (records := _taken(found, stop)):
            advance(len(records), 0)
            for attempt in redriving.attempts(records):
                counts[attempt.outcome] += 1
                _show(attempt, page)
                advance(0, 1)
    return counts


def _taken(found: OpenPlace, stop: StopRequest) -> list[ParkedRecord]:
    with stop.step():
        return found.reading.take()


class _Interruptible:
    """A runner that a signal interrupts, and nothing else of a redrive."""

    def __init__(self, runner: Runner, stop: StopRequest) -> None:
        self.refusal = runner.refusal
        self._runner = runner
        self._stop = stop

    def run(self, event: Mapping[str, Any]) -> Result:
        with self._stop.step():
            return self._runner.run(event)


class _Pace:
    """Waits between records, and says when to stop."""

    def __init__(self, rate: float | None, stop: StopRequest) -> None:
        self._seconds = 0.0 if rate is None else 1 / rate
        self._next = time.monotonic()
        self._stop = stop

    def wait(self) -> bool:
        """Wait until the next record may start; returns whether to stop."""
        with self._stop.step():
            time.sleep(max(self._next - time.monotonic(), 0.0))
        self._next = max(self._next, time.monotonic()) + self._seconds
        return self._stop.requested


def _show(attempt: Attempt, page: Page | None) -> None:
    document = attempt_document(attempt)
    if page is None:
        print_json(document)
        return
    if attempt.outcome == "done":
        return
    page.line((f"{attempt.outcome:<10}", OUTCOME_STYLES[attempt.outcome]), "  ", *_joined(parked_text(document)[:4]))
    error = document["failed_with"]
    why = f"{document['failed_at'] or 'invocation'}: {error_text(error)}" if error else document["why"]  # type: ignore[arg-type]  # the fields of safe_error()
    if why:
        page.line(why, indent=12)
    page.flush()


def _joined(parts: list[str | tuple[str, str]]) -> Iterator[str | tuple[str, str]]:
    for part in parts:
        yield part
        yield "  "


@contextlib.contextmanager
def _progress_bar() -> Iterator[Callable[[int, int], object]]:
    """A function that adds records to the whole and to what is over; on a terminal with a bar."""
    if not sys.stderr.isatty():
        yield lambda _more, _over: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=False, transient=True) as bar:
        task, whole = bar.add_task("records", total=0), 0

        def advance(more: int, over: int) -> None:
            nonlocal whole
            whole += more
            bar.update(task, total=whole, advance=over)

        yield advance


def _show_summary(counts: Counter[str], place: str, *, as_json: bool) -> None:
    ordered = {name: counts[name] for name in OUTCOME_STYLES if counts[name]}
    if as_json:
        print_json({"place": place, "outcomes": ordered})
        return
    text = ", ".join(f"{count} {name}" for name, count in ordered.items())
    failed = counts["failed"]
    Page().line((f"{counted(sum(counts.values()), 'record')}: {text or 'none'}", "bold red" if failed else "bold"))


def _exit_code(counts: Counter[str]) -> int:
    if counts["failed"]:
        return 1
    return _SOME_STAY if any(count and name not in (*LEFT, "ready") for name, count in counts.items()) else 0
