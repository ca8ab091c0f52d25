"""A function in one sandbox after the other, each until its process ends."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from secrets import token_hex
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from router.errors import RouterError
from router.local.event_source_mapping import FunctionError, Invoke, Result, Returned
from router.local.runtime.answers import MAX_PAYLOAD, Answer, exited, timed_out
from router.local.runtime.api import Answered, Idle, InitFailed, InvocationRequest
from router.local.runtime.configuration import FunctionConfiguration
from router.local.runtime.output import Log
from router.local.runtime.sandbox import Exited, OutOfTime, Sandbox, SandboxEvent

__all__ = ["PayloadTooLargeError", "RuntimeFunction", "payload_of", "result_of"]

_INIT_SECONDS = 10.0  # a longer cold start is repeated, in the time of the invocation


class PayloadTooLargeError(RouterError):
    """An event is larger than Lambda accepts."""


class RuntimeFunction:
    """A function in Lambda's runtime client, one invocation at a time.

    As in Lambda, a process serves invocations until it ends or times out; then the next invocation starts another
    one.
    https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html

    Args:
        configuration: The function.
        log: Receives each line of its output, in another thread.

    Example:
        >>> configuration = FunctionConfiguration(handler="handlers.app", root=Path("build"))  # doctest: +SKIP
        >>> with RuntimeFunction(configuration, log=print) as function:  # doctest: +SKIP
        ...     function.invoke(b'{"Records": []}').payload
        b'{"batchItemFailures": []}'
    """

    def __init__(self, configuration: FunctionConfiguration, *, log: Log) -> None:
        self.configuration = configuration
        self._log = log
        self._sandbox: Sandbox | None = None
        self._failed = False  # whether the last process failed, and was not stopped by the invoker
        self._turn = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """The ID of the running process, if there is one."""
        return None if self._sandbox is None else self._sandbox.pid

    def invoke(self, payload: bytes, *, request_id: str | None = None, spent: float = 0.0) -> Answer:
        """Invoke the function and wait for the result.

        Args:
            payload: The event, as JSON.
            request_id: The request ID; by default a new one.
            spent: Seconds of the time-out that have passed already.

        Raises:
            PayloadTooLargeError: The event is larger than Lambda accepts.
        """
        if len(payload) > MAX_PAYLOAD:
            msg = f"found an event of {len(payload)} bytes, expected at most {MAX_PAYLOAD}, Lambda's limit"
            raise PayloadTooLargeError(msg)
        with self._turn:
            sandbox, init_duration = self._initialised()
            started = time.monotonic()
            request_id = request_id or str(uuid4())
            event = self._run(sandbox, InvocationRequest(request_id, payload, self._headers(request_id, spent)), spent)
            duration = time.monotonic() - started
            self._failed = not isinstance(event, Answered)
            if isinstance(event, Answered):
                return replace(event.answer, duration=duration, init_duration=init_duration)
            self._close()
            return Answer(self._document(event, request_id), True, duration, init_duration)

    def __call__(self, invoke: Invoke) -> Result:
        """Run an invocation of the mapping, as the function of a :class:`router.local.streams.poller.Poller`.

        Args:
            invoke: The mapping's action.
        """
        return result_of(self.invoke(payload_of(invoke.event), request_id=invoke.request_id))

    def stop(self) -> None:
        """End the process; the next invocation starts another one."""
        with self._turn:
            self._close()
            self._failed = False

    def _initialised(self) -> tuple[Sandbox, float | None]:
        """The running sandbox, or a new one with the duration of its cold start.

        After a failure the cold start is in the time of the invocation:
        https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-invoke-with-errors
        """
        if self._sandbox is not None and isinstance(self._sandbox.idle(self.configuration.timeout), Idle):
            return self._sandbox, None
        started = time.monotonic()
        sandbox = self._open()
        if self._failed:
            return sandbox, None
        if isinstance(sandbox.idle(_INIT_SECONDS), OutOfTime):
            sandbox = self._open()
        return sandbox, time.monotonic() - started

    def _open(self) -> Sandbox:
        self._close()
        self._sandbox = Sandbox(self.configuration, self._log)
        return self._sandbox

    def _close(self) -> None:
        if self._sandbox is not None:
            self._sandbox.close()
        self._sandbox = None

    def _run(self, sandbox: Sandbox, invocation: InvocationRequest, spent: float) -> SandboxEvent:
        ends = time.monotonic() + self.configuration.timeout - spent
        event = sandbox.idle(ends - time.monotonic())
        return sandbox.run(invocation, ends - time.monotonic()) if isinstance(event, Idle) else event

    def _headers(self, request_id: str, spent: float) -> dict[str, str]:
        deadline = time.time() + self.configuration.timeout - spent
        return {
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": self.configuration.arn,
            "Lambda-Runtime-Trace-Id": f"Root=1-{int(time.time()):08x}-{token_hex(12)};Parent={token_hex(8)};Sampled=0",
        }

    def _document(self, event: SandboxEvent, request_id: str) -> bytes:
        match event:
            case InitFailed(document):
                return document
            case Exited(code):
                return exited(request_id, code)
            case _:
                return timed_out(request_id, self.configuration.timeout)


def payload_of(event: Any) -> bytes:
    """Serialise an event as Lambda does.

    Args:
        event: The event.
    """
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def result_of(answer: Answer) -> Result:
    """Convert the result of an invocation for the event source mapping.

    Args:
        answer: The result.
    """
    if answer.failed:
        return FunctionError()
    try:
        return Returned(json.loads(answer.payload))
    except ValueError:
        return FunctionError()
