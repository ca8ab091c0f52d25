"""What a handler can know of the invocation that it runs in."""

from __future__ import annotations

import math
from time import perf_counter
from typing import Protocol

__all__ = ["Deadline", "LambdaContext"]


class Deadline:
    """When a handler has to be done for the invocation to be answered in time: where the dispatcher's reserve begins.

    A handler that declares a parameter annotated ``Deadline`` is given the one of its invocation, and so is a factory.
    Where nobody says when the invocation ends, as in most tests, there is none, and it never passes.

    Args:
        seconds: How far away it is; infinitely far when left out.

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
        """When it is, on the clock of ``perf_counter``."""

    @property
    def remaining(self) -> float:
        """Seconds until it passes, 0 when it has, infinitely many where there is none."""
        return max(0.0, self.at - perf_counter())

    @property
    def timeout(self) -> float | None:
        """The same for whatever takes a time-out: ``httpx.get(url, timeout=deadline.timeout)``.

        ``None`` where there is no deadline, for sockets know no infinite time-out but that.
        """
        return None if self.at == math.inf else self.remaining

    @property
    def passed(self) -> bool:
        """Whether nothing should start any more."""
        return perf_counter() > self.at

    def __repr__(self) -> str:
        return "<Deadline never>" if self.at == math.inf else f"<Deadline in {self.remaining:.3f} s>"


class LambdaContext(Protocol):
    """Lambda's context object, as far as handlers ask for it.

    Powertools has a class of the same name; either may stand in a handler's annotation.
    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """

    @property
    def function_name(self) -> str:
        """The name of the function."""
        ...

    @property
    def invoked_function_arn(self) -> str:
        """The ARN it was invoked by, with the version or alias."""
        ...

    @property
    def aws_request_id(self) -> str:
        """The request's identifier; a retry of an unchanged batch bears the same one."""
        ...

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the invocation."""
        ...
