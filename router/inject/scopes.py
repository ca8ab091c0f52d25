"""What lives as long as a container, an invocation or a call of a handler."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from contextvars import Context, ContextVar
from functools import cached_property
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from router.context import Deadline
from router.depends import Scope
from router.errors import RouterError, any_error, as_exception
from router.inject.futures import is_future
from router.inject.outboxes import Outboxes
from router.observability.trouble import TroubleLog
from router.parking.base import FirstFailures
from router.record import Batch, Record
from router.routes import Route

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    import structlog

    from router.inject.event_loop import Loop

__all__ = ["Container", "Containers", "Invocation", "Request", "Values", "current_invocation"]

current_invocation: ContextVar[Invocation] = ContextVar("current_invocation")
"""The invocation that the running code belongs to, in each of its lanes' threads too."""


class Values:
    """The values that factories made for one scope, and their clean-up."""

    __slots__ = ("_exits", "lock", "made")

    def __init__(self) -> None:
        self.made: dict[Any, Any] = {}
        """The values by what made them."""
        self._exits: list[tuple[str, Any]] = []
        # For lanes, which need values at the same time; reentrant, as a factory may need another value of its scope.
        self.lock = threading.RLock()

    def get_or_make(self, key: Any, make: Callable[[Values], Any]) -> Any:
        """Return the value under a key, made at the first request."""
        try:
            return self.made[key]
        except KeyError:
            pass
        with self.lock:
            if key not in self.made:
                self.made[key] = make(self)
            return self.made[key]

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
            BaseException: What a clean-up raised to end the process.
        """
        faults: list[BaseException] = []
        while self._exits:
            name, manager = self._exits.pop()
            try:
                manager.__exit__(type(error) if error else None, error, error.__traceback__ if error else None)
            except BaseException as raised:  # noqa: BLE001 - the other values need their clean-up too
                raised.add_note(f"raised by the clean-up of {name}")
                faults.append(raised)
        self.made.clear()
        for fault in faults:
            if not isinstance(fault, any_error()):
                raise fault
        if faults and error is None:
            raise as_exception(faults[0])
        if faults and error is not None:
            error.add_note(f"its clean-up failed too, with {type(faults[0]).__name__}")


class Container:
    """What lives as long as Lambda's container: the event loop, threads, values of scope ``cold_start``, memory.

    Args:
        generation: How often the containers of the Dispatcher had been closed when this one was made.
    """

    def __init__(self, generation: int = 0) -> None:
        self.generation = generation
        self.values = Values()
        self.kept = Values()
        """The values that SnapStart's snapshot keeps."""
        self.first_failures = FirstFailures()
        self.over: Sequence[tuple[str, str]] = ()
        """The pairs of route and record that the store of completed routes may forget after the response."""
        self._threads: ThreadPoolExecutor | None = None

    @cached_property
    def loop(self) -> Loop:
        """The event loop."""
        from router.inject.event_loop import Loop  # asyncio takes a sixth of a cold start to import

        return Loop()

    def threads(self, number: int) -> ThreadPoolExecutor:
        """The threads that run lanes, started at the first call.

        Args:
            number: How many there are, the same at every call.
        """
        if self._threads is None:
            from concurrent.futures import ThreadPoolExecutor

            self._threads = ThreadPoolExecutor(number, thread_name_prefix="lane")
        return self._threads

    def end_connections(self) -> None:
        """Before a snapshot: end what may hold a connection, so that what needs it next makes another one.

        Raises:
            Exception: The error of the first clean-up that failed.
        """
        try:
            self.values.close()
        finally:
            if self._threads is not None:
                self._threads.shutdown()
            self._threads = None
            vars(self).pop("loop", None)

    def close(self) -> None:
        """Clean up the values.

        Raises:
            Exception: The error of the first clean-up that failed.
        """
        with ExitStack() as stack:
            stack.callback(self.kept.close)  # the last, because the others may be made of them
            stack.callback(self.values.close)


