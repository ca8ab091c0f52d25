"""Files of documents, JSON lines or one document each, and folders of such files."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from router.local.files import walk
from router.local.redrive.place import Document, PlaceError, digest_of

__all__ = ["FilePlace", "FolderPlace", "journal_beside"]


def journal_beside(path: Path) -> Path:
    """The journal of a file or a folder: hidden, beside the file or in the folder."""
    return path / ".router-redrive" if path.is_dir() else path.with_name(f".{path.name}.router-redrive")


class FilePlace:
    """One file: a document, or one document a line.

    A document that is removed stays in the file until :meth:`close`, which writes what is left in one step.

    Args:
        path: The file.
        keep_empty: Whether to leave an empty file, so that the same command finds the place again.
    """

    def __init__(self, path: Path, *, keep_empty: bool = True) -> None:
        self.path = path
        self._keep_empty = keep_empty
        self._removed: set[str] = set()
        self._taken = False

    @property
    def name(self) -> str:
        """The file's path."""
        return str(self.path)

    def take(self) -> Iterator[Document]:
        """The documents of the file.

        Raises:
            PlaceError: The file cannot be read.
        """
        if self._taken:
            return
        self._taken = True
        with self._open() as file:
            start = 0
            whole = _is_one_document(file)
            for number, line in enumerate([file.read()] if whole else file, 1):
                end = start + len(line)
                if line.strip():
                    name = self.name if whole else f"{self.name}:{number}"
                    yield Document(name, digest_of(_text(line)), partial(self._read, name, start, end))
                start = end

    def _read(self, name: str, start: int, end: int) -> str:
        with self._open() as file:
            file.seek(start)
            text = _text(file.read(end - start))
        if not text.strip():
            msg = f"found nothing at {name}, expected the document that was there"
            raise PlaceError(msg)
        return text

    @contextmanager
    def _open(self) -> Iterator[Any]:
        try:
            with self.path.open("rb") as file:
                yield file
        except OSError as error:
            msg = f"cannot read {self.path}: {error.strerror}"
            raise PlaceError(msg) from None

    def remove(self, document: Document) -> None:
        """Remove a document when the place is closed."""
        self._removed.add(document.digest)

    def event(self, _document: Document, content: dict[str, Any]) -> dict[str, Any]:
        """The document itself, which is an event."""
        return content

    def close(self) -> None:
        """Write the documents that are left.

        Raises:
            PlaceError: The file cannot be written.
        """
        if not self._removed:
            return
        try:
            with _locked(self.path) as file:
                _write_left(self.path, file, self._removed, keep_empty=self._keep_empty)
        except OSError as error:
            msg = f"cannot write {self.path}: {error.strerror}; the journal has what is done"
            raise PlaceError(msg) from None
        self._removed = set()


class FolderPlace:
    """The files of a folder and its subfolders; hidden ones are left out.

    Args:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files: list[FilePlace] | None = None

    @property
    def name(self) -> str:
        """The folder's path."""
        return str(self.path)

    def take(self) -> Iterator[Document]:
        """The documents of all files, in the order of their names."""
        if self._files is not None:
            return
        self._files = [FilePlace(path, keep_empty=False) for path in _files(self.path)]
        for file in self._files:
            for document in file.take():
                yield Document(document.name, document.digest, document.read, file)

    def remove(self, document: Document) -> None:
        """Remove a document when the place is closed."""
        document.handle.remove(document)

    def event(self, _document: Document, content: dict[str, Any]) -> dict[str, Any]:
        """The document itself, which is an event."""
        return content

    def close(self) -> None:
        """Write the documents that are left; an empty file is removed."""
        for file in self._files or ():
            file.close()


def _files(folder: Path) -> list[Path]:
    found: list[Path] = []
    for root, folders, names in walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(root, name) for name in names if not name.startswith(".")]
    return sorted(found)


def _is_one_document(file: Any) -> bool:
    """Whether the first line is not a document by itself, but the whole file is; leaves the file at its beginning."""
    first = next((line for line in file if line.strip()), b"")
    file.seek(0)
    if not first or _is_json(first):
        return False
    whole = _is_json(file.read())
    file.seek(0)
    return whole


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


@contextmanager
def _locked(path: Path) -> Iterator[Any]:
    """Keep processes that park records out of the file."""
    with path.open("rb+") as file:
        with suppress(ImportError, OSError):
            import fcntl  # not on Windows

            fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _write_left(path: Path, file: Any, removed: set[str], *, keep_empty: bool) -> None:
    """Replace a file by what is left of it, in one step."""
    if _is_one_document(file):
        left = b"" if digest_of(_text(file.read())) in removed else None
    else:
        left = b"".join(line for line in file if line.strip() and digest_of(_text(line)) not in removed)
    if left is None:
        return
    if not left and not keep_empty:
        path.unlink()
        return
    partial_path = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with partial_path.open("wb") as target:
            target.write(left)
            target.flush()
            os.fsync(target.fileno())
        partial_path.chmod(path.stat().st_mode & 0o7777)
        partial_path.replace(path.resolve())
    finally:
        partial_path.unlink(missing_ok=True)
