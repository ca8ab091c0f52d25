"""One process of a function, with the Runtime API that it talks to and the lines that it prints."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from router.local.runtime.api import Idle, Invocation, RuntimeApi, Said
from router.local.runtime.configuration import FunctionConfiguration
from router.local.runtime.output import Log, Output

__all__ = ["Exited", "Happening", "OutOfTime", "Sandbox"]

_LAST_LINES_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Exited:
    """The process ended.

    Args:
        code: Its exit code; below zero, the signal that ended it.
    """

    code: int


@dataclass(frozen=True, slots=True)
class OutOfTime:
    """The process said nothing until the time was over."""


Happening = Said | Exited | OutOfTime


class Sandbox:
    """Runs a function's process, from construction until it is closed.

    Args:
        configuration: The function.
        log: Who is told each line that it prints, from another thread.
    """

    def __init__(self, configuration: FunctionConfiguration, log: Log) -> None:
        self._happened: SimpleQueue[Happening] = SimpleQueue()
        self._last: Happening | None = None
        self._output = Output(log)
        self._api = RuntimeApi(self._happened.put)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - a command of ours, or one that the caller named
                configuration.command,
                cwd=configuration.root,
                env=configuration.variables(self._api.address),
                stdin=subprocess.DEVNULL,
                stdout=self._output.writer,
                stderr=self._output.writer,
                start_new_session=True,  # Ctrl-C is for who invokes; and what the function starts ends with it
            )
        except OSError:
            self._api.close()
            raise
        finally:
            os.close(self._output.writer)
        self.pid = self._process.pid
        self._waiter = threading.Thread(target=self._wait, name="end of the function", daemon=True)
        self._waiter.start()

    def idle(self, seconds: float) -> Happening:
        """Wait until the process asks for an invocation: ``Idle``, or what it did instead.

        Args:
            seconds: When to give up.
        """
        happened = self._last or self._next(seconds)
        # It may have asked, and ended while there was nothing to do.
        if isinstance(happened, Idle) and not self._happened.empty():
            happened = self._next(seconds)
        self._last = happened
        return happened

    def run(self, invocation: Invocation, seconds: float) -> Happening:
        """Hand an invocation to the idle process, and wait for its answer: ``Answered``, or what it did instead.

        Args:
            invocation: The invocation.
            seconds: When to give up.
        """
        self._last = None
        self._api.give(invocation)
        happened = self._next(seconds)
        self._output.drain()
        return happened

    def close(self) -> None:
        """End the process, and whatever it started that did not leave its session."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._waiter.join()
        self._api.close()
        self._output.close(_LAST_LINES_SECONDS)

    def _next(self, seconds: float) -> Happening:
        try:
            return self._happened.get(timeout=max(seconds, 0))
        except Empty:
            return OutOfTime()

    def _wait(self) -> None:
        self._happened.put(Exited(self._process.wait()))
