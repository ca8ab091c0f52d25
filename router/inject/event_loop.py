"""The event loop of a container. Synchronous code waits for asynchronous code here, and nowhere else."""

from __future__ import annotations

import asyncio
import gc
import inspect
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from concurrent.futures import Future
from contextlib import suppress
from contextvars import Context, copy_context
from types import CoroutineType
from typing import Any, TypeVar

from router.errors import as_exception
from router.inject.first_step import TaskMaker, running_loop
from router.inject.lane_threads import run_beside, start_threads
from router.inject.turns import Begin, Turns, Worker

__all__ = ["AwaitedManager", "Loop"]

T = TypeVar("T")

_LOOPS = 64


class Loop:
    """The event loop of a container, made when it is first needed and kept across invocations.

    Clients such as aiohttp's belong to the loop that they were made in, so a container has one loop.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._serves_lanes = False
        self.tasks: TaskMaker
        """Makes the tasks of the loop."""

    def get(self) -> asyncio.AbstractEventLoop:
        """The loop."""
        if self._loop is None or self._loop.is_closed():
            # A loop keeps the context it is made in, which would keep the invocation and this object alive.
            self._loop = Context().run(_new_loop)
            self.tasks = Context().run(TaskMaker, self._loop)
            weakref.finalize(self, _close, self._loop)
            with suppress(AttributeError):  # uvloop's has no attributes of its own
                self._loop.close = _refuse_to_close  # type: ignore[method-assign]  # lanes would wait for it for ever
        return self._loop

    def wait(self, awaitable: Awaitable[T], context: Context | None = None) -> T:
        """Wait, in plain code, for something asynchronous.

        Args:
            awaitable: What to wait for.
            context: The context that it runs in, by default a copy of the caller's.

        Raises:
            concurrent.futures.CancelledError: It was cancelled. asyncio's own error is no ``Exception``, because it
                ends the task that it is raised in; here there is none, and a record that failed.
        """
        coroutine = _coroutine_of(awaitable)
        if context is None:
            context = copy_context()
        try:
            if self._serves_lanes:
                return self._wait_in_lane(coroutine, context)
            if running_loop() is None:
                return self._run(coroutine, context)
            return _in_thread(lambda: self._run(coroutine, context))
        except asyncio.CancelledError as error:
            raise as_exception(error) from error
        except RuntimeError:
            if inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:
                coroutine.close()  # no thread could start
            raise

    def _run(self, coroutine: Coroutine[Any, Any, T], context: Context) -> T:
        """Run something asynchronous to its end."""
        loop = self.get()
        task, end = self.tasks.begin(coroutine, context)
        return task.result() if end is None and task.done() else _run_to_end(loop, task, end)

    def _wait_in_lane(self, coroutine: Coroutine[Any, Any, T], context: Context) -> T:
        """Wait in the thread of a lane, while the thread of the invocation runs the loop."""
        loop, result = self.get(), Future[T]()

        def start() -> None:
            task, end = self.tasks.begin(coroutine, context)
            task.add_done_callback(lambda task: _hand_over(task, result))
            if end is not None:
                raise end

        loop.call_soon_threadsafe(start)
        return result.result()

    def run_in_turn(self, make_workers: Callable[[Begin], Iterable[Worker]], stop: Callable[[], None]) -> None:
        """Run plain code in turn with the loop: each worker up to a task, and on when that has ended.

        The code of a worker runs outside the loop, so that it may wait in it.

        Args:
            make_workers: Makes the workers, given the function that begins what their handlers return.
            stop: Asks the workers to end early.

        Raises:
            BaseException: What ended the loop or, first come first served, one of the workers.
        """

        def run() -> None:
            self.get()
            turns = Turns(self.tasks)
            with self.tasks.keeping_generators():
                turns.run(make_workers(turns.begin), stop)

        run() if running_loop() is None else _in_thread(run, stop)

    def run_beside(
        self,
        work: Callable[[], None],
        number: int,
        submit: Callable[[Callable[[], None]], Any],
        stop: Callable[[], None],
    ) -> None:
        """Run a plain function in threads, and the loop here until all have ended, so that they can wait for it.

        Without a thread that can start, the function runs here.

        Args:
            work: The function.
            number: In how many threads it runs, if so many can start.
            submit: Starts a function in a thread.
            stop: Asks the functions to end early.

        Raises:
            BaseException: What ended the loop or, first come first served, one of the functions.
        """

        def run() -> bool:
            loop, lanes, self._serves_lanes = self.get(), list[Future[None]](), True
            try:
                start_threads(lanes, work, number, submit)
                return run_beside(loop, lanes, stop)
            except BaseException:  # Ctrl-C between two steps leaves lanes under way
                stop()
                with suppress(BaseException):
                    run_beside(loop, lanes, stop)
                raise
            finally:
                self._serves_lanes = False

        if not (run() if running_loop() is None else _in_thread(run, stop)):
            work()


_open: list[asyncio.AbstractEventLoop] = []
"""The loops of all containers in this process: one in Lambda, one for each Dispatcher of a test."""


def _new_loop() -> asyncio.AbstractEventLoop:
    """Make a loop. Of many, most belong to Dispatchers that only the errors of their records still hold in memory.

    Each has three file descriptors, of which a process has 1,024 as a rule.
    """
    if len(_open) >= _LOOPS and len(_open) % _LOOPS == 0:
        gc.collect()
    loop = asyncio.new_event_loop()
    _open.append(loop)
    return loop


def _run_to_end(loop: asyncio.AbstractEventLoop, task: asyncio.Task[T], end: BaseException | None) -> T:
    """Run a task to its end, even if a handler stops the loop: no later invocation may find it.

    Args:
        loop: The loop of the task.
        task: The task, which has begun.
        end: What its first step has raised to end the process.
    """
    if end is not None:
        task.cancel()
    if not task.done():
        task.add_done_callback(lambda _: loop.stop())
    while not task.done():
        try:
            loop.run_forever()
        except BaseException as error:  # Ctrl-C, or SystemExit of any task
            task.cancel()
            if isinstance(error, Exception):  # another thread runs it
                raise
            end = end or error
    if end is None:
        return task.result()
    if not task.cancelled():
        task.exception()  # so that asyncio does not report it as never retrieved
    raise end


def _hand_over(task: asyncio.Task[T], result: Future[T]) -> None:
    """Give the result of a task to the thread that waits for it."""
    error = asyncio.CancelledError() if task.cancelled() else task.exception()
    if error is None:
        result.set_result(task.result())
    else:
        result.set_exception(error)


def _coroutine_of(awaitable: Awaitable[T]) -> Coroutine[Any, Any, T]:
    return awaitable if type(awaitable) is CoroutineType else _result_of(awaitable)


async def _result_of(awaitable: Awaitable[T]) -> T:
    return await awaitable


def _in_thread(work: Callable[[], T], stop: Callable[[], None] = lambda: None) -> T:
    """Run something in a thread of its own: the caller's runs a loop, and a thread runs only one."""
    result: Future[T] = Future()

    def run() -> None:
        try:
            result.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised again where it belongs
            result.set_exception(error)

    thread = threading.Thread(target=copy_context().run, args=(run,))
    thread.start()
    end = None
    while not result.done():
        try:
            thread.join()
        except BaseException as error:  # noqa: BLE001 - Ctrl-C; it is raised when nothing is under way any more
            end = end or error
            stop()
    if end is not None:
        raise end
    return result.result()


def _close(loop: asyncio.AbstractEventLoop) -> None:
    _open.remove(loop)
    if not loop.is_running() and not loop.is_closed():
        type(loop).close(loop)


def _refuse_to_close() -> None:
    msg = (
        "found a handler that closes the event loop, expected it to stay open: other handlers and later events need it"
    )
    raise RuntimeError(msg)


class AwaitedManager:
    """An asynchronous context manager as a synchronous one.

    Args:
        loop: The loop that runs it.
        manager: The asynchronous context manager.
    """

    __slots__ = ("_context", "_loop", "_manager")

    def __init__(self, loop: Loop, manager: Any) -> None:
        self._loop = loop
        self._manager = manager
        # One context for both: a context variable that is set before a factory's yield can be reset only there.
        self._context = copy_context()

    def __enter__(self) -> Any:
        return self._loop.wait(self._manager.__aenter__(), self._context)

    def __exit__(self, *error: Any) -> Any:
        return self._loop.wait(self._manager.__aexit__(*error), self._context)
