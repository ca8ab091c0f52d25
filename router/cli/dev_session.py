"""A session of ``router dev``: invocations of the app, what is shown of them, and the faults that are put in."""

from __future__ import annotations

import copy
import json
import sys
import time
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from router.cli.console import Page, Part, error_text, printable
from router.cli.json_output import ErrorDocument, error_document
from router.cli.runners import Function
from router.errors import RouterError
from router.local.cloudformation.template import LocalFunction
from router.local.event_source_mapping import Action, Discard, FunctionError, Invoke, Result, Returned, Trim
from router.outcomes import Outcome
from router.record import Record

__all__ = ["Faults", "RoutedDocument", "Session"]

_STYLES = {"done": "green", "parked": "yellow", "failed": "bold red", "deferred": "red"}
_WIDEST = 60  # columns


@dataclass(frozen=True)
class Faults:
    """What goes wrong on purpose.

    Args:
        poison: The share of records that fail whenever they come, 0 to 1.
        fail: Every how many invocations one fails as a whole; 0 for none.
        slow: Seconds that each invocation takes longer.
    """

    poison: float = 0.0
    fail: int = 0
    slow: float = 0.0

    def poisons(self, raw: Mapping[str, Any]) -> bool:
        """Whether a record is one of those that fail: always the same ones, or retrying would heal them."""
        number = str(raw.get("dynamodb", {}).get("SequenceNumber"))
        return zlib.crc32(number.encode()) < self.poison * 2**32

    def __str__(self) -> str:
        told = [
            f"{self.poison:.2%} of the records fail" if self.poison else "",
            f"every invocation in {self.fail} fails" if self.fail else "",
            f"each invocation takes {self.slow:g} s longer" if self.slow else "",
        ]
        return ", ".join(filter(None, told))


class RoutedDocument(TypedDict):
    """What became of a record at one route, as ``router dev --json`` prints it."""

    time: str
    entity: str | None
    event: str | None
    keys: dict[str, Any] | None  # null with --no-keys
    handler: str | None
    status: str
    stage: str | None
    error: ErrorDocument | None
    attempt: int
    request_id: str
    duration: float  # seconds


