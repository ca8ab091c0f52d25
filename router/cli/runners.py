"""Runners of ``router dev``: the app in this process, or in Lambda's runtime client in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from router.app import Dispatcher
from router.cli.app_source import AppSource
from router.cli.console import error_text
from router.cli.json_output import error_document
from router.cli.places import app_in_container
from router.local.cloudformation.template import LocalFunction
from router.local.runtime import Answer, FunctionConfiguration, RuntimeFunction, payload_of
from router.outcomes import Outcome, Report, Status
from router.testing.context import Context

__all__ = ["AppRunner", "InProcess", "InRuntime", "RunResult", "open_runner", "print_log_line"]

# Prefixes of Lambda's own error types, whose messages quote nothing of an item.
_LAMBDA_ERRORS = ("Function.", "Runtime.", "Sandbox.")


@dataclass(frozen=True)
class RunResult:
    """The result of one invocation.

    Args:
        report: The outcomes of its records, as far as they are known.
        problem: Why the invocation failed as a whole, if it did.
        note: A remark for the user, such as a cold start.
    """

    report: Report
    problem: str | None = None
    note: str | None = None


class AppRunner(Protocol):
    """Runs an app on events."""

    app: Dispatcher

    def run(self, event: dict[str, Any], request_id: str, *, spent: float) -> RunResult:
        """Run the app on one event.

        Args:
            event: The event.
            request_id: The request ID.
            spent: Seconds of the function's time-out that are already used.
        """
        ...

    def reload(self, app: Dispatcher) -> None:
        """Replace the app by one that was loaded again."""
        ...


class InProcess:
    """Runs an app in this process: fastest, but a time-out cannot interrupt it.

    Args:
        app: The app.
        timeout: The function's time-out, in seconds.
        park: Whether the app parks in its own parking place and remembers completed routes in its own store.
    """

    def __init__(self, app: Dispatcher, timeout: float, *, park: bool = False) -> None:
        self._timeout = timeout
        self._park = park
        self._container = contextlib.ExitStack()
        self.reload(app)

    def run(self, event: dict[str, Any], request_id: str, *, spent: float) -> RunResult:
        """Run the app on one event; see :class:`AppRunner`."""
        context = Context.with_timeout(self._timeout - spent, request_id)
        ends = time.monotonic() + self._timeout - spent
        # Standard output is for the records, so output of handlers goes to standard error.
        with contextlib.redirect_stdout(sys.stderr):
            try:
                report = self.app.dispatch(event, context)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a function error, as in Lambda
                return RunResult(Report([], {}), error_text(error_document(error)))
        late = time.monotonic() > ends
        return RunResult(report, f"took longer than {self._timeout:g} s, its time-out" if late else None)

    def reload(self, app: Dispatcher) -> None:
        """Replace the app by one that was loaded again, in a container of its own."""
        self.close()
        self._container.enter_context(app_in_container(app, park=self._park))
        self.app = app

    def close(self) -> None:
        """Close the app's container."""
        self._container.close()


class InRuntime:
    """Runs an app in Lambda's runtime client, where a time-out ends it and a crash costs only its process.

    Like Lambda, it knows nothing of an invocation but the answer, and derives the outcomes from that.

    Args:
        app: The app as loaded in this process, which reads records.
        function: The app in its own process.
    """

    def __init__(self, app: Dispatcher, function: RuntimeFunction) -> None:
        self.app = app
        self._function = function

    def run(self, event: dict[str, Any], request_id: str, *, spent: float) -> RunResult:
        """Run the app on one event; see :class:`AppRunner`."""
        answer = self._function.invoke(payload_of(event), request_id=request_id, spent=spent)
        cold = answer.init_duration
        note = None if cold is None else f"started process {self._function.pid} in {cold * 1000:.0f} ms"
        if answer.failed:
            return RunResult(Report([], {}), _problem(answer), note)
        response = json.loads(answer.payload)
        return RunResult(Report(list(self._outcomes(event["Records"], response)), response), None, note)

    def reload(self, app: Dispatcher) -> None:
        """Replace the app by one that was loaded again; the next invocation starts a new process."""
        self.app = app
        self._function.stop()

    def _outcomes(self, raws: list[Any], response: dict[str, Any]) -> Iterator[Outcome]:
        reported = {failure["itemIdentifier"] for failure in response["batchItemFailures"]}
        retried = False  # Lambda delivers the first reported record and all behind it again
        for raw in raws:
            explanation = self.app.explain(raw)
            failed = not retried and explanation.record.sequence_number in reported
            retried = retried or failed
            status: Status = "failed" if failed else "deferred" if retried else "done"
            if status == "done" and not explanation.matching:
                status = "skipped" if self._has_route(explanation.entity) else "unrouted"
            yield Outcome(status, explanation.record)

    def _has_route(self, entity: str | None) -> bool:
        return any(entity in self.app.entities_of(route) for route in self.app.routes)


def _problem(answer: Answer) -> str:
    error_type = answer.error_type or "an error without a type"
    if not error_type.startswith(_LAMBDA_ERRORS):
        return f"{error_type}, see the function's log"
    return f"{error_type}: {(answer.error_message or '').rpartition(' Error: ')[2]}"


@contextlib.contextmanager
def open_runner(
    app: AppSource, function: LocalFunction, stream_arn: str, *, runtime: bool, park: bool = False
) -> Iterator[AppRunner]:
    """Load an app and make its runner.

    Args:
        app: The app.
        function: The function as the template describes it.
        stream_arn: The ARN of the stream, whose region becomes the function's.
        runtime: Whether to run the app in Lambda's runtime client, where it uses its own places.
        park: Whether the app in this process uses its own places.
    """
    loaded = app.load()
    if not runtime:
        with contextlib.closing(InProcess(loaded, function.timeout, park=park)) as runner:
            yield runner
        return
    configuration = FunctionConfiguration(
        handler=app.name.replace(":", "."),
        root=app.folders[0],
        name=function.name,
        timeout=function.timeout,
        region=stream_arn.split(":")[3],
        environment={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": _path(app)},
    )
    with RuntimeFunction(configuration, log=print_log_line) as runtime_function:
        yield InRuntime(loaded, runtime_function)


def _path(app: AppSource) -> str:
    """The folders in which the function searches modules, before those that the environment names."""
    return os.pathsep.join([*map(str, app.folders), *filter(None, [os.environ.get("PYTHONPATH")])])


def print_log_line(line: str) -> None:
    """Print a line of the function's log on standard error."""
    # The client replaces each line break in an error by a carriage return, so that the error is one line of a log.
    print(line.replace("\r", "\n").replace("\xa0", " "), file=sys.stderr, flush=True)
