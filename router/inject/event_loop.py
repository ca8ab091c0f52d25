"""The event loop of a container. Synchronous code waits for asynchronous code here, and nowhere else."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError
from contextvars import Context, copy_context
from typing import Any, TypeVar

__all__ = ["AwaitedManager", "Loop"]

T = TypeVar("T")


class Loop:
    """The event loop of a container, made when it is first needed and kept across invocations.

    Clients such as aiohttp's belong to the loop that they were made in, so a container has one loop.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def get(self) -> asyncio.AbstractEventLoop:
        """The loop."""
        if self._loop is None or self._loop.is_closed():
            # A loop keeps the context it is made in, which would keep the invocation and this object alive.
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
        return self._loop.wait(self._in_context(self._manager.__aenter__()))

    def __exit__(self, *error: Any) -> Any:
        return self._loop.wait(self._in_context(self._manager.__aexit__(*error)))

    async def _in_context(self, coroutine: Any) -> Any:
        return await asyncio.get_running_loop().create_task(coroutine, context=self._context)
