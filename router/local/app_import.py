"""Import a Dispatcher by its name: what ``--app``, ``router_app`` and a template's ``Handler`` have in common.

The errors hold data; each caller says in its own message which option or property to correct.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib
import inspect
import sys
import traceback
from collections.abc import Iterable
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

import router
from router.app import Dispatcher
from router.errors import RouterError

__all__ = [
    "AppName",
    "ModuleMissingError",
    "NoDispatcherError",
    "dispatcher_in",
    "import_app_module",
    "parse_app_name",
    "shadowing_file",
    "users_frames",
]

AppName = tuple[str, str]
"""The module and the attribute."""

_NOT_THE_USERS = (str(Path(router.__file__).parent), str(Path(importlib.__file__).parent), "<frozen importlib")


class ModuleMissingError(RouterError):
    """The module, or a package that it is in, does not exist.

    Args:
        name: The first part of the dotted name that does not exist.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"found no module {name!r}")
        self.name = name


class NoDispatcherError(RouterError):
    """The module has no such attribute, or the attribute is no Dispatcher.

    Args:
        found: The attribute's value.
        missing: Whether the module has no such attribute.
        near: The name of another attribute that may be meant: a Dispatcher, else one spelled alike.
    """

    def __init__(self, found: object, *, missing: bool, near: str | None) -> None:
        super().__init__("found no Dispatcher")
        self.found = found
        self.missing = missing
        self.near = near


def parse_app_name(name: str) -> AppName | None:
    """Split ``module:attribute``; ``None`` if the name has another form.

    Args:
        name: The name.

    Example:
        >>> parse_app_name("shop.handlers:app"), parse_app_name("shop.handlers.app")
        (('shop.handlers', 'app'), None)
    """
    module, _, attribute = name.partition(":")
    return (module, attribute) if all(part.isidentifier() for part in (*module.split("."), attribute)) else None


def import_app_module(name: str) -> ModuleType:
    """Import the app's module, with its standard output on standard error: standard output is for results.

    Args:
        name: The dotted name, found on ``sys.path``.

    Raises:
        ModuleMissingError: There is no such module.
        BaseException: The module raises it.
    """
    __tracebackhide__ = True  # pytest shows the traceback from the app's first line on
    if name.startswith("."):
        raise ModuleMissingError(name)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        # A module that the app itself imports is the app's error, even if it is a part of the same package.
        if error.name and f"{name}.".startswith(f"{error.name}.") and not _raised_by_user(error):
            raise ModuleMissingError(error.name) from None
        raise


def dispatcher_in(module: ModuleType, attribute: str) -> Dispatcher:
    """The Dispatcher that a module has under a name, behind the decorators around it.

    Args:
        module: The module.
        attribute: The name.

    Raises:
        NoDispatcherError: The module has no such attribute, or it is no Dispatcher.
    """
    __tracebackhide__ = True
    found = getattr(module, attribute, None)
    inner = inspect.unwrap(found) if callable(found) else found
    if isinstance(inner, Dispatcher):
        return inner
    missing = not hasattr(module, attribute)
    near = [name for name, value in vars(module).items() if isinstance(value, Dispatcher)]
    if missing and not near:
        near = difflib.get_close_matches(attribute, vars(module), n=1)
    raise NoDispatcherError(found, missing=missing, near=next(iter(near), None))


def shadowing_file(folders: Iterable[Path]) -> str | None:
    """A ``router.py``, or a package ``router``, of the user's that Python can import in place of this package.

    Args:
        folders: Folders that are, or are going to be, on ``sys.path``.
    """
    found = (PathFinder.find_spec("router", [str(folder)]) for folder in folders)
    files = [spec.origin for spec in found if spec is not None and spec.origin is not None]  # none: a folder of data
    return next((file for file in files if Path(file).resolve() != Path(router.__file__).resolve()), None)


def users_frames(frames: Iterable[traceback.FrameSummary]) -> list[traceback.FrameSummary]:
    """The frames outside this package and Python's import system."""
    return [frame for frame in frames if not frame.filename.startswith(_NOT_THE_USERS)]


def _raised_by_user(error: BaseException) -> bool:
    return bool(users_frames(traceback.extract_tb(error.__traceback__)))
