"""Run a backfill with a progress bar, and show its result."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypedDict

from router.app import Dispatcher
from router.cli.console import STATUS_STYLES, Page, Part
from router.cli.json_output import print_json
from router.cli.stop_request import StopRequest, stop_request
from router.local.backfill.backfill import Backfill
from router.local.backfill.capacity import CapacityRate
from router.local.backfill.checkpoint import Checkpoint
from router.local.backfill.entities import preview
from router.local.backfill.existing_items import BackfillError, ExistingItems
from router.local.backfill.targets import Target
from router.local.deployed_function import FunctionNotInvokedError

__all__ = ["BackfillDocument", "BackfillRun", "show_preview"]

_STOPPING_SECONDS = 30.0  # for the invocations in flight; what they do runs again if they do not end
_MOST_REASONS = 10


class BackfillDocument(TypedDict):
    """What ``router backfill --json`` prints."""

    table: str
    finished: bool  # whether every item was sent, in this run or an earlier one
    items: int  # read in this run
    items_of_all_runs: int
    passed_over: int  # of another entity than --entity
    retried: int  # items that had failed in an earlier run
    outcomes: dict[str, int]  # of this run, by status
    failed: int  # items that wait for the next run
    reasons: dict[str, int]  # of these, without values of items
    capacity_units: float  # of reading the table
    checkpoint: str


class BackfillRun:
    """One run of the command.

    Args:
        batch_size: The most items of an invocation.
        limit: The most items of this run.
        workers: How many parts are read at a time.
        as_json: Whether to print JSON.
    """

    def __init__(self, *, batch_size: int, limit: int | None, workers: int, as_json: bool) -> None:
        self.batch_size = batch_size
        self.limit = limit
        self.workers = workers
        self.as_json = as_json
        self.takes: Callable[[Mapping[str, Any]], bool] | None = None
        self.stopping = threading.Event()
        self.rate = CapacityRate(None, self.stopping.wait)

    def send(self, items: ExistingItems, target: Target, checkpoint: Checkpoint) -> int:
        """Send the items and show the result; returns the exit code."""
        with stop_request() as stop, _progress_bar(items.total, checkpoint.items) as sent:
            stop.defer()
            stop.limit = _STOPPING_SECONDS
            backfill = Backfill(
                items,
                target,
                checkpoint,
                takes=self.takes or (lambda _: True),
                batch_size=self.batch_size,
                limit=self.limit,
                sent=sent,
                stop=self.stopping,
            )
            problem = self._run(backfill, stop)
        checkpoint.write()
        document = self._document(items, backfill, checkpoint)
        if self.as_json:
            print_json(document)
        else:
            _show(Page(), document, str(checkpoint.failures_path))
        if problem:
            print(f"router: {problem}", file=sys.stderr)
        return stop.exit_code or int(bool(problem or document["failed"]))

    def _run(self, backfill: Backfill, stop: StopRequest) -> str | None:
        """Run to the end, or return why it ended before."""
        # Standard output is for the result, so output of handlers goes to standard error.
        with contextlib.redirect_stdout(sys.stderr):
            try:
                backfill.run(self.workers, lambda: stop.requested)
            except (BackfillError, FunctionNotInvokedError) as error:
                return f"{error}; the same command goes on"
        return None

    def _document(self, items: ExistingItems, backfill: Backfill, checkpoint: Checkpoint) -> BackfillDocument:
        failures = checkpoint.failures
        return {
            "table": items.table,
            "finished": backfill.is_finished,
            "items": backfill.items,
            "items_of_all_runs": checkpoint.items,
            "passed_over": backfill.passed_over,
            "retried": backfill.retried,
            "outcomes": dict(backfill.outcomes),
            "failed": len(failures),
            "reasons": dict(Counter(each.reason for each in failures).most_common()),
            "capacity_units": round(self.rate.consumed, 1),
            "checkpoint": str(checkpoint.path),
        }


def show_preview(items: ExistingItems, app: Dispatcher, run: BackfillRun) -> int:
    """Count the items by entity and route, and run nothing; returns the exit code."""
    with stop_request() as stop, _progress_bar(items.total, 0) as read:
        stop.defer()
        found = preview(items, app, run.takes, run.limit, read, lambda: stop.requested)
    if run.as_json:
        print_json({"items": found.items, "entities": dict(found.entities), "routes": dict(found.routes)})
        return stop.exit_code
    page = Page()
    page.rows([[("Entity", "bold"), ("Items", "bold")], *_counts(found.entities)])
    page.rows([[("Route", "bold"), ("Items", "bold")], *_counts(found.routes)])
    page.line((f"{found.items:,} items read, nothing was run", "bold green"))
    return stop.exit_code


def _counts(counter: Counter[str]) -> Iterator[list[Part]]:
    for name, count in counter.most_common():
        yield [(name, "cyan"), f"{count:,}"]


def _show(page: Page, document: BackfillDocument, failures: str) -> None:
    if document["failed"]:
        page.line(
            ("Failed", "bold red"), f"  {document['failed']:,} items in {failures}; the same command runs them again"
        )
        reasons = list(document["reasons"].items())
        page.rows([[f"{count:,}", reason] for reason, count in reasons[:_MOST_REASONS]], indent=2)
        if len(reasons) > _MOST_REASONS:
            page.line(f"... {len(reasons) - _MOST_REASONS} more reasons", indent=2)
    outcomes = [
        (f"{count:,} {status}  ", STATUS_STYLES.get(status, "")) for status, count in document["outcomes"].items()
    ]
    if outcomes:
        page.line(*outcomes)
    parts = [f"{document['items']:,} items read", f"{document['items_of_all_runs']:,} in all runs"]
    parts += [f"{document['passed_over']:,} of other entities"] if document["passed_over"] else []
    parts += [f"{document['retried']:,} run again"] if document["retried"] else []
    parts += [f"{document['capacity_units']:,} capacity units"] if document["capacity_units"] else []
    parts += ["all sent" if document["finished"] else "not finished; the same command goes on"]
    whole = document["finished"] and not document["failed"]
    page.line(("; ".join(parts), "bold green" if whole else "bold yellow"))


@contextlib.contextmanager
def _progress_bar(total: int | None, done: int) -> Iterator[Callable[[int], object]]:
    """A function that counts items, on a terminal with a bar, the rate and the time left."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=False, speed_estimate_period=10) as bar:
        task = bar.add_task("items", total=total, completed=done, rate="")

        def advance(items: int) -> None:
            bar.advance(task, items)
            speed = bar.tasks[0].speed
            bar.update(task, rate="" if speed is None else f"{speed:,.0f} items/s")

        yield advance
