"""What code can ask of its invocation: the clock, the deadline, and Lambda's context object.

Ages, deadlines and expiries are on one clock: the machine's in Lambda, that of the event source mapping under the tools
that simulate one. An invocation looks it up once, so another clock costs a record nothing.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from time import perf_counter
from typing import Protocol

__all__ = ["SYSTEM_CLOCK", "Clock", "Deadline", "LambdaContext", "current_clock", "now", "running_on"]


# The functions of ``time`` are looked up at each call, for tests that replace them.
def _machine_time() -> float:
    return time.time()


def _machine_sleep(seconds: float) -> None:
    time.sleep(seconds)


class Clock:
    """The two readings of a clock, and how to wait on it.

    Args:
        time: Seconds since the epoch, for ages, expiries and times of parking.
        counter: Seconds since an unspecified moment, for deadlines and durations.
        sleep: Waits for some seconds before another try.
    """

    __slots__ = ("counter", "sleep", "time")

    def __init__(
        self,
        time: Callable[[], float],
        counter: Callable[[], float],
        sleep: Callable[[float], None] = _machine_sleep,
    ) -> None:
        self.time = time
        self.counter = counter
        self.sleep = sleep


SYSTEM_CLOCK = Clock(_machine_time, perf_counter)
"""The machine's clock."""

_own_clock: ContextVar[Clock | None] = ContextVar("own_clock", default=None)
_simulated: list[Clock] = []


def current_clock() -> Clock:
    """The clock of the running code.

    A thread that a handler starts has no context variables: it runs on the clock that a tool set last.
    """
    return _own_clock.get() or (_simulated[-1] if _simulated else SYSTEM_CLOCK)


def now() -> datetime:
    """The time on the current clock, in UTC."""
    return datetime.fromtimestamp(current_clock().time(), UTC)


@contextmanager
def running_on(clock: Clock) -> Iterator[None]:
    """Run code on a clock, for tools that simulate the time.

    Args:
        clock: The clock.

    Example:
        >>> with running_on(Clock(lambda: 60.0, lambda: 0.0)):
        ...     now().isoformat()
        '1970-01-01T00:01:00+00:00'
    """
    token = _own_clock.set(clock)
    _simulated.append(clock)
    try:
        yield
    finally:
        _simulated.remove(clock)
        _own_clock.reset(token)


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

    __slots__ = ("at", "counter")

    def __init__(self, seconds: float = math.inf) -> None:
        self.counter = current_clock().counter
        """The counter that the deadline is on: ``perf_counter``, or the virtual one of a simulated mapping."""
        self.at = self.counter() + seconds
        """The time on this counter."""

    @property
    def remaining(self) -> float:
        """The seconds until the deadline, and 0 after it; infinite without a deadline."""
        return max(0.0, self.at - self.counter())

    @property
    def timeout(self) -> float | None:
        """The remaining seconds as a time-out: ``httpx.get(url, timeout=deadline.timeout)``.

        ``None`` without a deadline, which sockets understand as no time-out.
        """
        return None if self.at == math.inf else self.remaining

    @property
    def passed(self) -> bool:
        """Whether the deadline is over, so that no more work should start."""
        return self.counter() > self.at

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
