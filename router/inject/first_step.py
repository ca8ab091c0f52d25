"""Run the first step of a task at once, before its event loop runs.

Most asynchronous handlers that have nothing to wait for end in their first step. To start and stop the event loop for
each of them costs five times as much as the task. The step runs as the loop would run it: the task is the current one,
its loop is the running one, and asynchronous generators are the loop's. A task that suspends goes on in the loop.
"""

from __future__ import annotations

import asyncio
import sys

# Both are for code that runs loops, by asyncio's own description, and among its public names.
from asyncio import _get_running_loop as running_loop  # noqa: PLC2701 - as said above
from asyncio import _set_running_loop  # noqa: PLC2701 - as said above
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVar

__all__ = ["TaskMaker", "running_loop"]

T = TypeVar("T")


class TaskMaker:
    """Makes the tasks of a loop.

    Args:
        loop: The loop, which does not run.
    """

    __slots__ = ("_context", "_hooks", "_loop", "_step")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._hooks = loop.run_until_complete(_hooks_of_generators())
        self._context: Context | None = None
        self._step: Callable[[], object] | None = None

    def make(self, coroutine: Coroutine[Any, Any, T], context: Context) -> asyncio.Task[T]:
        """Make a task, whose first step has to be run next.

        Args:
            coroutine: What the task runs.
            context: The context that it runs in.
        """
        loop, self._context = self._loop, context
        # A task schedules its first step with its loop's call_soon() when it is made.
        loop.call_soon = self._take_step  # type: ignore[method-assign, assignment]  # for this call
        try:
            return loop.create_task(coroutine, context=context)
        finally:
            del loop.call_soon

    def _take_step(self, step: Callable[..., object], *arguments: Any, context: Context | None = None) -> Any:
        if context is self._context and self._step is None and not arguments:
            self._step = step
            return None
        return type(self._loop).call_soon(self._loop, step, *arguments, context=context)

    def run_first_step(self) -> None:
        """Run the first step of the task that was made last.

        Raises:
            BaseException: What ends the process, as a loop raises it: ``KeyboardInterrupt`` or ``SystemExit``.
        """
        step, context = self._step, self._context
        self._step = self._context = None  # a context holds the batch
        if step is None or context is None:  # a task factory of the user's has made a task that is under way
            return
        running, hooks = running_loop(), sys.get_asyncgen_hooks()
        _set_running_loop(self._loop)
        sys.set_asyncgen_hooks(*self._hooks)
        try:
            context.run(step)
        finally:
            sys.set_asyncgen_hooks(*hooks)
            _set_running_loop(running)


async def _hooks_of_generators() -> Any:
    """The hooks by which a running loop closes asynchronous generators that are not used up."""
    return sys.get_asyncgen_hooks()
