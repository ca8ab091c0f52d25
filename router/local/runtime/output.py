"""What a process prints, as lines; standard output and standard error are one, as in Lambda's log."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable

__all__ = ["Log", "Output"]

Log = Callable[[str], None]
"""Who is told each line."""

_CHUNK = 65536


class Output:
    """A pipe that a process writes to.

    Args:
        log: Who is told each line, from another thread.
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
        """Tell what was written so far: a process that has answered wrote its lines before."""
        with self._turn:
            self._read()

    def close(self, seconds: float) -> None:
        """Tell the rest, when the process has ended.

        Args:
            seconds: How long to wait for processes of its own that may still write.
        """
        self._thread.join(seconds)

    def _follow(self) -> None:
        while not self._ended:
            select.select([self._reader], [], [])
            with self._turn:
                self._read()
        os.close(self._reader)
        if self._rest:
            self._tell(self._rest)

    def _read(self) -> None:
        """Tell all complete lines that are there, and take note when nobody writes any more."""
        while not self._ended:
            try:
                chunk = os.read(self._reader, _CHUNK)
            except BlockingIOError:
                return
            self._ended = not chunk
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                self._tell(line)

    def _tell(self, line: bytes) -> None:
        self._log(line.decode(errors="backslashreplace"))
