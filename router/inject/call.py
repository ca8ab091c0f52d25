"""From a signature to a call: the plan is made once, and the only place where sync and async meet is here."""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
import weakref
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError
from contextlib import asynccontextmanager, contextmanager
from contextvars import Context, ContextVar, copy_context
from typing import TYPE_CHECKING, Any, TypeVar

from router.context import Deadline
from router.depends import Scope
from router.errors import RegistrationError
from router.naming import name_of
from router.record import Batch
from router.registration.dependencies import Dependency, Parameter, read_dependency
from router.registration.misfit import Misfit
from router.registration.signature import Signature
from router.types import Call, Overrides

if TYPE_CHECKING:
    import structlog

    from router.record import Record
    from router.routes import Route

__all__ = ["Container", "Invocation", "current_invocation", "injected"]

T = TypeVar("T")

current_invocation: ContextVar[Invocation] = ContextVar("current_invocation")


class Values:
    """What factories made for one scope, and how to clean it up."""

    __slots__ = ("_exits", "_made", "lock")

    def __init__(self) -> None:
        self._made: dict[Any, Any] = {}
        self._exits: list[tuple[str, Any]] = []
        # Two lanes may ask for the same thing at the same time; a factory may ask for other things of its scope.
        self.lock = threading.RLock()

    def get_or_make(self, key: Any, make: Callable[[Values], Any]) -> Any:
        """The value under a key, made if nobody asked before."""
        try:
            return self._made[key]
        except KeyError:
            pass
        with self.lock:
            if key not in self._made:
                self._made[key] = make(self)
            return self._made[key]

    def enter(self, name: str, manager: Any) -> Any:
        """Enter a context manager that is left when the scope ends."""
        value = manager.__enter__()
        self._exits.append((name, manager))
        return value

    def close(self, error: BaseException | None = None) -> None:
        """Clean up, the newest first.

        Args:
            error: What ended the scope, for the factories to see. None can undo a failure by swallowing it.

        Raises:
            Exception: What the first failing clean-up raised, where no error ended the scope.
        """
        fault: Exception | None = None
        while self._exits:
            name, manager = self._exits.pop()
            try:
                manager.__exit__(type(error) if error else None, error, error.__traceback__ if error else None)
            except Exception as raised:  # noqa: BLE001 - the others are to be cleaned up all the same
                raised.add_note(f"raised by the clean-up of {name}")
                fault = fault or raised
        self._made.clear()
        if fault is not None and error is None:
            raise fault
        if fault is not None and error is not None:
            error.add_note(f"its clean-up failed too, with {type(fault).__name__}")


