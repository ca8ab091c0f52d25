"""One process of a function, with its Runtime API and its output."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from router.local.guarded_process import guarded
from router.local.runtime.api import Idle, InvocationRequest, Message, RuntimeApi
from router.local.runtime.configuration import FunctionConfiguration
from router.local.runtime.output import Log, Output

__all__ = ["Exited", "OutOfTime", "Sandbox", "SandboxEvent"]

_LAST_LINES_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Exited:
    """The process ended.

    Args:
        code: Its exit code; negative for the signal that ended it.
    """

    code: int


@dataclass(frozen=True, slots=True)
class OutOfTime:
    """The process sent no message in time."""


SandboxEvent = Message | Exited | OutOfTime
"""A message of the process, its end, or neither in time."""


class Sandbox:
    """Runs a function's process, from construction until it is closed.

    Args:
        configuration: The function.
        log: Receives each line of its output, in another thread.
    """

    def __init__(self, configuration: FunctionConfiguration, log: Log) -> None:
        self._events: SimpleQueue[SandboxEvent] = SimpleQueue()
        self._last: SandboxEvent | None = None
        self._output = Output(log)
        self._api = RuntimeApi(self._events.put)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the command is the runtime client's, or the caller's, and the shell's script is fixed
                guarded(configuration.command),
                cwd=configuration.root,
                env=configuration.variables(self._api.address),
                stdin=subprocess.PIPE,
                stdout=self._output.writer,
                stderr=self._output.writer,
                start_new_session=True,  # Ctrl-C reaches the invoker only; child processes end too
            )
        except OSError:
            self._api.close()
            raise
        finally:
            os.close(self._output.writer)
        self.pid = self._process.pid
        self._waiter = threading.Thread(target=self._wait, name="end of the function", daemon=True)
        self._waiter.start()

    def idle(self, seconds: float) -> SandboxEvent:
        """Wait until the process asks for an invocation: ``Idle``, or another event.

        Args:
            seconds: The longest wait.
        """
        event = self._last or self._next(seconds)
        # The process may have ended after it asked for an invocation.
        if isinstance(event, Idle) and not self._events.empty():
            event = self._next(seconds)
        self._last = event
        return event

    def run(self, invocation: InvocationRequest, seconds: float) -> SandboxEvent:
        """Pass an invocation to the idle process, and wait for its response: ``Answered``, or another event.

        Args:
            invocation: The invocation.
            seconds: The longest wait.
        """
        self._last = None
        self._api.give(invocation)
        event = self._next(seconds)
        self._output.drain()
        return event

    def close(self) -> None:
        """End the process and the child processes of its session."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._waiter.join()
        if self._process.stdin:
            self._process.stdin.close()
        self._api.close()
        self._output.close(_LAST_LINES_SECONDS)

    def _next(self, seconds: float) -> SandboxEvent:
        try:
            return self._events.get(timeout=max(seconds, 0))
        except Empty:
            return OutOfTime()

    def _wait(self) -> None:
        self._events.put(Exited(self._process.wait()))
