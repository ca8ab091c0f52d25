"""Plain code in turn with an event loop, never inside it: so it may wait for something asynchronous itself."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextvars import copy_context
from types import CoroutineType
from typing import Any, TypeVar

from router.inject.first_step import TaskMaker
from router.inject.futures import is_future

__all__ = ["Begin", "Turns", "Worker"]

T = TypeVar("T")

Worker = Iterator[asyncio.Task[Any]]
"""Runs plain code up to each task that it yields, and goes on when that has ended."""
Begin = Callable[[Any], asyncio.Task[Any] | None]
"""Runs a handler's result, where it is asynchronous, up to its first wait; returns the task that waits."""


class Turns:
    """Runs workers, and the loop of their tasks whenever all of them wait.

    Args:
        tasks: Makes the tasks.
    """

    __slots__ = ("_ready", "_running", "_tasks", "_waiting")

    def __init__(self, tasks: TaskMaker) -> None:
        self._tasks = tasks
        self._ready: deque[Worker] = deque()
        self._running: Worker | None = None
        self._waiting: dict[Worker, asyncio.Task[Any]] = {}

    def begin(self, result: Any) -> asyncio.Task[Any] | None:
        """Run a handler's result, where it is asynchronous, up to its first wait; return the task that waits.

        Raises:
            BaseException: What ends the process: ``KeyboardInterrupt`` or ``SystemExit``.
        """
        while result is not None:
            if type(result) is CoroutineType or inspect.isawaitable(result):
                task, end = self._tasks.begin(self._awaited_by(self._running, result), copy_context())
                if end is not None:
                    if not task.cancel() and not task.cancelled():
                        task.exception()  # so that asyncio does not report it as never retrieved
                    raise end
                if not task.done():
                    return task
                result = task.result()
            elif is_future(result):
                result = result.result()
            else:
                break
        return None

    async def _awaited_by(self, worker: Worker | None, awaitable: Awaitable[T]) -> T:
        """Await something on behalf of a worker. A callback of the task would take the loop three times as long."""
        try:
            return await awaitable
        finally:
            if worker is not None and worker is not self._running:
                self._let_go_on(worker)

    def _let_go_on(self, worker: Worker) -> None:
        self._ready.append(worker)
        self._tasks.loop.stop()

    def run(self, workers: Iterable[Worker], stop: Callable[[], None]) -> None:
        """Run workers until all have ended.

        Args:
            workers: The workers.
            stop: Asks the workers to end early.

        Raises:
            BaseException: What ended the loop or, first come first served, one of the workers.
        """
        end: BaseException | None = None
        loop, ready, waiting = self._tasks.loop, self._ready, self._waiting
        ready.extend(workers)
        while ready or waiting:
            try:
                if ready:
                    self._run(ready.popleft())
                else:
                    self._running = None
                    loop.run_forever()
            except BaseException as error:
                if loop.is_running():  # another thread runs it
                    raise
                end = end or error  # it is raised when nothing is under way any more
                stop()
                # Ctrl-C may have come just before one of them was let go on.
                ready.extend(worker for worker, task in waiting.items() if task.done() and worker not in ready)
        if end is not None:
            raise end

    def _run(self, worker: Worker) -> None:
        """Run a worker up to its next task."""
        task = self._waiting.pop(worker, None)
        if task is None or task.done():
            self._running = worker
            task = next(worker, None)
        else:  # a task factory of the user's has made a task that does more than its coroutine
            task.add_done_callback(lambda _: self._let_go_on(worker))
        if task is not None:
            self._waiting[worker] = task