class Loop:
    """The event loop of a container, made when it is first needed and kept across invocations.

    Clients such as aiohttp's belong to the loop that they were made in, so there is one, whoever runs it.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def get(self) -> asyncio.AbstractEventLoop:
        """The loop."""
        if self._loop is None or self._loop.is_closed():
            # In a context of its own: a loop keeps the one it was made in, and with it the invocation and this object.
            self._loop = Context().run(asyncio.new_event_loop)
            weakref.finalize(self, _close, self._loop)
        return self._loop

    def wait(self, awaitable: Awaitable[T]) -> T:
        """Wait, in plain code, for something asynchronous.

        Raises:
            concurrent.futures.CancelledError: It was cancelled. asyncio's own error is no ``Exception``, because it
                ends the task that it is raised in; here there is none, and a record that failed.
        """
        try:
            return self._wait(awaitable)
        except asyncio.CancelledError as error:
            raise CancelledError(*error.args) from error

    def _wait(self, awaitable: Awaitable[T]) -> T:
        loop = self.get()
        if loop.is_running() and _running_loop() is not loop:
            # Lanes run beside each other, in threads; the invocation's own thread runs the loop for all of them.
            return asyncio.run_coroutine_threadsafe(_coroutine(awaitable), loop).result()
        if _running_loop() is None:
            return loop.run_until_complete(_coroutine(awaitable))
        return _in_thread(lambda: loop.run_until_complete(_coroutine(awaitable)))

    def run_beside(
        self,
        works: list[Callable[[], None]],
        submit: Callable[[Callable[[], None]], Any],
        stop: Callable[[], None],
    ) -> None:
        """Run plain functions in threads, and the loop here until they are done, so that they can wait for it.

        Args:
            works: What to run.
            submit: Starts one in a thread and returns its concurrent future.
            stop: Asks them to end early.

        Raises:
            BaseException: What ended the loop or, first come first served, one of the functions.
        """
        loop = self.get()

        async def all_done() -> list[BaseException | None]:
            futures = [asyncio.wrap_future(submit(work)) for work in works]
            await asyncio.wait(futures)
            return [future.exception() for future in futures]

        def run() -> list[BaseException | None]:
            ends: list[BaseException | None] = []
            task = loop.create_task(all_done())
            while not task.done():
                try:
                    loop.run_until_complete(task)
                except BaseException as end:  # noqa: BLE001 - SystemExit leaves the loop, but threads need it
                    ends.append(end)
                    stop()
            return ends or task.result()

        for error in run() if _running_loop() is None else _in_thread(run):
            if error is not None:
                raise error


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def _coroutine(awaitable: Awaitable[T]) -> T:
    return await awaitable


def _in_thread(work: Callable[[], T]) -> T:
    """Run something in a thread of its own: the caller's runs a loop, and a thread runs only one."""
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - it is raised again where it belongs
            errors.append(error)

    thread = threading.Thread(target=copy_context().run, args=(run,))
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def _close(loop: asyncio.AbstractEventLoop) -> None:
    if not loop.is_running() and not loop.is_closed():
        loop.close()


class Container:
    """What lives as long as the container: the loop, and what dependencies of scope ``cold_start`` made."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.values = Values()


class Invocation:
    """What lives as long as one invocation.

    Args:
        container: What outlives it.
        context: Lambda's context, or whatever the caller gave.
        batch: The records.
        log: Makes a logger, bound to a record and a route where there is one.
        deadline: When nothing may start any more.
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
        """A handler's result, waited for where it is asynchronous."""
        return self.container.loop.wait(result) if result is not None and inspect.isawaitable(result) else result


class _Asking:
    """On whose behalf values are asked for: a call of a handler for a change, or for a batch of them."""

    __slots__ = ("_change", "invocation", "route", "values")

    def __init__(self, invocation: Invocation, change: Any, route: Route) -> None:
        self.invocation = invocation
        self.route = route
        self.values = Values()
        self._change = change

    @property
    def record(self) -> Record | None:
        """The record, made if nobody has asked for it yet; ``None`` for a batch."""
        return None if self.route.batch else self._change.record

    def of_scope(self, scope: Scope) -> Values:
        if scope == "record":
            return self.values
        return self.invocation.values if scope == "invocation" else self.invocation.container.values


_Supplier = Callable[[_Asking, Scope], Any]


def injected(route: Route, signature: Signature, overrides: Overrides) -> Call:
    """Plan the calls of a handler.

    Args:
        route: The route, for its handler and for the logger.
        signature: What the handler needs.
        overrides: Factories to use instead of others.

    Raises:
        RegistrationError: An override could never be called.
    """
    handler = route.handler
    suppliers = {parameter.name: _supplier(parameter, overrides) for parameter in signature.parameters}
    if not suppliers:
        return handler if not _is_async(handler) else lambda change: current_invocation.get().finish(handler(change))

    def call(change: Any) -> Any:
        invocation = current_invocation.get()
        asking = _Asking(invocation, change, route)
        try:
            needs = {name: supply(asking, "record") for name, supply in suppliers.items()}
            result = invocation.finish(handler(change, **needs))
        except BaseException as error:
            asking.values.close(error)
            raise
        asking.values.close()
        return result

    return call


def _is_async(handler: Any) -> bool:
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(_called(handler))


def _called(function: Any) -> Any:
    """What runs when something is called: of an instance, the method that makes it callable."""
    if inspect.isroutine(function) or isinstance(function, type | functools.partial):
        return function
    return function.__call__


