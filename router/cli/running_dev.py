"""Find the ``router dev`` that runs for the current folder: it notes its address and table in the cache folder."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path

from router.local.engines.install import cache_folder
from router.local.files import write_text

__all__ = ["RunningDev", "noted", "running_dev"]


@dataclass(frozen=True)
class RunningDev:
    """A session of ``router dev``.

    Args:
        url: The engine's endpoint URL.
        table: The table whose stream the app reads.
        discriminator: The attribute that holds the entity's name; ``None`` if no attribute does.
        app: The app's name.
        pid: The process.
    """

    url: str
    table: str
    discriminator: str | None
    app: str
    pid: int


@contextmanager
def noted(session: RunningDev) -> Iterator[None]:
    """Note a session while it runs.

    Args:
        session: The session.
    """
    file = _file()
    # Without a note the other commands need --endpoint-url and --table: no reason to end the session.
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, json.dumps(asdict(session)))
    try:
        yield
    finally:
        # A later session in the same folder has a note of its own.
        if running_dev() == session:
            with suppress(OSError):
                file.unlink()


def running_dev() -> RunningDev | None:
    """The session that runs for the current folder; ``None`` if there is none."""
    try:
        session = RunningDev(**json.loads(_file().read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # none, or the note of another version
        return None
    return session if _runs(session.pid) else None


def _file() -> Path:
    return cache_folder() / "dev" / f"{blake2b(os.fsencode(Path.cwd()), digest_size=16).hexdigest()}.json"


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # of another user
        return True
    return True
