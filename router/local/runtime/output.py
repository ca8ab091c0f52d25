"""The output of a process, as lines; standard output and standard error are one, as in Lambda's log."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable

__all__ = ["Log", "Output"]

Log = Callable[[str], None]
"""Receives each line."""

_CHUNK = 65536


class Output:
    """A pipe that a process writes to.

    Args:
        log: Receives each line, in another thread.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._reader, self.writer = os.pipe()
        os.set_blocking(self._reader, False)
        self._rest = b""
        self._ended = False
        self._turn = threading.Lock()
        self._thread = threading.Thread(target=self._follow, name="output of the function", daemon=True)
        self._thread.start()

    def drain(self) -> None:
        """Pass on the lines so far: a process writes the lines of an invocation before its response."""
        with self._turn:
            self._read()

    def close(self, seconds: float) -> None:
        """Pass on the rest after the end of the process.

        Args:
            seconds: The longest wait for child processes that still write.
        """
        self._thread.join(seconds)

    def _follow(self) -> None:
        ready = select.poll()  # select() refuses descriptors above 1,023
        ready.register(self._reader, select.POLLIN)
        while not self._ended:
            ready.poll()
            with self._turn:
                self._read()
        os.close(self._reader)
        if self._rest:
            self._emit(self._rest)

    def _read(self) -> None:
        """Pass on the complete lines so far, and note the end of the pipe."""
        while not self._ended:
            try:
                chunk = os.read(self._reader, _CHUNK)
            except BlockingIOError:
                return
            self._ended = not chunk
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                self._emit(line)

    def _emit(self, line: bytes) -> None:
        self._log(line.decode(errors="backslashreplace"))
