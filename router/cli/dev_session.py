"""A session of ``router dev``: invokes the app, prints each record's outcomes, and injects failures."""

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

from router.cli.console import STATUS_STYLES, Page, Part, error_text, printable
from router.cli.json_output import ErrorDocument, error_document
from router.cli.runners import AppRunner
from router.errors import RouterError
from router.local.cloudformation.template import LocalFunction
from router.local.event_source_mapping import Action, Discard, FunctionError, Invoke, Result, Returned, Trim
from router.local.wording import counted
from router.outcomes import Outcome
from router.record import Record

__all__ = ["DevSession", "InjectedFailures", "RoutedDocument"]

_WIDEST_KEYS = 60  # columns


@dataclass(frozen=True)
class InjectedFailures:
    """Failures on purpose.

    Args:
        poison: The share of records that fail at every attempt, 0 to 1.
        fail: Every Nth invocation fails as a whole; 0 for none.
        slow: Seconds added to each invocation.
    """

    poison: float = 0.0
    fail: int = 0
    slow: float = 0.0

    def poisons(self, raw: Mapping[str, Any]) -> bool:
        """Whether a record fails: a function of its sequence number, so that a retry fails too."""
        return zlib.crc32(_sequence_number(raw).encode()) < self.poison * 2**32

    def __str__(self) -> str:
        parts = [
            f"{self.poison:.2%} of the records fail" if self.poison else "",
            f"every invocation in {self.fail} fails" if self.fail else "",
            f"each invocation takes {self.slow:g} s longer" if self.slow else "",
        ]
        return ", ".join(filter(None, parts))


class RoutedDocument(TypedDict):
    """A record's outcome at one route, as ``router dev --json`` prints it."""

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