def uses_invocation_scope(parameters: tuple[Parameter, ...]) -> bool:
    """Whether something that is cleaned up at the end of the invocation has a part in a call."""
    return any(
        parameter.dependency is not None
        and (parameter.dependency.scope == "invocation" or uses_invocation_scope(parameter.dependency.parameters))
        for parameter in parameters
    )


def _supplier(parameter: Parameter, overrides: Overrides) -> _Supplier:
    if parameter.dependency is not None:
        # An override may need what it replaces, and then gets the real one.
        within = {factory: other for factory, other in overrides.items() if factory != parameter.dependency.factory}
        return _dependency_supplier(_overridden(parameter.dependency, overrides), within)
    return _SUPPLIERS[parameter.kind]


def _overridden(dependency: Dependency, overrides: Overrides) -> Dependency:
    factory = overrides.get(dependency.factory)
    if factory is None:
        return dependency
    if not callable(factory):
        msg = (
            f"the override of {name_of(dependency.factory)} is a value of type {type(factory).__name__}, expected a "
            "factory: app.overrides[factory] = lambda: value"
        )
        raise RegistrationError(msg)
    try:
        return read_dependency(factory, dependency.scope, {})
    except Misfit as misfit:
        msg = f"the override of {name_of(dependency.factory)}: found {misfit.found}, expected {misfit.expected}"
        raise RegistrationError(msg) from None


def _supply_log(asking: _Asking, scope: Scope) -> Any:
    # What outlives the record, or the request, must not speak in its name.
    if scope == "record":
        return asking.invocation.log(asking.record, asking.route)
    log = asking.invocation.log(None, None)
    return log if scope == "invocation" else log.try_unbind("request_id")


_SUPPLIERS: dict[str, _Supplier] = {
    "record": lambda asking, _: asking.record,
    "batch": lambda asking, _: asking.invocation.batch,
    "context": lambda asking, _: asking.invocation.context,
    "deadline": lambda asking, _: asking.invocation.deadline,
    "log": _supply_log,
}


def _dependency_supplier(dependency: Dependency, overrides: Overrides) -> _Supplier:
    factory, own_scope = dependency.factory, dependency.scope
    suppliers = {parameter.name: _supplier(parameter, overrides) for parameter in dependency.parameters}
    managed = _manager_of(factory)

    def supply(asking: _Asking, _scope: Scope) -> Any:
        def make(values: Values) -> Any:
            needs = {name: supply(asking, own_scope) for name, supply in suppliers.items()}
            if managed is not None:
                return values.enter(name_of(factory), managed(asking.invocation.container.loop, needs))
            return asking.invocation.finish(factory(**needs))

        return asking.of_scope(own_scope).get_or_make(factory, make)

    return supply


def _manager_of(factory: Callable[..., Any]) -> Callable[[Loop, dict[str, Any]], Any] | None:
    """How a generator becomes a context manager; ``None`` for a factory that just returns."""
    called = _called(factory)
    if inspect.isgeneratorfunction(called):
        return lambda _loop, needs: contextmanager(factory)(**needs)
    if inspect.isasyncgenfunction(called):
        return lambda loop, needs: _Waiting(loop, asynccontextmanager(factory)(**needs))
    return None


class _Waiting:
    """An asynchronous context manager, entered and left in plain code."""

    __slots__ = ("_context", "_loop", "_manager")

    def __init__(self, loop: Loop, manager: Any) -> None:
        self._loop = loop
        self._manager = manager
        # Entered and left in one context, or a variable that is set before the yield could not be reset after it.
        self._context = copy_context()

    def __enter__(self) -> Any:
        return self._loop.wait(self._in_context(self._manager.__aenter__()))

    def __exit__(self, *error: Any) -> Any:
        return self._loop.wait(self._in_context(self._manager.__aexit__(*error)))

    async def _in_context(self, coroutine: Any) -> Any:
        return await asyncio.get_running_loop().create_task(coroutine, context=self._context)
