"""Turn SIGINT and SIGTERM into a request to stop, and end the process in time even if its code ignores them.

The first signal sets a flag that a session reads between two steps. A thread beside it interrupts a step that does not
end, and ends the process if that has no effect. A signal handler that raises KeyboardInterrupt is not enough: Python
drops the exception in a finalizer, code may catch it, a lock may stay held for ever, and no handler runs while the main
thread is in a library's C code.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

__all__ = ["StopRequest", "stop_request"]

_STOPPING = (signal.SIGINT, signal.SIGTERM)
_INTERRUPT = getattr(signal, "SIGURG", 0)  # from the thread to the main thread; without a handler it has no effect
_REQUESTED, _ENDED = 255, 0  # what the thread reads beside numbers of signals
_LIMIT = 0.8  # seconds; the rest of a second is for the end of the process on a busy machine
_GRACE = 0.35  # seconds
_ONE_REQUEST = 0.1  # seconds: `timeout` and other programs send a signal to the process and to its group
_TICK = 0.02  # seconds


class StopRequest:
    """The request to stop, made by :func:`stop_request`.

    Args:
        limit: Seconds from the first signal to the end of the process.
        grace: Seconds that a step may take after the first signal.
        notify: Called at the first signal.

    Attributes:
        deferred: Whether signals interrupt steps only.
        interrupted: Whether a KeyboardInterrupt was raised.
    """

    def __init__(
        self, *, limit: float = _LIMIT, grace: float = _GRACE, notify: Callable[[], object] = lambda: None
    ) -> None:
        self.limit = limit
        self.interrupted = False
        self._grace = grace
        self._notify = notify
        self._signal: int | None = None
        self._began = 0.0
        self.deferred = False
        self._in_step = False

    @property
    def requested(self) -> bool:
        """Whether a signal has asked the session to stop."""
        return self._signal is not None

    @property
    def exit_code(self) -> int:
        """128 and the signal's number, as shells count; 0 without a signal."""
        return 0 if self._signal is None else 128 + self._signal

    def defer(self) -> None:
        """Raise KeyboardInterrupt in steps only, from here on: the session reads :attr:`requested` between them."""
        self.deferred = True

    @contextmanager
    def step(self) -> Iterator[None]:
        """A block that is interrupted if it takes longer than the grace time after the first signal.

        Raises:
            KeyboardInterrupt: The block is interrupted.
        """
        self._in_step = True
        try:
            yield
        finally:
            self._in_step = False

    def end_soon(self) -> None:
        """Lower the limit: what must not be lost is saved."""
        self.limit = max(_LIMIT, time.monotonic() - self._began + _GRACE)

    def receive(self, number: int, _: object = None) -> None:
        """Handle SIGINT or SIGTERM."""
        if self._signal is None:
            self._began, self._signal = time.monotonic(), number
            self._notify()
            if not self.deferred:
                self.interrupt()

    def interrupt(self, *_: object) -> None:
        """Raise KeyboardInterrupt where the session may be interrupted."""
        if self._in_step or not self.deferred:
            self.interrupted = True
            raise KeyboardInterrupt

    def watch(self, reader: int) -> None:
        """Wait for a signal, then interrupt the main thread, and end the process after the limit or a second signal.

        Args:
            reader: The end of a pipe whose other end gets the numbers of the signals that the process receives.
        """
        number = None
        while number is None:
            received = os.read(reader, 64)
            if _ENDED in received:
                return
            number = next((each for each in received if each in (*_STOPPING, _REQUESTED)), None)
        ready = select.poll()  # select() refuses descriptors above 1,023
        ready.register(reader, select.POLLIN)
        began, interrupted = time.monotonic(), 0
        while (elapsed := time.monotonic() - began) < self.limit:
            if ready.poll(_TICK * 1000):
                received = os.read(reader, 64)
                if _ENDED in received:
                    return
                if elapsed > _ONE_REQUEST and any(each in _STOPPING for each in received):
                    break
            # Repeated, because a single KeyboardInterrupt may be lost.
            elif elapsed > self._grace * (1 + interrupted / 2):
                interrupted += 1
                signal.pthread_kill(threading.main_thread().ident or 0, _INTERRUPT)
        os._exit(self.exit_code or 128 + number)


_active: list[StopRequest] = []


@contextmanager
def stop_request(*, limit: float = _LIMIT, grace: float = _GRACE, until_exit: bool = False) -> Iterator[StopRequest]:
    """Receive SIGINT and SIGTERM for the length of a ``with`` block; only in the main thread.

    After an interrupt the process ends with the block, without the interpreter's own clean-up, which could wait for
    ever for a lock or for a thread of the app. A block inside a block has the outer one's request.

    Args:
        limit: Seconds from the first signal to the end of the process.
        grace: Seconds that a step may take after the first signal.
        until_exit: Whether to receive signals until the process ends, also in the interpreter's clean-up.

    Example:
        >>> with stop_request() as stop:
        ...     stop.defer()
        ...     while not stop.requested:
        ...         with stop.step():
        ...             break
    """
    if _active:
        yield _active[-1]
        return
    # Python receives signals in the main thread only, and Windows cannot send them to a thread.
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "pthread_kill"):
        yield StopRequest()
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    stop = StopRequest(limit=limit, grace=grace, notify=lambda: os.write(writer, bytes([_REQUESTED])))
    with ExitStack() as received:
        received.callback(os.close, reader)
        received.callback(os.close, writer)
        _receive(stop, reader, writer, received)
        _active.append(stop)
        try:
            yield stop
        except BaseException:
            # Code may wrap the interrupt in an error of its own, or raise another one because of it.
            if not stop.interrupted:
                raise
        finally:
            _active.clear()
            stop.defer()
            if until_exit:
                received.pop_all()
        if stop.interrupted:
            _exit(stop.exit_code)


def _receive(stop: StopRequest, reader: int, writer: int, received: ExitStack) -> None:
    """Install the handlers and start the thread, and push what undoes both."""
    thread = threading.Thread(target=stop.watch, args=(reader,), name="signals", daemon=True)
    thread.start()
    received.callback(thread.join)
    received.callback(os.write, writer, bytes([_ENDED]))
    received.callback(setattr, sys, "unraisablehook", sys.unraisablehook)
    sys.unraisablehook = _without_interrupts(sys.unraisablehook)
    received.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(writer, warn_on_full_buffer=False))
    handlers: dict[int, Callable[..., object]] = {_INTERRUPT: stop.interrupt}
    handlers |= dict.fromkeys(_STOPPING, stop.receive)
    for number, handler in handlers.items():
        # A signal that the parent process ignores stays ignored: a shell does so for SIGINT of a background command.
        if signal.getsignal(number) is not signal.SIG_IGN:
            received.callback(signal.signal, number, signal.signal(number, handler))


def _without_interrupts(hook: Callable[[UnraisableHookArgs], object]) -> Callable[[UnraisableHookArgs], object]:
    """A hook that prints nothing of an interrupt that Python drops in a finalizer: it is repeated."""

    def print_others(dropped: UnraisableHookArgs) -> None:
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            hook(dropped)

    return print_others


def _exit(code: int) -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
