"""Names of callables and kinds of values, as messages, logs and metrics show them."""

from __future__ import annotations

import functools
import inspect
import sys
from enum import Enum
from typing import Any

__all__ = [
    "KEY",
    "code_of",
    "is_async",
    "kind_of",
    "name_of",
    "place_of",
    "short_name_of",
    "shortened",
    "signature_of",
    "written_value",
]

KEY = "<key>"
"""Stands in the place of a fault for the key of a map, which is data of the item."""


def code_of(function: Any) -> Any:
    """Return the function that holds the code of a callable: behind partials, wrappers, classes and instances."""
    function = inspect.unwrap(_behind_partials(function))
    if inspect.isclass(function):
        return inspect.getattr_static(function, "__init__")
    return function if inspect.isroutine(function) else type(function).__call__


def is_async(function: Any) -> bool:
    """Whether a call returns what has to be awaited, as far as its code says."""
    code = code_of(function)
    return inspect.iscoroutinefunction(code) or inspect.isasyncgenfunction(code)


def signature_of(function: Any) -> inspect.Signature:
    """Return the signature of a callable; annotations that name what is not defined yet stay unevaluated.

    Up to Python 3.13 only strings can. Later versions evaluate no annotation before it is read.
    https://docs.python.org/3.14/library/annotationlib.html

    Raises:
        TypeError: It is no callable.
        ValueError: Python cannot read its signature.
    """
    if sys.version_info >= (3, 14):
        from annotationlib import Format

        return inspect.signature(function, annotation_format=Format.FORWARDREF)
    return inspect.signature(function)


def name_of(function: Any) -> str:
    """Return the module and the qualified name of a callable: ``handlers.orders.place``."""
    function = _behind_partials(function)
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{named.__module__}.{named.__qualname__}".replace("<locals>.", "")


def short_name_of(function: Any) -> str:
    """Return the name of a callable without its module: ``place``."""
    return name_of(function).rpartition(".")[2]


def place_of(function: Any) -> str | None:
    """Return the file and line of a callable, or ``None`` for one that is not written in Python."""
    code = getattr(code_of(function), "__code__", None) if callable(function) else None
    return f"{code.co_filename}:{code.co_firstlineno}" if code else None


def kind_of(value: Any) -> str:
    """Say what kind of value it is without showing the value: ``a value of type str``."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if inspect.isroutine(value):
        return f"the function {value.__name__}"
    return f"a value of type {type(value).__name__}"


def shortened(text: str, limit: int = 64) -> str:
    """Cut a text in the middle if it is longer than a limit."""
    return text if len(text) <= limit else f"{text[: limit // 2]}...{text[3 - limit // 2 :]}"


def _behind_partials(function: Any) -> Any:
    while isinstance(function, functools.partial):
        function = function.func
    return function


def written_value(value: Any) -> str:
    """Write a value as in source code: a member of an enum by its name."""
    return f"{type(value).__name__}.{value.name}" if isinstance(value, Enum) else repr(value)
