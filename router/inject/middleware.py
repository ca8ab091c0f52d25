"""What runs around every handler: a callable around a callable.

A middleware is given the next callable and returns its own in place of it, once, when the dispatcher is made. Both
take what the handler takes first - the change, or all changes of an ``on_batch`` - and by the time the next callable
returns, the handler has finished, asynchronous ones too.

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
from router.inject.call import current_invocation
from router.naming import name_of
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
    """A plain handler may return an awaitable, which is to be finished before the middleware's next line runs."""

    @functools.wraps(call, assigned=(), updated=())
    def finishing(change: Any) -> Any:
        result = call(change)
        return result if result is None else current_invocation.get().finish(result)

    return finishing


def _check_takes_one(around: Middleware) -> None:
    try:
        inspect.signature(around).bind(None)
    except TypeError:
        _refuse(f"{name_of(around)}{inspect.signature(around)}, which cannot be called with one argument")
    except ValueError:  # nobody can tell what it takes
        return


def _describe(value: object) -> str:
    return f"the async function {name_of(value)}" if callable(value) else f"a value of type {type(value).__name__}"


def _refuse(found: str) -> NoReturn:
    msg = f"middleware: found {found}, expected a plain function of the next callable that returns another"
    raise RegistrationError(msg)
