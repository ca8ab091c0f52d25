"""What Lambda hands to a function beside the event."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Context"]

_ARN = "arn:aws:lambda:us-east-1:123456789012:function"


class Context:
    """A Lambda context with everything that the runtime's own has.

    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html

    Args:
        aws_request_id: The request ID.
        remaining: Seconds left, or a function that tells them; it may be set again later.
        function_name: The function.
        function_version: Its version.
        invoked_function_arn: By what it was invoked.

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

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the invocation, never less than none."""
        seconds = self.remaining() if callable(self.remaining) else self.remaining
        return max(int(seconds * 1000), 0)

    def __repr__(self) -> str:
        return f"Context({self.aws_request_id!r})"
