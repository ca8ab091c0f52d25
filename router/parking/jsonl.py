"""Park records in a local file."""

from __future__ import annotations

import io
import json
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from router.parking.base import Parked, to_json

__all__ = ["JsonLinesParking"]


class JsonLinesParking:
    """Appends parked records to a file, one JSON document a line.

    A record stands in the file once for each route, however often it is parked: a document whose ID is in the file is
    not added again. A line that a crash cut off stays, but is no document. Several processes may use one file.

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
        self._ids: set[str] = set()
        self._file: tuple[int, int] | None = None
        self._read_until = 0

    def park(self, parked: Parked) -> None:
        """Append a record, unless the file has it, and wait until it is on the disk.

        Raises:
            OSError: The file cannot be written.
            TypeError: The record contains a value that JSON cannot express.
            ValueError: The record contains a number that JSON cannot express.
        """
        line = to_json(parked).encode() + b"\n"
        with self._lock:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._open_locked() as file:
                last_line = self._read_ids(file)
                if parked.id is None or parked.id not in self._ids:
                    _write_all(file, b"\n" + line if last_line else line)  # a torn line must not spoil this one
                os.fsync(file.fileno())  # also of a document that is there: its writer may have failed at this point

    def _open_locked(self) -> io.FileIO:
        while True:
            file = self.path.open("ab+", buffering=0)
            _lock(file)
            if _is_at(self.path, file):
                return file
            file.close()  # a redrive has replaced it while this process waited for the lock

    def _read_ids(self, file: Any) -> bytes:
        """Read the IDs that have been added since the last time, and return the last line if it has no end."""
        status = os.fstat(file.fileno())
        identity = (status.st_dev, status.st_ino)
        if identity != self._file or status.st_size < self._read_until:  # another file, or one that was emptied
            self._file, self._read_until, self._ids = identity, 0, set()
        file.seek(self._read_until)
        lines, line = io.BufferedReader(file), b""
        for line in lines:
            self._ids.update(_id_in(line))
            if line.endswith(b"\n"):
                self._read_until += len(line)
        lines.detach()
        return b"" if line.endswith(b"\n") else line


def _id_in(line: bytes) -> list[str]:
    """The ID of the document in a line; none in a line that is cut off."""
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return []
    found = document.get("id") if isinstance(document, dict) else None
    return [found] if isinstance(found, str) else []


def _is_at(path: Path, file: Any) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _lock(file: Any) -> None:
    """Keep other processes from the file until it is closed."""
    with suppress(ImportError, OSError):  # on Windows, and on a file system without locks, it must be the only one
        import fcntl  # not for most apps

        fcntl.flock(file, fcntl.LOCK_EX)


def _write_all(file: Any, data: bytes) -> None:
    """Write until all is written: an unbuffered write may take only a part."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]
