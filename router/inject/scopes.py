"""What lives as long as a container, an invocation or a call of a handler."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from router.context import Deadline
from router.depends import Scope
from router.inject.event_loop import Loop
from router.record import Batch, Record
from router.routes import Route

if TYPE_CHECKING:
    import structlog

__all__ = ["Container", "Invocation", "Request", "Values", "current_invocation"]

current_invocation: ContextVar[Invocation] = ContextVar("current_invocation")
"""The invocation that the running code belongs to, in each of its lanes' threads too."""


class Values:
    """The values that factories made for one scope, and their clean-up."""

    __slots__ = ("_exits", "_made", "lock")

    def __init__(self) -> None:
        self._made: dict[Any, Any] = {}
        self._exits: list[tuple[str, Any]] = []
        # For lanes, which need values at the same time; reentrant, as a factory may need another value of its scope.
        self.lock = threading.RLock()

    def get_or_make(self, key: Any, make: Callable[[Values], Any]) -> Any:
        """Return the value under a key, made at the first request."""
        try:
            return self._made[key]
        except KeyError:
            pass
        with self.lock:
            if key not in self._made:
                self._made[key] = make(self)
            return self._made[key]

    def enter(self, name: str, manager: Any) -> Any:
        """Enter a context manager, to be left when the scope ends."""
        value = manager.__enter__()
        self._exits.append((name, manager))
        return value

    def close(self, error: BaseException | None = None) -> None:
        """Clean up, the newest first.

        Args:
            error: What ended the scope. Factories see it; none can suppress it.

        Raises:
            Exception: The error of the first clean-up that failed, where no error ended the scope.
        """
        fault: Exception | None = None
        while self._exits:
            name, manager = self._exits.pop()
            try:
                manager.__exit__(type(error) if error else None, error, error.__traceback__ if error else None)
            except Exception as raised:  # noqa: BLE001 - the other values need their clean-up too
                raised.add_note(f"raised by the clean-up of {name}")
                fault = fault or raised
        self._made.clear()
        if fault is not None and error is None:
            raise fault
        if fault is not None and error is not None:
            error.add_note(f"its clean-up failed too, with {type(fault).__name__}")


class Container:
    """Everything that lives as long as Lambda's container: the event loop, threads, values of scope ``cold_start``."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.values = Values()
        self._threads: ThreadPoolExecutor | None = None

    def threads(self, number: int) -> ThreadPoolExecutor:
        """The threads that run lanes, started at the first call.

        Args:
            number: How many there are, the same at every call.
        """
        if self._threads is None:
            self._threads = ThreadPoolExecutor(number, thread_name_prefix="lane")
        return self._threads


class Invocation:
    """Everything that lives as long as one invocation.

    Args:
        container: The container it runs in.
        context: Lambda's context, or what a caller gave in its place.
        batch: The records.
        log: Makes a logger, bound to a record and a route where they are given.
        deadline: When nothing starts any more.
    """

    __slots__ = ("batch", "container", "context", "deadline", "log", "values")

    def __init__(
        self,
        container: Container,
        context: Any,
        batch: Batch,
        log: Callable[[Record | None, Route | None], structlog.typing.FilteringBoundLogger],
        deadline: Deadline,
    ) -> None:
        self.container = container
        self.context = context
        self.batch = batch
        self.log = log
        self.deadline = deadline
        self.values = Values()

    def finish(self, result: Any) -> Any:
        """Return a handler's result, and wait for it where it is asynchronous."""
        return self.container.loop.wait(result) if result is not None and inspect.isawaitable(result) else result


class Request:
    """One call of a handler, on whose behalf values are supplied.

    Args:
        invocation: The invocation.
        change: The change, or the changes of a batch, that the handler is called with.
        route: The handler's route.
    """

    __slots__ = ("_change", "invocation", "route", "values")

    def __init__(self, invocation: Invocation, change: Any, route: Route) -> None:
        self.invocation = invocation
        self.route = route
        self.values = Values()
        self._change = change

    @property
    def record(self) -> Record | None:
        """The record of the change; ``None`` for a batch."""
        return None if self.route.batch else self._change.record

    def of_scope(self, scope: Scope) -> Values:
        """The values of a scope."""
        if scope == "record":
            return self.values
        return self.invocation.values if scope == "invocation" else self.invocation.container.values
