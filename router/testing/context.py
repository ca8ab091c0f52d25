"""The context that Lambda passes to a function beside the event."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Self
from uuid import uuid4

__all__ = ["Context"]

_ARN = "arn:aws:lambda:us-east-1:123456789012:function"


class Context:
    """A Lambda context with all attributes of the runtime's own.

    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html

    Args:
        aws_request_id: The request ID.
        remaining: Seconds left, or a function that returns them; the attribute may be set later.
        function_name: The function's name.
        function_version: The function's version.
        invoked_function_arn: The ARN by which it was invoked; by default the function's own.

    Example:
        >>> Context(remaining=1.5).get_remaining_time_in_millis()
        1500
    """

    client_context = None
    identity = None
    memory_limit_in_mb = "128"

    def __init__(
        self,
        aws_request_id: str = "00000000-0000-4000-8000-000000000001",
        *,
        remaining: float | Callable[[], float] = 60.0,
        function_name: str = "handler",
        function_version: str = "$LATEST",
        invoked_function_arn: str | None = None,
    ) -> None:
        self.aws_request_id = aws_request_id
        self.function_name = function_name
        self.function_version = function_version
        self.invoked_function_arn = invoked_function_arn or f"{_ARN}:{function_name}"
        self.log_group_name = f"/aws/lambda/{function_name}"
        self.log_stream_name = f"2026/01/01/[{function_version}]{'0' * 32}"
        self.remaining = remaining

    @classmethod
    def with_timeout(cls, seconds: float, aws_request_id: str | None = None, *, function_name: str = "handler") -> Self:
        """Make the context of an invocation that begins now; its remaining time counts down.

        Args:
            seconds: The function's time-out in seconds.
            aws_request_id: The request ID; by default a new one.
            function_name: The function's name.

        Example:
            >>> Context.with_timeout(3).get_remaining_time_in_millis() <= 3000
            True
        """
        end = time.monotonic() + seconds
        request_id = str(uuid4()) if aws_request_id is None else aws_request_id
        return cls(request_id, remaining=lambda: end - time.monotonic(), function_name=function_name)

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the invocation; 0 after the time-out."""
        seconds = self.remaining() if callable(self.remaining) else self.remaining
        return max(int(seconds * 1000), 0)

    def __repr__(self) -> str:
        return f"Context({self.aws_request_id!r})"