class Session:
    """Runs the app for a mapping, and shows every record as it is routed.

    Args:
        runs: What runs the app.
        function: What the template says of it.
        page: Where to show it.
        faults: What goes wrong on purpose.
        keys: Whether the items' keys are shown.
        as_json: Whether records are shown as JSON lines.
    """

    def __init__(
        self, runs: Function, function: LocalFunction, page: Page, faults: Faults, *, keys: bool, as_json: bool
    ) -> None:
        self.runs = runs
        self.reloads = 0
        self._function = function
        self._page = page
        self._faults = faults
        self._keys = keys
        self._as_json = as_json
        self._counts: Counter[str] = Counter()
        self._statuses: Counter[str] = Counter()
        self._widest = 0  # of the keys so far, so that what follows them stands in a column
        self._began = time.monotonic()

    def invoke(self, invoke: Invoke) -> Result:
        """Call the app as Lambda would.

        Args:
            invoke: What the mapping asks for.
        """
        self._counts["invocations"] += 1
        self._counts["retries"] += invoke.attempt > 1
        time.sleep(self._faults.slow)
        if self._faults.fail and self._counts["invocations"] % self._faults.fail == 0:
            return self._failed(invoke, "failed on purpose, --fail")
        raws = invoke.event["Records"]
        poison = next((at for at, raw in enumerate(raws) if self._faults.poisons(raw)), None)
        return self._run(invoke, raws) if poison is None else self._run_poisoned(invoke, raws, poison)

    def _run_poisoned(self, invoke: Invoke, raws: list[Any], poison: int) -> Result:
        if not self._function.settings.reports:
            return self._failed(invoke, "met a record that fails on purpose, --poison")
        # What a dispatcher does with a record that fails: what comes before it is done, and what comes behind waits.
        result = self._run(invoke, raws[:poison]) if poison else Returned({})
        if not isinstance(result, Returned) or result.response.get("batchItemFailures"):
            return result
        for at, raw in enumerate(raws[poison:]):
            self._show_withheld(raw, "deferred" if at else "failed", invoke)
        return Returned({"batchItemFailures": [{"itemIdentifier": raws[poison]["dynamodb"]["SequenceNumber"]}]})

    def _run(self, invoke: Invoke, raws: list[Any]) -> Result:
        event = copy.deepcopy({**invoke.event, "Records": raws})
        ran = self.runs.run(event, invoke.request_id, spent=self._faults.slow)
        if ran.note:
            self.note(ran.note, "dim")
        for outcome in ran.report:
            self._show(self._document(outcome, invoke))
        return self._failed(invoke, ran.problem) if ran.problem else Returned(ran.report.response)

    def _document(self, outcome: Outcome, invoke: Invoke) -> RoutedDocument:
        document = self._identified(outcome.record, outcome.status, invoke)
        document["handler"] = outcome.route.name if outcome.route else None
        document["stage"] = outcome.stage
        document["error"] = None if outcome.error is None else error_document(outcome.error)
        document["duration"] = round(outcome.duration, 6)
        return document

    def _show_withheld(self, raw: dict[str, Any], status: str, invoke: Invoke) -> None:
        document = self._identified(self.runs.app.explain(raw).record, status, invoke)
        if status == "failed":
            document["error"] = {"error": "Poison", "reason": "fails on purpose, --poison"}
        self._show(document)

    def _identified(self, record: Record, status: str, invoke: Invoke) -> RoutedDocument:
        """A document of a record that says nothing yet of how it went."""
        return {
            "time": _now(),
            "entity": self.runs.app.explain(record).entity,
            "event": str(record.event) if record.event else None,
            "keys": self._keys_of(record),
            "handler": None,
            "status": status,
            "stage": None,
            "error": None,
            "attempt": invoke.attempt,
            "request_id": invoke.request_id,
            "duration": 0.0,
        }

    def _keys_of(self, record: Record) -> dict[str, Any] | None:
        try:
            return record.keys if self._keys else None
        except RouterError:
            return None

    def _show(self, document: RoutedDocument) -> None:
        self._statuses[document["status"]] += 1
        if self._as_json:
            self._print_json(document)
            return
        status, error = document["status"], document["error"]
        keys = " ".join(f"{name}={value}" for name, value in (document["keys"] or {}).items())
        self._widest = min(max(self._widest, len(keys)), _WIDEST)
        parts: list[Part] = [
            (f"{document['time'][11:23]}  ", "dim"),
            (f"{document['event'] or '?':<6}  ", "cyan"),
            (f"{document['entity'] or 'no entity':<10}  ", "bold"),
            f"{keys:<{self._widest}}  " if self._keys else "",
            (f"{status:<8}", _STYLES.get(status, "dim")),
            f"  {document['handler']}" if document["handler"] else "",
            f"  attempt {document['attempt']}" if document["attempt"] > 1 else "",
            (f"  {document['duration'] * 1000:.1f} ms" if document["duration"] else "", "dim"),
        ]
        if error:
            parts.append((f"  {error_text(error)}", "red"))
        self._page.line(*parts)
        self._page.flush()

    def _print_json(self, document: Any) -> None:
        self._page.whole(json.dumps(document, default=str))
        self._page.flush()

    def _failed(self, invoke: Invoke, why: str) -> FunctionError:
        self._counts["function errors"] += 1
        count = _count(len(invoke.event["Records"]), "record")
        self.note(f"invocation of {count} failed at attempt {invoke.attempt}: {why}", "bold red")
        return FunctionError()

    def note(self, text: str, style: str = "yellow") -> None:
        """Say something that is not about one record.

        Args:
            text: A line.
            style: One of rich's styles.
        """
        if self._as_json:
            print(printable(text), file=sys.stderr, flush=True)
            return
        self._page.line((f"{_now()[11:23]}  ", "dim"), (text, style))
        self._page.flush()

    def listen(self, action: Action) -> None:
        """Show what the mapping gives up.

        Args:
            action: What it did.
        """
        if isinstance(action, Discard):
            self._counts["discarded"] += len(action.records)
            tries = action.document["requestContext"]["approximateInvokeCount"]
            where = self._function.settings.destination
            told = f"; in Lambda a document would go to {where}" if where else "; there is no on-failure destination"
            count = _count(len(action.records), "record")
            self.note(f"discarded {count}: {action.condition}, tried {_count(tries, 'time')}{told}", "bold red")
        elif isinstance(action, Trim):
            self._counts["trimmed"] += len(action.records)
            self.note(f"lost {_count(len(action.records), 'record')}: older than the 24 hours of a stream", "bold red")

    def summary(self) -> None:
        """Say what there was."""
        seconds = time.monotonic() - self._began
        statuses = ", ".join(f"{number} {status}" for status, number in sorted(self._statuses.items())) or "nothing"
        counts = ", ".join(
            f"{self._counts[name]} {name}" for name in ("retries", "function errors", "discarded", "trimmed")
        )
        invocations = _count(self._counts["invocations"], "invocation")
        text = f"{seconds:.0f} s, {invocations}: {statuses}; {counts}, {_count(self.reloads, 'reload')}"
        self.note(text, "bold")


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="milliseconds")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
