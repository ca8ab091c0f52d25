"""The journal of a redrive: what is done, on the disk before the next record starts.

A record that is done leaves its place, but a file cannot be rewritten for each record, and a document may hold several
records. So the journal has the keys of the records that are done. After an end at any moment, even by SIGKILL, the next
run reads it and goes on; only the record in flight runs again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from router.local.redrive.place import PlaceError

__all__ = ["Journal"]


class Journal:
    """The records that are done, in a file that one process at a time may use.

    Args:
        path: The file. It is made when the redrive begins, and removed when it has nothing left to say.

    Raises:
        PlaceError: Another process uses it, or it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = _open_locked(path)
        except BlockingIOError:
            msg = f"found another router redrive at work, which uses {path}, expected one at a time"
            raise PlaceError(msg) from None
        except OSError as error:
            msg = f"cannot write the journal {path}: {error.strerror}"
            raise PlaceError(msg) from None
        self._file.seek(0)
        whole, _, _ = self._file.read().rpartition(b"\n")
        # A line without its end is of a process that ended within the write: it counts for none of its records.
        self._file.truncate(len(whole) + 1 if whole else 0)
        self._done = set(whole.decode("ascii", "replace").split())

    def __contains__(self, key: object) -> bool:
        return key in self._done

    def note(self, keys: Iterable[str]) -> None:
        """Note records that are done, all of them or none, and wait until they are on the disk."""
        keys = list(keys)
        view = memoryview((" ".join(keys) + "\n").encode())
        while view:
            view = view[self._file.write(view) :]
        os.fsync(self._file.fileno())
        self._done.update(keys)

    def close(self, *, is_over: bool) -> None:
        """Close the file.

        Args:
            is_over: Whether no document is left of which a record is done: then the file is removed.
        """
        if is_over:
            self.path.unlink(missing_ok=True)
        self._file.close()


def _open_locked(path: Path) -> Any:
    """Open a file and lock it until it is closed.

    Raises:
        BlockingIOError: Another process has locked it.
    """
    while True:
        file = path.open("ab+", buffering=0)
        try:
            import fcntl  # not on Windows

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:
            return file
        except BlockingIOError:
            file.close()
            raise
        except OSError:  # a file system without locks
            return file
        if path.exists() and path.stat().st_ino == os.fstat(file.fileno()).st_ino:
            return file
        file.close()  # the process that used it has removed it meanwhile
