"""What a redrive sends records to: the app in this process, or a deployed function."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from router.app import Dispatcher
from router.local.deployed_function import DeployedFunction, FunctionError
from router.observability.safe_errors import safe_error
from router.outcomes import UNDONE, Outcome

__all__ = ["InFunction", "InProcess", "Result", "Runner"]


@dataclass(frozen=True)
class Result:
    """What became of a record.

    Args:
        outcome: ``done``; ``failed``; ``skipped``, if no route took it.
        stage: The stage that failed.
        error: The error in fields without values of an item.
    """

    outcome: Literal["done", "failed", "skipped"]
    stage: str | None = None
    error: Mapping[str, Any] = field(default_factory=dict)


class Runner(Protocol):
    """Runs the event of one record to its end."""

    def refusal(self, route: str | None, /) -> str | None:
        """Why no record of a route can run; ``None`` where it can, or where that is not known."""
        ...

    def run(self, event: Mapping[str, Any]) -> Result:
        """Run the event of one record."""
        ...


class InProcess:
    """Runs records in this process.

    Args:
        app: The app, in a container of its own.
        context: Makes the context of each invocation.
    """

    def __init__(self, app: Dispatcher, context: Any) -> None:
        self._app = app
        self._context = context
        self._names = {route.name for route in app.routes}

    def refusal(self, route: str | None) -> str | None:
        """Why no record of a route can run."""
        if route is None or route in self._names:
            return None
        return f"the app has no route {route}; give its present name: --rename {route}=NAME"

    def run(self, event: Mapping[str, Any]) -> Result:
        """Run the event of one record, with the output of handlers on standard error."""
        with contextlib.redirect_stdout(sys.stderr):
            try:
                outcomes = self._app.dispatch(event, self._context()).outcomes
            except (Exception, SystemExit) as error:  # noqa: BLE001 - Lambda fails this invocation and runs the next one
                return Result("failed", error=safe_error(error))
        return _result(outcomes)


class InFunction:
    """Runs records in a deployed function, with one invocation each.

    Args:
        function: The function.
    """

    def __init__(self, function: DeployedFunction) -> None:
        self._function = function

    def refusal(self, _route: str | None) -> str | None:
        """Nothing: which routes the function has is not known here."""
        return None

    def run(self, event: Mapping[str, Any]) -> Result:
        """Invoke the function with the event of one record.

        Raises:
            FunctionNotInvokedError: The function cannot be invoked.
        """
        payload = json.dumps(event).encode()
        if len(payload) > self._function.largest_event:
            return Result("failed", error={"error": "EventTooLarge"})
        try:
            response = self._function.invoke(payload)
        except FunctionError as error:
            return Result("failed", error=safe_error(error))
        if response.get("batchItemFailures"):
            return Result("failed", error={"error": "Reported", "reason": "the function reports it; its log says why"})
        return Result("done")


def _result(outcomes: Sequence[Outcome]) -> Result:
    undone = next((outcome for outcome in outcomes if outcome.status in (*UNDONE, "parked")), None)
    if undone is not None:
        error = {"error": "NotStarted"} if undone.error is None else safe_error(undone.error)
        return Result("failed", undone.stage, error)
    # The routes that do not run for a parked record are skipped too; a failure that the app drops has an error.
    if any(outcome.status == "done" or outcome.error is not None for outcome in outcomes):
        return Result("done")
    return Result("skipped")
