"""Reload an app when its files change."""

from __future__ import annotations

import importlib
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from router.app import Dispatcher
from router.cli.app_loader import here, load_app
from router.cli.errors import BrokenAppError, CommandLineError
from router.local.app_import import users_frames

__all__ = ["ReloadError", "reload_app", "watched"]

_POLL_MILLISECONDS = 100


class ReloadError(Exception):
    """The app does not load; the first line of the message has file, line and reason."""


def reload_app(name: str) -> Dispatcher:
    """Import an app again, together with the user's modules that it imports.

    Args:
        name: ``module:attribute``.

    Raises:
        ReloadError: The import fails; the modules loaded before stay loaded.
    """
    before = {module: sys.modules.pop(module) for module in _user_modules()}
    importlib.invalidate_caches()
    try:
        return load_app(name)
    except (BrokenAppError, CommandLineError) as error:
        for module in _user_modules():
            del sys.modules[module]
        sys.modules.update(before)
        raise ReloadError(_text(error)) from error


@contextmanager
def watched() -> Iterator[set[str]]:
    """Watch the files of the user's modules; yields a set that collects the changed paths until it is cleared."""
    from watchfiles import PythonFilter, watch

    changed: set[str] = set()
    ready, stop = threading.Event(), threading.Event()
    folders = _folders()

    def follow() -> None:
        options: dict[str, Any] = {"stop_event": stop, "debounce": 200, "step": 50, "rust_timeout": _POLL_MILLISECONDS}
        # watch() does not signal its start; the first time-out without a change shows that it watches.
        for changes in watch(*folders, watch_filter=PythonFilter(), yield_on_timeout=True, **options):
            changed.update(path for _, path in changes)
            ready.set()

    thread = threading.Thread(target=follow, name="watching the handlers", daemon=True)
    thread.start()
    ready.wait(5)
    try:
        yield changed
    finally:
        stop.set()
        thread.join(5)


def _user_modules() -> list[str]:
    """The modules below the current folder, except installed packages and this package."""
    return [name for name, module in sys.modules.items() if name != "__main__" and _file(module) is not None]


def _file(module: ModuleType) -> Path | None:
    file = getattr(module, "__file__", None)
    if file is None or module.__name__.partition(".")[0] == "router":
        return None
    path = Path(file)
    return path if _is_users(path) else None


def _is_users(path: Path) -> bool:
    below = path.is_relative_to(Path.cwd()) and not path.is_relative_to(sys.prefix)
    return below and "site-packages" not in path.parts


def _folders() -> set[Path]:
    """The top folders of the user's modules: folders, not files, because editors replace files."""
    parts = [path.relative_to(Path.cwd()).parts for module in list(sys.modules.values()) if (path := _file(module))]
    return {Path.cwd() / part[0] if len(part) > 1 else Path.cwd() for part in parts} or {Path.cwd()}


def _text(error: Exception) -> str:
    cause = error.__cause__
    if cause is None:
        return str(error)
    if isinstance(cause, SyntaxError):
        return f"{here(cause.filename or '?')}:{cause.lineno}: {type(cause).__name__}: {cause.msg}"
    stack = users_frames(traceback.extract_tb(cause.__traceback__))
    frames = [frame for frame in stack if _is_users(Path(frame.filename))]
    place = f"{here(frames[-1].filename)}:{frames[-1].lineno}: " if frames else ""
    return "\n".join([f"{place}{type(cause).__name__}: {cause}", *getattr(cause, "__notes__", ())])
