"""A handler that is invoked as Lambda invokes a function, on the clock of a mapping."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from router.context import Clock, running_on
from router.local.event_source_mapping import FunctionError, Invoke, Result, Returned
from router.local.event_source_mapping.virtual_clock import VirtualClock
from router.planning.shared_values import Found, changes_are_watched
from router.testing.context import Context

__all__ = ["InvokedFunction"]


class InvokedFunction:
    """Invokes a handler with events and contexts, and keeps what becomes of each invocation.

    Args:
        handler: The Lambda handler.
        clock: The mapping's clock; the app reads ages and deadlines from it.
        name: The function's name.
        arn: Its ARN.
        timeout: Its time-out in seconds. A longer invocation is not interrupted, but has failed.

    Attributes:
        invocations: The events as delivered, in order.
        responses: The handler's response to each; a dict with ``errorType`` where it raised.
        errors: The exception of each invocation, or ``None``.
    """

    def __init__(
        self, handler: Callable[[Any, Any], Any], clock: VirtualClock, *, name: str, arn: str, timeout: float
    ) -> None:
        self.invocations: list[dict[str, Any]] = []
        self.responses: list[Any] = []
        self.errors: list[Exception | None] = []
        self._handler = handler
        self._clock = clock
        self._app_clock = Clock(lambda: clock.now, lambda: clock.now, _sleep_shortly)
        self._name = name
        self._arn = arn
        self._timeout = timeout

    def invoke(self, invoke: Invoke) -> Result:
        """Invoke the handler once.

        Raises:
            SharedValueError: A handler of the app has changed what the handlers after it are given.
        """
        text = json.dumps(invoke.event)
        self.invocations.append(json.loads(text))
        self.responses.append(None)
        self.errors.append(None)
        at = len(self.invocations) - 1
        try:
            response, found = self._call(text, invoke.request_id)
        except Exception as error:  # noqa: BLE001 - every exception of a handler is a function error
            self.errors[at] = error
            self.responses[at] = {"errorMessage": str(error), "errorType": type(error).__name__}
            return FunctionError()
        if found:
            raise found[0]
        self.responses[at] = response
        return Returned(response)

    def _call(self, event: str, request_id: str) -> tuple[Any, Found]:
        deadline = self._clock.now + self._timeout
        context = Context(
            request_id,
            remaining=lambda: deadline - self._clock.now,
            function_name=self._name,
            invoked_function_arn=self._arn,
        )
        # As JSON both ways: in Lambda, handlers share no object with the stream or with the caller.
        with running_on(self._app_clock), changes_are_watched() as found:
            response = json.loads(json.dumps(self._handler(json.loads(event), context), default=_number))
        if self._clock.now > deadline:
            msg = f"found a function that took longer than {self._timeout:g} s, its time-out"
            raise TimeoutError(msg)
        return response, found


def _number(value: Any) -> float:
    """A Decimal as Lambda's runtime serialises it."""
    if isinstance(value, Decimal):
        return float(value)
    msg = f"found a response with a value of type {type(value).__name__}, expected JSON"
    raise TypeError(msg)


def _sleep_shortly(seconds: float) -> None:
    # No time passes on the mapping's clock, but what the app waits for may be real: a table, or another thread.
    time.sleep(seconds / 100)
