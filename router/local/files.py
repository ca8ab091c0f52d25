"""A file that holds its old text or its new one, and never a part of either."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

__all__ = ["replace_text"]


def replace_text(path: Path, text: str) -> None:
    """Put another text into a file, whose mode stays.

    The text goes to a file beside it first, which then takes its place: whoever reads meanwhile, and whatever fails
    half-way, finds the whole of one of the two. Of a link, what it leads to is replaced.

    Args:
        path: The file.
        text: Its new text; line ends are kept as they are.

    Raises:
        OSError: It cannot be written; then it is as it was.
    """
    target = path.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(target.stat().st_mode & 0o7777)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
