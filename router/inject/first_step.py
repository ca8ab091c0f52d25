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
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context
from typing import Any, TypeVar

__all__ = ["TaskMaker", "running_loop"]

T = TypeVar("T")


class TaskMaker:
    """Makes the tasks of a loop.

    Args:
        loop: The loop, which does not run.
    """

    __slots__ = ("_context", "_hooks", "_keeps_generators", "_step", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._hooks = loop.run_until_complete(_hooks_of_generators())
        self._keeps_generators = False
        self._context: Context | None = None
        self._step: Callable[[], object] | None = None

    def begin(
        self, coroutine: Coroutine[Any, Any, T], context: Context
    ) -> tuple[asyncio.Task[T], BaseException | None]:
        """Make a task and run its first step.

        Returns the task, and what the step raised to end the process: ``KeyboardInterrupt`` or ``SystemExit``.

        Args:
            coroutine: What the task runs.
            context: The context that it runs in.
        """
        loop, self._context = self.loop, context
        # A task schedules its first step with its loop's call_soon() when it is made.
        loop.call_soon = self._take_step  # type: ignore[method-assign, assignment]  # for this call
        try:
            task = loop.create_task(coroutine, context=context)
        finally:
            del loop.call_soon
            step, self._step, self._context = self._step, None, None  # a context holds the batch
        if step is None:  # a task factory of the user's has made a task that is under way
            return task, None
        running = running_loop()
        hooks = None if self._keeps_generators else sys.get_asyncgen_hooks()
        _set_running_loop(loop)
        if hooks is not None:
            sys.set_asyncgen_hooks(*self._hooks)
        try:
            context.run(step)
        except BaseException as error:  # noqa: BLE001 - it is raised when nothing is under way any more
            return task, error
        finally:
            if hooks is not None:
                sys.set_asyncgen_hooks(*hooks)
            _set_running_loop(running)
        return task, None

    @contextmanager
    def keeping_generators(self) -> Iterator[None]:
        """Set the hooks of the loop for as long as the block runs, so that no first step has to."""
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(*self._hooks)
        self._keeps_generators = True
        try:
            yield
        finally:
            self._keeps_generators = False
            sys.set_asyncgen_hooks(*hooks)

    def _take_step(self, step: Callable[..., object], *arguments: Any, context: Context | None = None) -> Any:
        if context is self._context and self._step is None and not arguments:
            self._step = step
            return None
        return type(self.loop).call_soon(self.loop, step, *arguments, context=context)


async def _hooks_of_generators() -> Any:
    """The hooks by which a running loop closes asynchronous generators that are not used up."""
    return sys.get_asyncgen_hooks()
