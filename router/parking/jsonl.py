"""Park records in a local file."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

from router.parking.base import Parked, to_json

__all__ = ["JsonLinesParking"]


class JsonLinesParking:
    """Appends parked records to a file, one JSON document a line.

    Args:
        path: The file. Parking the first record creates it, and its folder.

    Example:
        >>> place = JsonLinesParking("parked.jsonl")
        >>> place.path.name
        'parked.jsonl'
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._lock = threading.Lock()

    def park(self, parked: Parked) -> None:
        """Append a record, and wait until it is on the disk.

        Raises:
            OSError: The file cannot be written.
            TypeError: The record contains a value that JSON cannot express.
            ValueError: The record contains a number that JSON cannot express.
        """
        line = to_json(parked).encode() + b"\n"
        with self._lock:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab+", buffering=0) as file:
                if not _ends_with_newline(file):
                    line = b"\n" + line  # after a crash in mid-write: the torn line must not spoil this one
                _write_all(file, line)
                os.fsync(file.fileno())


def _ends_with_newline(file: Any) -> bool:
    """Whether the last line of a file is complete; an empty file has no line to complete."""
    if file.seek(0, os.SEEK_END) == 0:
        return True
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) == b"\n")


def _write_all(file: Any, data: bytes) -> None:
    """Write until all is written: an unbuffered write may take only a part."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]
