"""Write files in one step, so that a reader sees the old text or the new one; read folders whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

__all__ = ["walk", "write_text"]

_DEFAULT_MODE = 0o666  # of which the system subtracts the umask


def write_text(path: Path, text: str, *, mode: int | None = None, replace: bool = True) -> None:
    """Write a text into a temporary file beside the target, and rename it to the target.

    If the path is a link, the file that it points to is replaced. Line ends stay as they are.

    Args:
        path: The file.
        text: Its new text.
        mode: Its permissions; by default those of the existing file, and of a new one those that the umask leaves.
        replace: Whether to replace an existing file.

    Raises:
        FileExistsError: The file exists and is not to be replaced.
        OSError: The file cannot be written; then it is unchanged.

    Example:
        >>> write_text(Path("template.yaml"), "Resources: {}")  # doctest: +SKIP
    """
    target = path.resolve()
    if mode is None and target.exists():
        mode = target.stat().st_mode & 0o7777
    partial = target.with_name(f".{target.name}.{token_hex(8)}")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _DEFAULT_MODE if mode is None else mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            partial.chmod(mode)
        if replace:
            partial.replace(target)
        else:
            os.link(partial, target)  # unlike a rename, a link does not replace a file
    finally:
        partial.unlink(missing_ok=True)


def walk(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """``os.walk``, which by default passes over a folder that cannot be read, as if it were empty.

    Args:
        folder: The folder.

    Raises:
        OSError: The folder, or one in it, cannot be read.
    """
    return os.walk(folder, onerror=_raise)


def _raise(error: OSError) -> None:
    raise error
