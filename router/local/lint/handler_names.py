"""Which handlers speak of something by its name, in their own code or in the user's code that it calls."""

from __future__ import annotations

import inspect
import sys
import sysconfig
import types
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import router
from router.registration.dependencies import Parameter
from router.routes import Route

__all__ = ["mentions"]

# What a handler calls of Python's, of installed packages and of this one is no code of the user's.
_NOT_THE_USERS = tuple(
    {str(Path(sysconfig.get_path(name)).resolve()) for name in ("stdlib", "purelib", "platlib")}
    | {str(Path(router.__file__).parent), "<frozen"}
)


def mentions(route: Route, words: Collection[str]) -> bool:
    """Whether a handler, what it depends on, or a function of the user's that these call has one of the words.

    A word is a text in the code, or one in a variable or an object of a module that the code names: the name of an
    environment variable, or of a table.

    Args:
        route: The handler's route.
        words: The words.
    """
    waiting: list[Any] = [route.handler, *_factories(route.signature.parameters)]
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        for found in _behind(value):
            if isinstance(found, str):
                if found in words:
                    return True
            elif _is_users(found):
                waiting.append(found)
    return False


def _factories(parameters: Iterable[Parameter]) -> Iterator[Callable[..., Any]]:
    for parameter in parameters:
        if parameter.dependency is not None:
            yield parameter.dependency.factory
            yield from _factories(parameter.dependency.parameters)


def _behind(value: Any) -> Iterator[Any]:
    """The texts in something, and what else it leads to."""
    if isinstance(value, types.MethodType):
        yield from (value.__func__, value.__self__)
    elif isinstance(value, types.FunctionType):
        yield from _behind_code(value.__code__, value.__globals__)
        yield from (cell.cell_contents for cell in value.__closure__ or () if _is_filled(cell))
    elif inspect.isclass(value):
        yield from (member for name, member in vars(value).items() if not name.startswith("__"))
    else:
        held = getattr(value, "__dict__", {}).values()
        # Into things of installed packages only as far as a client or a table of boto3 holds its name.
        yield from (type(value), *held) if _is_users(type(value)) else (each for each in held if isinstance(each, str))


def _behind_code(code: types.CodeType, names: dict[str, Any]) -> Iterator[Any]:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _behind_code(constant, names)
        elif isinstance(constant, str):
            yield constant
    yield from (names[name] for name in code.co_names if name in names)


def _is_filled(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _is_users(value: Any) -> bool:
    """Whether to look into something: the user's functions and classes, and what may hold a name."""
    if isinstance(value, types.ModuleType):
        return False
    if isinstance(value, types.FunctionType):
        return not value.__code__.co_filename.startswith(_NOT_THE_USERS)
    if inspect.isclass(value):
        file = getattr(sys.modules.get(value.__module__), "__file__", None)
        return file is not None and not file.startswith(_NOT_THE_USERS)
    return hasattr(value, "__dict__")
