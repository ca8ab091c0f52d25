"""Middleware: a callable around the call of every handler.

A middleware takes the next call and returns the call that replaces it, once, when the Dispatcher is made. Both take the
handler's first argument: the change, or the changes of an ``on_batch``. When the next call returns, the handler has
finished, even an asynchronous one.

Example:
    >>> import time
    >>> def timed(call):
    ...     def timing(change):
    ...         started = time.perf_counter()
    ...         try:
    ...             return call(change)
    ...         finally:
    ...             print(f"{time.perf_counter() - started:.0f} s")
    ...     return timing
    >>> wrap(lambda change: None, [timed])("change")
    0 s
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Sequence
from typing import Any, NoReturn

from router.errors import RegistrationError
from router.inject.scopes import current_invocation
from router.naming import kind_of, name_of, signature_of
from router.types import Call, Middleware

__all__ = ["wrap"]


def wrap(call: Call, middleware: Sequence[Middleware]) -> Call:
    """Put middleware around a call, the first of them outermost.

    Raises:
        RegistrationError: One of them is no function of a callable that returns a callable.
    """
    if middleware:
        call = _finishing(call)
    for around in reversed(middleware):
        inner = call
        if not callable(around) or inspect.iscoroutinefunction(around):
            _refuse(_describe(around))
        _check_takes_one(around)
        outer: Any = around(inner)
        if not callable(outer) or inspect.iscoroutinefunction(outer):
            _refuse(f"{name_of(around)}, which returns {_describe(outer)}")
        call = outer
        if call is not inner and not hasattr(call, "__wrapped__") and hasattr(call, "__dict__"):
            functools.update_wrapper(call, inner, assigned=())
    return call


def _finishing(call: Call) -> Call:
    """Wait for the handler before the middleware's next line runs: a plain handler may return an awaitable."""

    @functools.wraps(call, assigned=(), updated=())
    def finishing(change: Any) -> Any:
        result = call(change)
        return result if result is None else current_invocation.get().finish(result)

    return finishing


def _check_takes_one(around: Middleware) -> None:
    try:
        signature_of(around).bind(None)
    except TypeError:
        _refuse(f"{name_of(around)}{signature_of(around)}, which cannot be called with one argument")
    except ValueError:  # Python cannot tell its signature
        return


def _describe(value: object) -> str:
    return f"the async function {name_of(value)}" if callable(value) else kind_of(value)


def _refuse(found: str) -> NoReturn:
    msg = f"middleware: found {found}, expected a plain function of the next callable that returns another"
    raise RegistrationError(msg)