class DevSession:
    """Runs the app for a mapping and prints the outcomes of every record.

    Args:
        runner: Runs the app.
        function: The function as the template describes it.
        page: Where to print.
        failures: Failures on purpose.
        keys: Whether to print the items' keys.
        as_json: Whether to print JSON lines.
    """

    def __init__(
        self,
        runner: AppRunner,
        function: LocalFunction,
        page: Page,
        failures: InjectedFailures,
        *,
        keys: bool,
        as_json: bool,
    ) -> None:
        self.runner = runner
        self.reloads = 0
        self._function = function
        self._page = page
        self._failures = failures
        self._keys = keys
        self._as_json = as_json
        self._counts: Counter[str] = Counter()
        self._statuses: Counter[str] = Counter()
        self._delivered: set[str] = set()  # the sequence numbers of records that are not done
        self._keys_width = 0  # the widest keys so far; the next cells of a line form columns
        self._began = time.monotonic()

    def invoke(self, invoke: Invoke) -> Result:
        """Invoke the app as Lambda does.

        Args:
            invoke: The mapping's invocation.
        """
        self._counts["invocations"] += 1
        self._counts["retries"] += invoke.attempt > 1
        result = self._invoke(invoke)
        numbers = list(map(_sequence_number, invoke.event["Records"]))
        self._delivered.difference_update(numbers)
        self._delivered.update(_not_done(numbers, result))
        return result

    def _invoke(self, invoke: Invoke) -> Result:
        time.sleep(self._failures.slow)
        if self._failures.fail and self._counts["invocations"] % self._failures.fail == 0:
            return self._failed(invoke, "failed on purpose, --fail")
        raws = invoke.event["Records"]
        poison = next((at for at, raw in enumerate(raws) if self._failures.poisons(raw)), None)
        return self._run(invoke, raws) if poison is None else self._run_poisoned(invoke, raws, poison)

    def _run_poisoned(self, invoke: Invoke, raws: list[Any], poison: int) -> Result:
        if not self._function.settings.reports:
            return self._failed(invoke, "found a record that fails on purpose, --poison")
        # Like a dispatcher: records before the failure are done, records behind it are deferred.
        state = {"state": invoke.event["state"]} if "state" in invoke.event else {}
        result = self._run(invoke, raws[:poison]) if poison else Returned(state)
        if not isinstance(result, Returned) or result.response.get("batchItemFailures"):
            return result
        for at, raw in enumerate(raws[poison:]):
            self._show_withheld(raw, "deferred" if at else "failed", invoke)
        failures = [{"itemIdentifier": _sequence_number(raws[poison])}]
        return Returned({**result.response, "batchItemFailures": failures})

    def _run(self, invoke: Invoke, raws: list[Any]) -> Result:
        event = copy.deepcopy({**invoke.event, "Records": raws})
        result = self.runner.run(event, invoke.request_id, spent=self._failures.slow)
        if result.note:
            self.note(result.note, "dim")
        for outcome in result.report:
            self._show(self._document(outcome, invoke))
        if event.get("isFinalInvokeForWindow") and not result.problem:
            self.note(f"window from {event['window']['start']} to {event['window']['end']} is over", "dim")
        return self._failed(invoke, result.problem) if result.problem else Returned(result.report.response)

    def _document(self, outcome: Outcome, invoke: Invoke) -> RoutedDocument:
        document = self._identified(outcome.record, outcome.status, invoke)
        document["handler"] = outcome.route.name if outcome.route else None
        document["stage"] = outcome.stage
        document["error"] = None if outcome.error is None else error_document(outcome.error)
        document["duration"] = round(outcome.duration, 6)
        return document

    def _show_withheld(self, raw: dict[str, Any], status: str, invoke: Invoke) -> None:
        document = self._identified(self.runner.app.explain(raw).record, status, invoke)
        if status == "failed":
            document["error"] = {"error": "Poison", "reason": "fails on purpose, --poison"}
        self._show(document)

    def _identified(self, record: Record, status: str, invoke: Invoke) -> RoutedDocument:
        """A document with the record's identity and status, without handler, stage and error."""
        return {
            "time": _now(),
            "entity": self.runner.app.explain(record).entity,
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
            self._page.whole(json.dumps(document, default=str))
        else:
            self._page.line(*self._line(document))
        self._page.flush()

    def _line(self, document: RoutedDocument) -> list[Part]:
        status, error = document["status"], document["error"]
        keys = " ".join(f"{name}={value}" for name, value in (document["keys"] or {}).items())
        self._keys_width = min(max(self._keys_width, len(keys)), _WIDEST_KEYS)
        return [
            (f"{document['time'][11:23]}  ", "dim"),
            (f"{document['event'] or '?':<6}  ", "cyan"),
            (f"{document['entity'] or 'no entity':<10}  ", "bold"),
            f"{keys:<{self._keys_width}}  " if self._keys else "",
            (f"{status:<8}", STATUS_STYLES[status]),
            f"  {document['handler']}" if document["handler"] else "",
            f"  attempt {document['attempt']}" if document["attempt"] > 1 else "",
            (f"  {document['duration'] * 1000:.1f} ms" if document["duration"] else "", "dim"),
            (f"  {error_text(error)}" if error else "", "red"),
        ]

    def _failed(self, invoke: Invoke, reason: str) -> FunctionError:
        self._counts["function errors"] += 1
        records = counted(len(invoke.event["Records"]), "record")
        self.note(f"invocation of {records} failed at attempt {invoke.attempt}: {reason}", "bold red")
        return FunctionError()

    def note(self, text: str, style: str = "yellow") -> None:
        """Print a line that is not about one record.

        Args:
            text: The line.
            style: One of rich's styles.
        """
        if self._as_json:
            print(printable(text), file=sys.stderr, flush=True)
            return
        self._page.line((f"{_now()[11:23]}  ", "dim"), (text, style))
        self._page.flush()

    def listen(self, action: Action) -> None:
        """Print which records the mapping discards, or the stream trims.

        Args:
            action: The mapping's action.
        """
        if isinstance(action, Discard):
            self._counts["discarded"] += len(action.records)
            # AWS's count of the attempts is 1 also for records that were never delivered.
            attempts = action.document["requestContext"]["approximateInvokeCount"]
            delivered = not self._delivered.isdisjoint(map(_sequence_number, action.records))
            self._delivered.difference_update(map(_sequence_number, action.records))
            how = (
                f"after {counted(attempts, 'attempt')}"
                if delivered
                else f"that {'was' if len(action.records) == 1 else 'were'} never delivered"
            )
            where = self._function.settings.destination
            sent = f"in Lambda a document goes to {where}" if where else "there is no on-failure destination"
            records = counted(len(action.records), "record")
            self.note(f"discarded {records} {how}: {action.condition}; {sent}", "bold red")
        elif isinstance(action, Trim):
            self._counts["trimmed"] += len(action.records)
            self.note(f"lost {counted(len(action.records), 'record')}: older than the stream's 24 hours", "bold red")

    def summary(self) -> None:
        """Print the session's counts."""
        seconds = time.monotonic() - self._began
        statuses = ", ".join(f"{number} {status}" for status, number in sorted(self._statuses.items())) or "no records"
        counts = ", ".join(
            f"{self._counts[name]} {name}" for name in ("retries", "function errors", "discarded", "trimmed")
        )
        invocations = counted(self._counts["invocations"], "invocation")
        text = f"{seconds:.0f} s, {invocations}: {statuses}; {counts}, {counted(self.reloads, 'reload')}"
        self.note(text, "bold")


def _not_done(numbers: list[str], result: Result) -> list[str]:
    """The sequence numbers that Lambda delivers again: all from the first reported one."""
    if not isinstance(result, Returned):
        return numbers
    reported = [failure["itemIdentifier"] for failure in result.response.get("batchItemFailures", ())]
    start = next((at for at, number in enumerate(numbers) if number in reported), 0)
    return numbers[start:] if reported else []


def _sequence_number(raw: Mapping[str, Any]) -> str:
    return str(raw.get("dynamodb", {}).get("SequenceNumber"))


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="milliseconds")
