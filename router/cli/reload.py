"""Reload an app when its files change."""

from __future__ import annotations

import importlib
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
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


def reload_app(name: str, folders: Sequence[Path] = ()) -> Dispatcher:
    """Import an app again, together with the user's modules that it imports.

    Args:
        name: ``module:attribute``.
        folders: The folders in which the module is searched first; the current folder if none is given.

    Raises:
        ReloadError: The import fails; the modules loaded before stay loaded.
    """
    roots = _roots(folders)
    before = {module: sys.modules.pop(module) for module in _user_modules(roots)}
    importlib.invalidate_caches()
    try:
        return load_app(name, folders)
    except (BrokenAppError, CommandLineError) as error:
        for module in _user_modules(roots):
            del sys.modules[module]
        sys.modules.update(before)
        raise ReloadError(_text(error, roots)) from error


@contextmanager
def watched(folders: Sequence[Path] = ()) -> Iterator[set[str]]:
    """Watch the files of the user's modules; yields a set that collects the changed paths until it is cleared.

    Args:
        folders: The folders in which the user's modules are; the current folder is one of them.
    """
    from watchfiles import PythonFilter, watch

    changed: set[str] = set()
    ready, stop = threading.Event(), threading.Event()
    places = _watched_folders(_roots(folders))

    def follow() -> None:
        options: dict[str, Any] = {"stop_event": stop, "debounce": 200, "step": 50, "rust_timeout": _POLL_MILLISECONDS}
        # watch() does not signal its start; the first time-out without a change shows that it watches.
        for changes in watch(*places, watch_filter=PythonFilter(), yield_on_timeout=True, **options):
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


def _roots(folders: Sequence[Path]) -> tuple[Path, ...]:
    return (Path.cwd(), *folders)


def _user_modules(roots: tuple[Path, ...]) -> list[str]:
    """The modules below the folders, except installed packages and this package."""
    return [name for name, module in sys.modules.items() if name != "__main__" and _file(module, roots) is not None]


def _file(module: ModuleType, roots: tuple[Path, ...]) -> Path | None:
    file = getattr(module, "__file__", None)
    if file is None or module.__name__.partition(".")[0] == "router":
        return None
    path = Path(file)
    return path if _root_of(path, roots) is not None else None


def _root_of(path: Path, roots: tuple[Path, ...]) -> Path | None:
    """The folder that a user's file is below; ``None`` for another file."""
    if path.is_relative_to(sys.prefix) or "site-packages" in path.parts:
        return None
    return next((root for root in roots if path.is_relative_to(root)), None)


def _watched_folders(roots: tuple[Path, ...]) -> set[Path]:
    """The top folders of the user's modules: folders, not files, because editors replace files."""
    found = set()
    for path in filter(None, [_file(module, roots) for module in list(sys.modules.values())]):
        root = _root_of(path, roots) or path
        first, *inner = path.relative_to(root).parts
        found.add(root / first if inner else root)
    return found or {Path.cwd()}


def _text(error: Exception, roots: tuple[Path, ...]) -> str:
    cause = error.__cause__
    if cause is None:
        return str(error)
    if isinstance(cause, SyntaxError):
        return f"{here(cause.filename or '?')}:{cause.lineno}: {type(cause).__name__}: {cause.msg}"
    stack = users_frames(traceback.extract_tb(cause.__traceback__))
    frames = [frame for frame in stack if _root_of(Path(frame.filename), roots) is not None]
    place = f"{here(frames[-1].filename)}:{frames[-1].lineno}: " if frames else ""
    return "\n".join([f"{place}{type(cause).__name__}: {cause}", *getattr(cause, "__notes__", ())])
