"""The first step of an async handler runs before the loop does, and finds all that it would find in the loop."""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from router import Change, Dispatcher, Routes
from tests.builders import SUCCESS, Order, dispatcher, failures, inserts, statuses

CONCURRENCY = pytest.mark.parametrize("concurrency", [1, 3])


@CONCURRENCY
def test_each_handler_is_a_task(concurrency: int) -> None:
    """The current task is the handler's own, the same before and after it has waited."""
    tasks: list[Any] = []

    async def handler(change: Change[Order]) -> None:
        before = asyncio.current_task()
        await asyncio.sleep(0)
        assert before is asyncio.current_task()
        assert before in asyncio.all_tasks()
        tasks.append(before)

    assert dispatcher(handler, concurrency=concurrency)(inserts(1, 2, 3)) == SUCCESS
    assert None not in tasks
    assert len(set(map(id, tasks))) == 3


@CONCURRENCY
def test_a_timeout_ends_a_handler(concurrency: int) -> None:
    """``asyncio.timeout`` that is entered in the first step cancels what it is to cancel."""

    async def handler(change: Change[Order]) -> None:
        async with asyncio.timeout(0.001):
            await asyncio.sleep(60)

    (outcome,) = dispatcher(handler, concurrency=concurrency).dispatch(inserts(1))
    assert (outcome.status, type(outcome.error)) == ("failed", TimeoutError)


@CONCURRENCY
def test_a_task_group_runs(concurrency: int) -> None:
    """A group of tasks that is made in the first step is waited for, and fails with one of them."""
    done: list[int] = []

    async def work(number: int) -> None:
        await asyncio.sleep(0)
        done.append(number)
        if number == 2:
            raise TimeoutError

    async def handler(change: Change[Order]) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(3):
                group.create_task(work(number))

    (outcome,) = dispatcher(handler, concurrency=concurrency).dispatch(inserts(1))
    assert (outcome.status, type(outcome.error), done) == ("failed", ExceptionGroup, [0, 1, 2])


@CONCURRENCY
def test_tasks_of_a_handler_that_waits_for_none_run_later(concurrency: int) -> None:
    """A task that a handler leaves behind in its first step goes on when the loop runs again."""
    done: list[int] = []
    tasks: list[Any] = []

    async def background() -> None:
        await asyncio.sleep(0)
        done.append(1)

    async def handler(change: Change[Order]) -> None:
        if change.keys["pk"] == "key-1":
            tasks.append(asyncio.create_task(background()))
        else:
            await tasks[0]

    app = dispatcher(handler, concurrency=concurrency)
    assert [app(inserts(1)), app(inserts(2)), done] == [SUCCESS, SUCCESS, [1]]


@CONCURRENCY
def test_a_generator_that_is_not_used_up_is_closed_by_the_loop(concurrency: int) -> None:
    """An asynchronous generator that a handler leaves in its first step may await in its clean-up."""
    closed: list[int] = []

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(0)
            closed.append(1)

    async def handler(change: Change[Order]) -> None:
        if change.keys["pk"] == "key-1":
            async for _ in numbers():
                break
        else:
            await asyncio.sleep(0.01)

    app = dispatcher(handler, concurrency=concurrency)
    app(inserts(1))
    gc.collect()
    app(inserts(2))
    assert closed == [1]


def test_plain_code_runs_outside_the_loop() -> None:
    """After the first step of an async handler a plain handler finds no running loop, and the hooks of its thread."""
    routes, before = Routes(), sys.get_asyncgen_hooks()
    seen: list[Any] = []

    @routes.on(Order)
    async def asynchronous(change: Change[Order]) -> None:
        seen.append(asyncio.get_running_loop().is_closed())

    @routes.on(Order)
    def plain(change: Change[Order]) -> None:
        assert sys.get_asyncgen_hooks() == before
        asyncio.run(asyncio.sleep(0))

    assert (Dispatcher(routes)(inserts(1, 2)), seen) == (SUCCESS, [False, False])


def run_another_loop() -> None:
    work = asyncio.sleep(0)
    try:
        asyncio.run(work)
    finally:
        work.close()