class Containers:
    """The containers of a Dispatcher, one for each of its invocations that run at a time, as in Lambda.

    There is one in Lambda. There are more where a handler calls its own Dispatcher, or where threads call one: the
    invocations share no event loop, no threads and no values, so that none waits for another.
    """

    __slots__ = ("_free", "_generation")

    def __init__(self) -> None:
        self._free: list[Container] = []
        self._generation = 0

    def take(self) -> Container:
        """Take a container that no other invocation has; it has to be given back."""
        try:
            return self._free.pop()
        except IndexError:
            return Container(self._generation)

    def give_back(self, container: Container) -> None:
        """Let other invocations have a container; one that was to be closed meanwhile is closed.

        Raises:
            Exception: The error of the first clean-up that failed.
        """
        if container.generation == self._generation:
            self._free.append(container)
        else:
            container.close()

    def before_snapshot(self, make_kept: Callable[[Container], None]) -> None:
        """End the connections of all containers, and make in one the values that the snapshot keeps.

        Args:
            make_kept: Makes them.

        Raises:
            Exception: The error of a clean-up or of a factory.
        """
        for container in self._free:
            container.end_connections()
        container = self.take()
        try:
            make_kept(container)
        finally:
            self.give_back(container)

    def close(self) -> None:
        """Clean up the values of scope ``cold_start``; those that an invocation uses, when it ends.

        Raises:
            Exception: The error of the first container whose clean-up failed.
        """
        self._generation += 1
        free, self._free = self._free, []
        with ExitStack() as stack:
            for container in free:
                stack.callback(container.close)


_DEEPEST = 8


def _depth_inside(outer: Invocation) -> int:
    """How many invocations one is inside of: a handler may dispatch, and each has an event loop and threads.

    Raises:
        RouterError: So many that the handler will never end.
    """
    depth = outer.depth + 1
    if depth > _DEEPEST:
        msg = (
            f"found a dispatch inside the handlers of {depth} others, expected at most {_DEEPEST}: "
            "a handler dispatches records that lead to itself"
        )
        raise RouterError(msg)
    return depth


class Invocation:
    """Everything that lives as long as one invocation.

    Args:
        container: The container it runs in.
        context: Lambda's context, or what a caller gave in its place.
        records: The records.
        log: Makes a logger, bound to a record and a route where they are given.
        deadline: When nothing starts any more.
    """

    __slots__ = (
        "_batch", "container", "context", "deadline", "depth", "log", "outboxes", "records", "trouble", "values",
        "variables",
    )  # fmt: skip

    def __init__(
        self,
        container: Container,
        context: Any,
        records: Sequence[Record],
        log: Callable[[Record | None, Route | None], structlog.typing.FilteringBoundLogger],
        deadline: Deadline,
    ) -> None:
        self.container = container
        self.context = context
        self.records = records
        self._batch: Batch | None = None
        self.log = log
        self.trouble = TroubleLog(log)
        self.deadline = deadline
        outer = current_invocation.get(None)
        self.depth = 0 if outer is None else _depth_inside(outer)
        self.values = Values()
        self.variables = Context()
        """The context variables that each record finds: those of the time at which the records start."""
        self.outboxes: Outboxes | None = None
        """What handlers leave to be sent; ``None`` before the records start, and after they have ended."""

    @property
    def batch(self) -> Batch:
        """The records, for handlers and factories that need all of them."""
        if self._batch is None:
            self._batch = Batch(self.records)
        return self._batch

    def end(self) -> None:
        """Log what was counted, end what runs for the outboxes, and drop what refers to the invocation.

        In a circle, the batch would stay in memory until Python collects garbage.
        """
        self.trouble.write_counted()
        self.variables = Context()
        outboxes, self.outboxes = self.outboxes, None
        if outboxes is not None and outboxes.made:
            outboxes.close()

    def finish(self, result: Any) -> Any:
        """Return a handler's result, and wait for it where it is asynchronous: what it results in may be, too."""
        while result is not None:
            if type(result) is CoroutineType or inspect.isawaitable(result):
                result = self.container.loop.wait(result)
            elif is_future(result):
                result = result.result()
            else:
                break
        return result

    def wait_for(self, result: Any) -> None:
        """Wait for a handler's result, where it is asynchronous."""
        self.finish(result)


class Request:
    """One call of a handler, on whose behalf values are supplied.

    Args:
        invocation: The invocation.
        change: The change, or the changes of a batch, that the handler is called with.
        route: The handler's route.
    """

    __slots__ = ("_change", "_values", "invocation", "route")

    def __init__(self, invocation: Invocation, change: Any, route: Route) -> None:
        self.invocation = invocation
        self.route = route
        self._values: Values | None = None
        self._change = change

    @property
    def values(self) -> Values:
        """The values of this call."""
        if self._values is None:
            self._values = Values()
        return self._values

    @property
    def record(self) -> Record | None:
        """The record of the change; ``None`` for a batch."""
        return None if self.route.batch else self._change.record

    def of_scope(self, scope: Scope) -> Values:
        """The values of a scope."""
        if scope == "record":
            return self.values
        return self.invocation.values if scope == "invocation" else self.invocation.container.values
