"""The user's app, imported from the folder the command runs in."""

from __future__ import annotations

import difflib
import os
import pkgutil
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from router.app import Dispatcher
from router.cli.errors import BrokenAppError, CommandLineError
from router.errors import RegistrationError
from router.local.app_import import (
    AppName,
    ModuleMissingError,
    NoDispatcherError,
    dispatcher_in,
    import_app_module,
    parse_app_name,
    shadowing_file,
    users_frames,
)
from router.local.project_settings import DEFAULT_APP
from router.naming import kind_of

__all__ = ["here", "load_app"]

_warned: set[str] = set()


def load_app(name: str, folders: Sequence[Path] = ()) -> Dispatcher:
    """Import an app.

    Args:
        name: ``module:attribute``.
        folders: The folders in which the module is searched first; the current folder if none is given.

    Raises:
        CommandLineError: There is no such module, no such attribute, or it is no Dispatcher.
        BrokenAppError: Importing the module raised.

    Example:
        >>> load_app("handlers:app")  # doctest: +SKIP
    """
    module_name, attribute = _parts(name)
    # Standard output is the command's: no line of metrics among its results, unless a user sets the variable.
    os.environ.setdefault("POWERTOOLS_METRICS_DISABLED", "true")
    _warn_of_a_shadow(folders or (Path.cwd(),))
    first = [str(folder) for folder in folders or (Path.cwd(),)]
    if sys.path[: len(first)] != first:
        sys.path[:0] = first
    try:
        return dispatcher_in(import_app_module(module_name), attribute)
    except KeyboardInterrupt:
        raise
    except ModuleMissingError as error:
        raise CommandLineError(_no_module(error.name)) from None
    except NoDispatcherError as error:
        raise CommandLineError(_no_dispatcher(error, name)) from None
    except BaseException as error:
        raise BrokenAppError(_shown(error)) from error


def here(place: str) -> str:
    """A path, or one with a line after it, relative to the current folder."""
    return place.removeprefix(f"{Path.cwd()}{os.sep}")


def _parts(name: str) -> AppName:
    parts = None if name.partition(":")[0].endswith(".py") else parse_app_name(name)
    if parts is not None:
        return parts
    head, _, tail = name.removesuffix(".py").replace(".py:", ".").rpartition(".")
    hint = f"; did you mean {head}:{tail}?" if head.isidentifier() and tail.isidentifier() else ""
    msg = f"found --app {name!r}, expected module:name such as {DEFAULT_APP}{hint}"
    raise CommandLineError(msg)


def _warn_of_a_shadow(folders: Sequence[Path]) -> None:
    """Warn once of a file that is imported in place of this package, by pytest or in Lambda if not here."""
    file = shadowing_file(folders)
    if file is not None and file not in _warned:
        _warned.add(file)
        found = f"found {here(file)}, which can be imported as `router` in place of entity-router; rename it"
        print(f"router: {found}", file=sys.stderr)


def _no_module(name: str) -> str:
    folder, _, wanted = name.rpartition(".")
    paths = getattr(sys.modules[folder], "__path__", []) if folder else [str(Path.cwd())]
    near = difflib.get_close_matches(wanted, [module.name for module in pkgutil.iter_modules(paths)], n=1)
    hint = f"; did you mean {folder}{'.' * bool(folder)}{near[0]}?" if near else ""
    return f"found no module {name!r} from {Path.cwd()}, expected one; go where it is, or name another with --app{hint}"


def _no_dispatcher(error: NoDispatcherError, name: str) -> str:
    module, _, attribute = name.partition(":")
    hint = f"did you mean {module}:{error.near}?" if error.near else ""
    if error.missing:
        hint = hint or "say there: app = Dispatcher(routes)"
        return f"found no {attribute!r} in module {module!r}, expected a Dispatcher; {hint}"
    return f"found {name} to be {kind_of(error.found)}, expected a Dispatcher{hint and f'; {hint}'}"


def _shown(error: BaseException) -> str:
    """The user's error as Python prints it, without the frames between the command and the user's code."""
    shown = traceback.TracebackException.from_exception(error)
    _trim(shown)
    if isinstance(error, RegistrationError) and shown.stack:
        frame = shown.stack[-1]
        return f"{here(frame.filename)}:{frame.lineno}: {frame.line}\n{type(error).__name__}: {error}"
    return "".join(shown.format()).rstrip("\n")


def _trim(shown: traceback.TracebackException) -> None:
    shown.stack = traceback.StackSummary.from_list(users_frames(shown.stack))
    for other in (shown.__cause__, shown.__context__, *(shown.exceptions or ())):
        if other is not None:
            _trim(other)