@CONCURRENCY
def test_an_async_handler_runs_no_other_loop(concurrency: int) -> None:
    """``asyncio.run`` in an async handler is the error that it is in every coroutine."""

    async def handler(change: Change[Order]) -> None:
        run_another_loop()

    (outcome,) = dispatcher(handler, concurrency=concurrency).dispatch(inserts(1))
    assert (outcome.status, type(outcome.error)) == ("failed", RuntimeError)


def cancel_itself() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()


@CONCURRENCY
def test_a_handler_that_cancels_itself_fails_where_it_waits(concurrency: int) -> None:
    """A task that is cancelled in its first step is cancelled at its first await."""
    trace: list[str] = []

    async def handler(change: Change[Order]) -> None:
        cancel_itself()
        trace.append("first step")
        await asyncio.sleep(0)
        trace.append("never")

    report = dispatcher(handler, concurrency=concurrency).dispatch(inserts(1))
    assert (statuses(report), trace) == (["failed"], ["first step"])


class Stop(BaseException):
    """Ends a process, not a record."""


@CONCURRENCY
@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, Stop])
def test_the_first_step_can_end_the_invocation(error: type[BaseException], concurrency: int) -> None:
    """What ends a process is raised, and the next invocation works."""

    async def handler(change: Change[Order]) -> None:
        if change.keys["pk"] == "key-1":
            raise error

    app = dispatcher(handler, concurrency=concurrency)
    with pytest.raises(error):
        app(inserts(1))
    assert app(inserts(2, 3)) == SUCCESS


def test_the_loop_does_not_run_for_what_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Handlers that end in their first step start no loop: that costs five times as much as their task."""
    runs: list[Any] = []
    run_forever = asyncio.BaseEventLoop.run_forever

    def note(loop: Any) -> None:
        runs.append(loop)
        run_forever(loop)

    async def handler(change: Change[Order]) -> None: ...

    app = dispatcher(handler)
    app(inserts(1))
    monkeypatch.setattr(asyncio.BaseEventLoop, "run_forever", note)
    assert (app(inserts(2, 3, 4)), runs) == (SUCCESS, [])


@CONCURRENCY
def test_a_task_factory_of_the_user_makes_the_tasks(concurrency: int) -> None:
    """The loop's task factory is asked, as by ``create_task``."""
    made: list[str] = []

    def factory(loop: Any, coroutine: Any, **options: Any) -> Any:
        made.append("task")
        return asyncio.Task(coroutine, loop=loop, **options)

    async def handler(change: Change[Order]) -> None:
        asyncio.get_running_loop().set_task_factory(factory)
        await asyncio.sleep(0)

    app = dispatcher(handler, concurrency=concurrency)
    assert (app(inserts(1)), app(inserts(2)), made) == (SUCCESS, SUCCESS, ["task"])


@CONCURRENCY
def test_a_task_that_goes_on_after_its_handler_is_waited_for(concurrency: int) -> None:
    """A task factory of the user's may do more than run the coroutine: the record is done when its task is."""
    trace: list[str] = []

    async def with_more(coroutine: Any) -> Any:
        result = await coroutine
        await asyncio.sleep(0.001)
        trace.append("task ended")
        return result

    def factory(loop: Any, coroutine: Any, **options: Any) -> Any:
        return asyncio.Task(with_more(coroutine), loop=loop, **options)

    async def handler(change: Change[Order]) -> None:
        asyncio.get_running_loop().set_task_factory(factory)
        await asyncio.sleep(0)
        trace.append("handler ended")

    app = dispatcher(handler, concurrency=concurrency)
    assert app(inserts(1)) == SUCCESS
    trace.clear()
    assert (app(inserts(2)), trace) == (SUCCESS, ["handler ended", "task ended"])


@CONCURRENCY
def test_a_failure_in_the_first_step_is_a_failure(concurrency: int) -> None:
    """What a handler raises before it waits fails its record, and nothing is reported as never retrieved."""
    reported: list[Any] = []

    async def handler(change: Change[Order]) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
        raise TimeoutError

    assert dispatcher(handler, concurrency=concurrency)(inserts(1)) == failures(1)
    gc.collect()
    assert reported == []
