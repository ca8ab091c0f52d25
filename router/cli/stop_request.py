"""Turn SIGINT and SIGTERM into a request to stop that a session reads between two steps.

A signal handler that raises KeyboardInterrupt inside a library is not enough. Python drops the exception if it runs the
handler in a finalizer. A lock stays held if the handler runs between its acquisition and the ``with`` block that
releases it: urllib3's pool takes such a lock again when the interpreter exits, and the process would never end.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

__all__ = ["INTERRUPTED", "StopRequest", "stop_request"]

INTERRUPTED = 130
"""The exit code of an interrupted command: 128 + SIGINT, as shells count."""

_CLEAN_UP_SECONDS = 10.0


class StopRequest:
    """The request to stop, made by :func:`stop_request`.

    Args:
        grace: Seconds that a step may take after the request.

    Attributes:
        requested: Whether a signal has asked the session to stop.
        interrupted: Whether a KeyboardInterrupt was raised inside a step.
    """

    def __init__(self, grace: float) -> None:
        self.requested = False
        self.interrupted = False
        self._grace = grace
        self._deferred = False

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Defer signals in a block that reads :attr:`requested` between its steps.

        The first signal sets :attr:`requested`. A second signal, or the end of the grace time, raises KeyboardInterrupt
        in the step. Outside of the block every signal does, and so does a clean-up that takes longer than 10 seconds.
        """
        self._deferred = True
        try:
            yield
        finally:
            self._deferred = False
            if self.requested:
                signal.setitimer(signal.ITIMER_REAL, _CLEAN_UP_SECONDS, _CLEAN_UP_SECONDS)

    def receive(self, *_: Any) -> None:
        """Handle SIGINT or SIGTERM."""
        if not self._deferred or self.requested:
            self.interrupt()
        self.requested = True
        # Repeated, because a single KeyboardInterrupt may be lost.
        signal.setitimer(signal.ITIMER_REAL, self._grace, self._grace)

    def interrupt(self, *_: Any) -> NoReturn:
        """Handle SIGALRM, the end of the grace time."""
        self.interrupted = True
        raise KeyboardInterrupt


@contextmanager
def stop_request(grace: float = 1.0) -> Iterator[StopRequest]:
    """Receive SIGINT, SIGTERM and SIGALRM for the length of a ``with`` block; only in the main thread.

    If a step was interrupted, the process ends with the block, without the interpreter's own clean-up, which could wait
    for ever for a lock or for a thread of the app. The exit code is 130 if KeyboardInterrupt leaves the block, else 0.

    Args:
        grace: Seconds that a step may take after the first signal.

    Example:
        >>> with stop_request() as stop, stop.deferred():
        ...     while not stop.requested:
        ...         break  # a step of the session
    """
    stop = StopRequest(grace)
    # Python receives signals in the main thread only, and Windows has no SIGALRM.
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM"):
        yield stop
        return
    handlers = {signal.SIGINT: stop.receive, signal.SIGTERM: stop.receive, signal.SIGALRM: stop.interrupt}
    # A signal that the parent process ignores stays ignored: a shell does so for SIGINT of a background command.
    before = {number: handler for number in handlers if (handler := signal.getsignal(number)) is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, handlers[number])
    code = 0
    try:
        yield stop
    except KeyboardInterrupt:
        if not stop.interrupted:
            raise
        code = INTERRUPTED
    finally:
        if stop.requested:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
    if stop.interrupted:
        _exit(code)


def _exit(code: int) -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code)
