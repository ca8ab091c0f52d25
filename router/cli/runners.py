"""What runs the app under ``router dev``: this process, or Lambda's runtime client in one of its own."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from router.app import Dispatcher
from router.cli.console import error_text
from router.cli.context import StandInContext
from router.cli.json_output import error_document
from router.local.runtime import Answer, RuntimeFunction, payload_of
from router.outcomes import Outcome, Report, Status

__all__ = ["Function", "InProcess", "InRuntime", "Ran"]

# Lambda's own errors, whose texts quote nothing of an item.
_LAMBDAS_ERRORS = ("Function.", "Runtime.", "Sandbox.")


@dataclass(frozen=True)
class Ran:
    """How an invocation went.

    Args:
        report: What became of its records, as far as that is known.
        problem: Why it failed as a whole, if it did.
        note: What else there is to say of it.
    """

    report: Report
    problem: str | None = None
    note: str | None = None


class Function(Protocol):
    """Runs an app on events."""

    app: Dispatcher

    def run(self, event: dict[str, Any], request_id: str, *, spent: float) -> Ran:
        """Run it on one event.

        Args:
            event: The event.
            request_id: The request ID.
            spent: Seconds of the function's time that are gone already.
        """
        ...

    def reload(self, app: Dispatcher) -> None:
        """Go on with an app that was loaded anew."""
        ...


class InProcess:
    """Runs an app in this process: the quickest way, in which nothing can be cut off.

    Args:
        app: The app.
        timeout: The function's time-out, in seconds.
    """

    def __init__(self, app: Dispatcher, timeout: float) -> None:
        self.app = app
        self._timeout = timeout

    def run(self, event: dict[str, Any], request_id: str, *, spent: float) -> Ran:
        """Run it on one event; see :class:`Function`."""
        context = StandInContext(self._timeout - spent)
        context.aws_request_id = request_id
        ends = time.monotonic() + self._timeout - spent
        # Lambda has one log for all that a function prints; here standard output is for the records.
        with contextlib.redirect_stdout(sys.stderr):
            try:
                report = self.app.dispatch(event, context)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a function error, as in Lambda
                return Ran(Report([], {}), error_text(error_document(error)))
        late = time.monotonic() > ends
        return Ran(report, f"took longer than {self._timeout:g} s, its time-out" if late else None)

    def reload(self, app: Dispatcher) -> None:
        """Go on with an app that was loaded anew."""
        self.app = app


class InRuntime:
    """Runs an app in Lambda's runtime client, where it can be cut off and may crash.

    All that is known of an invocation is its answer, as Lambda knows no more; what the app logs tells the rest.

    Args:
        app: The app as it was loaded here, which tells what a record is.
        function: The app in its own process.
    """

    def __init__(self, app: Dispatcher, function: RuntimeFunction) -> None:
        self.app = app
        self._function = function

    def run(self, event: dict[str, Any], request_id: str, *, spent: float) -> Ran:
        """Run it on one event; see :class:`Function`."""
        answer = self._function.invoke(payload_of(event), request_id=request_id, spent=spent)
        cold = answer.init_duration
        note = None if cold is None else f"started process {self._function.pid} in {cold * 1000:.0f} ms"
        if answer.failed:
            return Ran(Report([], {}), _problem(answer), note)
        response = json.loads(answer.payload)
        return Ran(Report(list(self._outcomes(event["Records"], response)), response), None, note)

    def reload(self, app: Dispatcher) -> None:
        """Go on with an app that was loaded anew: the next invocation starts a process of it."""
        self.app = app
        self._function.stop()

    def _outcomes(self, raws: list[Any], response: dict[str, Any]) -> Iterator[Outcome]:
        reported = {failure["itemIdentifier"] for failure in response["batchItemFailures"]}
        again = False
        for raw in raws:
            explanation = self.app.explain(raw)
            failed = not again and explanation.record.sequence_number in reported
            again = again or failed
            status: Status = "failed" if failed else "deferred" if again else "done"
            if status == "done" and not explanation.matching:
                status = "skipped" if self._routes(explanation.entity) else "unrouted"
            yield Outcome(status, explanation.record)

    def _routes(self, entity: str | None) -> bool:
        return any(entity in self.app.entities_of(route) for route in self.app.routes)


def _problem(answer: Answer) -> str:
    error_type = answer.error_type or "an error without a type"
    if not error_type.startswith(_LAMBDAS_ERRORS):
        return f"{error_type}, see what it printed"
    return f"{error_type}: {(answer.error_message or '').rpartition(' Error: ')[2]}"
