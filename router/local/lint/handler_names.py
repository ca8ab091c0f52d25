"""Find what the code of handlers names: their own code, or the user's code that they call."""

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

__all__ = ["behind", "factories", "mentions"]

# The standard library, installed packages and this package are not the user's code.
_NOT_THE_USERS = tuple(
    {str(Path(sysconfig.get_path(name)).resolve()) for name in ("stdlib", "purelib", "platlib")}
    | {str(Path(router.__file__).parent), "<frozen"}
)


def mentions(route: Route, words: Collection[str]) -> bool:
    """Whether the code of a handler, of its dependencies, or of user functions that these call contains a word.

    A word is a string in the code, or in a global variable or object that the code uses: the name of an environment
    variable, or of a table.

    Args:
        route: The handler's route.
        words: The words.
    """
    return any(isinstance(found, str) and found in words for found in behind(route.handler, *factories(route)))


def behind(*values: Any) -> Iterator[Any]:
    """The strings and objects in the code of functions, of user functions that these call, and in their objects.

    Args:
        values: The functions.
    """
    waiting = [*values]
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        for found in _behind(value):
            yield found
            if not isinstance(found, str) and _is_users(found):
                waiting.append(found)


def factories(route: Route) -> Iterator[Callable[..., Any]]:
    """The factories of a handler's dependencies, and of theirs."""
    return _factories(route.signature.parameters)


def _factories(parameters: Iterable[Parameter]) -> Iterator[Callable[..., Any]]:
    for parameter in parameters:
        if parameter.dependency is not None:
            yield parameter.dependency.factory
            yield from _factories(parameter.dependency.parameters)


def _behind(value: Any) -> Iterator[Any]:
    """The strings in an object, and the objects that it refers to."""
    if isinstance(value, types.MethodType):
        yield from (value.__func__, value.__self__)
    elif isinstance(value, types.FunctionType):
        yield from _behind_code(value.__code__, value.__globals__)
        yield from (cell.cell_contents for cell in value.__closure__ or () if _is_filled(cell))
    elif inspect.isclass(value):
        yield from (member for name, member in vars(value).items() if not name.startswith("__"))
    else:
        held = getattr(value, "__dict__", {}).values()
        # Of objects of installed packages only the strings: a client or a table of boto3 holds the table's name.
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
    """Whether to search an object: the user's functions and classes, and instances, which may hold a name."""
    if isinstance(value, types.ModuleType):
        return False
    if isinstance(value, types.FunctionType):
        return not value.__code__.co_filename.startswith(_NOT_THE_USERS)
    if inspect.isclass(value):
        file = getattr(sys.modules.get(value.__module__), "__file__", None)
        return file is not None and not file.startswith(_NOT_THE_USERS)
    return hasattr(value, "__dict__")
