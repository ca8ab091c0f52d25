"""A stand-in for the context object that Lambda gives to a function."""

from __future__ import annotations

import time
import uuid

__all__ = ["StandInContext"]


class StandInContext:
    """What a handler can ask of Lambda's context, for one invocation on this machine.

    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html

    Args:
        timeout: Seconds until Lambda would end the invocation. Nothing ends it here.

    Example:
        >>> StandInContext(timeout=3).get_remaining_time_in_millis() <= 3000
        True
    """

    function_name = "router-invoke"
    function_version = "$LATEST"
    invoked_function_arn = f"arn:aws:lambda:us-east-1:123456789012:function:{function_name}"
    memory_limit_in_mb = "128"
    log_group_name = f"/aws/lambda/{function_name}"
    log_stream_name = "local"
    identity = None
    client_context = None

    def __init__(self, timeout: float) -> None:
        self.aws_request_id = str(uuid.uuid4())
        self._ends = time.monotonic() + timeout

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda would end the invocation."""
        return max(0, int((self._ends - time.monotonic()) * 1000))
