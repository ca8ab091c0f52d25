"""Plain code in turn with an event loop, never inside it: so it may wait for something asynchronous itself."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

__all__ = ["run_in_turn"]

Worker = Iterator[asyncio.Task[Any]]
"""Runs plain code up to each task that it yields, and goes on when that has ended."""


def run_in_turn(loop: asyncio.AbstractEventLoop, workers: Iterable[Worker], stop: Callable[[], None]) -> None:
    """Run workers until all have ended, and the loop whenever all of them wait.

    Args:
        loop: The loop of their tasks.
        workers: The workers.
        stop: Asks the workers to end early.

    Raises:
        BaseException: What ended the loop or, first come first served, one of the workers.
    """
    end: BaseException | None = None
    ready, waiting = deque(workers), 0

    def resume(worker: Worker, _: asyncio.Task[Any]) -> None:
        nonlocal waiting
        waiting -= 1
        ready.append(worker)
        loop.stop()

    while ready or waiting:
        try:
            if ready:
                worker = ready.popleft()
                task = next(worker, None)
                if task is not None:
                    waiting += 1
                    task.add_done_callback(partial(resume, worker))
            else:
                loop.run_forever()
        except BaseException as error:
            if loop.is_running():  # another thread runs it
                raise
            end = end or error  # it is raised when nothing is under way any more
            stop()
    if end is not None:
        raise end
