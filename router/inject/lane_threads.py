"""Threads of lanes, which wait for what is asynchronous while the loop runs in the thread of the invocation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextvars import Context
from functools import partial
from typing import Any

__all__ = ["run_beside", "start_threads"]


def run_beside(loop: asyncio.AbstractEventLoop, lanes: list[Future[None]], stop: Callable[[], None]) -> bool:
    """Run the loop until the lanes have ended; returns whether there are any."""
    # A lane may end before the loop runs, which then keeps the call, and with it the context that it was made in.
    end, context = None, Context()
    for lane in lanes:
        lane.add_done_callback(lambda _: loop.call_soon_threadsafe(loop.stop, context=context))
    while not all(lane.done() for lane in lanes):
        try:
            loop.run_forever()
        except BaseException as error:  # noqa: BLE001 - Ctrl-C, or SystemExit of any task, but lanes need the loop
            end = end or error
            stop()
            if isinstance(error, Exception):  # another thread runs it
                wait(lanes)
    if end is not None:
        raise end
    for lane in lanes:
        lane.result()
    return bool(lanes)


def start_threads(
    lanes: list[Future[None]], work: Callable[[], None], number: int, submit: Callable[[Callable[[], None]], Any]
) -> None:
    """Start a function in threads, as many as can start, and add a future for each to the lanes."""
    while len(lanes) < number:
        lane = Future[None]()
        lanes.append(lane)
        try:
            submit(partial(_run_lane, lane, work))
        except BaseException as error:  # RuntimeError where no thread can start, MemoryError, Ctrl-C
            # An executor that could not start a thread has queued the function, and may run it in another thread.
            if lane.cancel():
                lanes.remove(lane)
            if not isinstance(error, Exception):
                raise
            return


def _run_lane(lane: Future[None], work: Callable[[], None]) -> None:
    if not lane.set_running_or_notify_cancel():
        return
    try:
        work()
    except BaseException as error:  # noqa: BLE001 - it is raised again where the invocation runs
        lane.set_exception(error)
    else:
        lane.set_result(None)
