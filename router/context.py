"""What a handler can ask of its invocation: the deadline, and Lambda's context object."""

from __future__ import annotations

import math
from time import perf_counter
from typing import Protocol

__all__ = ["Deadline", "LambdaContext"]


class Deadline:
    """The time by which a handler must finish: the end of the invocation minus the dispatcher's reserve.

    A parameter of a handler or a factory that is annotated ``Deadline`` receives that of the invocation. If the end of
    the invocation is unknown, as in most tests, the deadline is infinitely far away.

    Args:
        seconds: The seconds from now.

    Example:
        >>> deadline = Deadline(30)
        >>> min(5, deadline.remaining), deadline.passed
        (5, False)
        >>> Deadline().remaining, Deadline().timeout
        (inf, None)
    """

    __slots__ = ("at",)

    def __init__(self, seconds: float = math.inf) -> None:
        self.at = perf_counter() + seconds
        """The time on the clock of ``perf_counter``."""

    @property
    def remaining(self) -> float:
        """The seconds until the deadline, and 0 after it; infinite without a deadline."""
        return max(0.0, self.at - perf_counter())

    @property
    def timeout(self) -> float | None:
        """The remaining seconds as a time-out: ``httpx.get(url, timeout=deadline.timeout)``.

        ``None`` without a deadline, which sockets understand as no time-out.
        """
        return None if self.at == math.inf else self.remaining

    @property
    def passed(self) -> bool:
        """Whether the deadline is over, so that no more work should start."""
        return perf_counter() > self.at

    def __repr__(self) -> str:
        return "<Deadline never>" if self.at == math.inf else f"<Deadline in {self.remaining:.3f} s>"


class LambdaContext(Protocol):
    """The part of Lambda's context object that handlers use.

    Powertools has a class of the same name; a handler's annotation may be either.
    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """

    @property
    def function_name(self) -> str:
        """The name of the function."""
        ...

    @property
    def invoked_function_arn(self) -> str:
        """The ARN of the invoked function, with the version or alias."""
        ...

    @property
    def aws_request_id(self) -> str:
        """The ID of the request; a retry of an unchanged batch has the same one."""
        ...

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda ends the invocation."""
        ...
