"""The result of an invocation: the function's own bytes, or Lambda's error document.

The texts are those of Lambda's emulator: https://github.com/aws/aws-lambda-runtime-interface-emulator
"""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass, field

__all__ = ["MAX_PAYLOAD", "Answer", "exited", "timed_out", "too_large"]

MAX_PAYLOAD = 6 * 1024 * 1024 + 100  # bytes, of an event and of a response


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of an invocation.

    Args:
        payload: The response, or the error document.
        failed: Whether it is an error: ``X-Amz-Function-Error: Unhandled``.
        duration: The invocation's duration in seconds.
        init_duration: The duration of the cold start before it in seconds, if there was one.
    """

    payload: bytes = field(repr=False)  # it may quote items
    failed: bool = False
    duration: float = 0.0
    init_duration: float | None = None

    @property
    def error_type(self) -> str | None:
        """The ``errorType`` of an error document, if it has one."""
        return self._text("errorType")

    @property
    def error_message(self) -> str | None:
        """The ``errorMessage`` of an error document, if it has one; a function's own message may quote items."""
        return self._text("errorMessage")

    def _text(self, name: str) -> str | None:
        if not self.failed:
            return None
        try:
            text = json.loads(self.payload)[name]
        except (ValueError, TypeError, LookupError):
            return None
        return text if isinstance(text, str) else None


def timed_out(request_id: str, timeout: float) -> bytes:
    """The error document of an invocation that timed out.

    Args:
        request_id: The request ID.
        timeout: The function's time-out, in seconds.
    """
    return _document("Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after {timeout:.2f} seconds")


def exited(request_id: str, code: int) -> bytes:
    """The error document of a process that ended before its response.

    Args:
        request_id: The request ID.
        code: Its exit code; negative for the signal that ended it.
    """
    how = "Runtime exited without providing a reason"
    if code:
        status = f"exit status {code}" if code > 0 else f"signal: {_signal(-code)}"
        how = f"Runtime exited with error: {status}"
    return _document("Runtime.ExitError", f"RequestId: {request_id} Error: {how}")


def too_large() -> bytes:
    """The error document of a response that is too large."""
    message = f"Response payload size exceeded maximum allowed payload size ({MAX_PAYLOAD} bytes)."
    return _document("Function.ResponseSizeTooLarge", message)


def _document(error_type: str, message: str) -> bytes:
    return json.dumps({"errorType": error_type, "errorMessage": message}, separators=(",", ":")).encode()


def _signal(number: int) -> str:
    return (signal.strsignal(number) or str(number)).lower()
