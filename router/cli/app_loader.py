"""The user's app, imported from the folder the command runs in."""

from __future__ import annotations

import contextlib
import difflib
import importlib
import os
import pkgutil
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import router
from router.app import Dispatcher
from router.cli.errors import BrokenAppError, CommandLineError
from router.errors import RegistrationError

__all__ = ["DEFAULT_APP", "here", "load_app"]

DEFAULT_APP = "handlers:app"

_NOT_THE_USERS = (str(Path(router.__file__).parent), str(Path(importlib.__file__).parent), "<frozen importlib")


def load_app(name: str) -> Dispatcher:
    """Import an app.

    Args:
        name: ``module:attribute``. The module is looked for in the current folder first.

    Raises:
        CommandLineError: There is no such module, no such attribute, or it is no dispatcher.
        BrokenAppError: Importing the module raised.

    Example:
        >>> load_app("handlers:app")  # doctest: +SKIP
    """
    module_name, attribute = _parts(name)
    # Standard output is the command's: no line of metrics among its results, unless somebody asks for them.
    os.environ.setdefault("POWERTOOLS_METRICS_DISABLED", "true")
    folder = str(Path.cwd())
    if sys.path[0] != folder:
        sys.path.insert(0, folder)
    return _dispatcher(_module(module_name), attribute, name)


def here(place: str) -> str:
    """A path, or one with a line after it, as seen from the current folder."""
    return place.removeprefix(f"{Path.cwd()}{os.sep}")


def _parts(name: str) -> tuple[str, str]:
    module, _, attribute = name.partition(":")
    if not module.endswith(".py") and all(part.isidentifier() for part in (*module.split("."), attribute)):
        return module, attribute
    head, _, tail = name.removesuffix(".py").replace(".py:", ".").rpartition(".")
    hint = f"; did you mean {head}:{tail}?" if head.isidentifier() and tail.isidentifier() else ""
    msg = f"found --app {name!r}, expected module:name such as {DEFAULT_APP}{hint}"
    raise CommandLineError(msg)


def _module(name: str) -> ModuleType:
    try:
        # What the app prints while it is imported is no result of a command.
        with contextlib.redirect_stdout(sys.stderr):
            return importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except ModuleNotFoundError as error:
        if error.name and f"{name}.".startswith(f"{error.name}.") and not _users(error):
            raise CommandLineError(_no_module(error.name)) from None
        raise BrokenAppError(_told(error)) from error
    except BaseException as error:
        raise BrokenAppError(_told(error)) from error


def _no_module(name: str) -> str:
    folder, _, wanted = name.rpartition(".")
    paths = getattr(sys.modules[folder], "__path__", []) if folder else [str(Path.cwd())]
    near = difflib.get_close_matches(wanted, [module.name for module in pkgutil.iter_modules(paths)], n=1)
    hint = f"; did you mean {folder}{'.' * bool(folder)}{near[0]}?" if near else ""
    return f"found no module {name!r} from {Path.cwd()}, expected one; go where it is, or name another with --app{hint}"


def _dispatcher(module: ModuleType, attribute: str, name: str) -> Dispatcher:
    names = vars(module)
    try:
        found = getattr(module, attribute)
    except AttributeError:
        near = _dispatchers(names) or difflib.get_close_matches(attribute, names, n=1)
        hint = f"did you mean {module.__name__}:{near[0]}?" if near else "say there: app = Dispatcher(routes)"
        msg = f"found no {attribute!r} in module {module.__name__!r}, expected a Dispatcher; {hint}"
        raise CommandLineError(msg) from None
    if isinstance(found, Dispatcher):
        return found
    near = _dispatchers(names)
    hint = f"; did you mean {module.__name__}:{near[0]}?" if near else ""
    msg = f"found {name} to be {_kind(found)}, expected a Dispatcher{hint}"
    raise CommandLineError(msg)


def _dispatchers(names: dict[str, Any]) -> list[str]:
    return [name for name, value in names.items() if isinstance(value, Dispatcher)]


def _kind(value: object) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else f"a value of type {type(value).__name__}"


def _told(error: BaseException) -> str:
    """The user's error as Python would tell it, without the frames that led from the command to their code."""
    told = traceback.TracebackException.from_exception(error)
    _trim(told)
    if isinstance(error, RegistrationError) and told.stack:
        frame = told.stack[-1]
        return f"{here(frame.filename)}:{frame.lineno}: {frame.line}\n{type(error).__name__}: {error}"
    return "".join(told.format()).rstrip("\n")


def _trim(told: traceback.TracebackException) -> None:
    told.stack = traceback.StackSummary.from_list(_theirs(told.stack))
    for other in (told.__cause__, told.__context__, *(told.exceptions or ())):
        if other is not None:
            _trim(other)


def _theirs(frames: Iterable[traceback.FrameSummary]) -> list[traceback.FrameSummary]:
    return [frame for frame in frames if not frame.filename.startswith(_NOT_THE_USERS)]


def _users(error: BaseException) -> bool:
    return bool(_theirs(traceback.extract_tb(error.__traceback__)))
