"""What runs around every handler: a callable around a callable.

A middleware is given the next callable and returns its own in place of it, once, when the dispatcher is made. Both take
what the handler takes first - the change, or all changes of an ``on_batch`` - and by the time the next callable returns,
the handler has finished, asynchronous ones too.

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
from collections.abc import Callable, Sequence
from typing import Any

from router.errors import RegistrationError
from router.inject import Call
from router.signature import name_of

__all__ = ["Middleware", "wrap"]

Middleware = Callable[[Call], Call]


def wrap(call: Call, middleware: Sequence[Middleware]) -> Call:
    """Put middleware around a call, the first of them outermost.

    Raises:
        RegistrationError: One of them is no function of a callable that returns a callable.
    """
    for around in reversed(middleware):
        inner = call
        if not callable(around) or inspect.iscoroutinefunction(around):
            found = "an async function" if callable(around) else f"a value of type {type(around).__name__}"
            _refuse(found)
        call = around(inner)
        if not callable(call) or inspect.iscoroutinefunction(call):
            kind = "an async function" if callable(call) else f"a value of type {type(call).__name__}"
            _refuse(f"{name_of(around)}, which returns {kind}")
        if call is not inner and not hasattr(call, "__wrapped__") and hasattr(call, "__dict__"):
            functools.update_wrapper(call, inner, assigned=())
    return call


def _refuse(found: str) -> None:
    msg = f"middleware: found {found}, expected a plain function that takes the next callable and returns a plain callable"
    raise RegistrationError(msg)
