"""Async handlers and factories run on one event loop for all invocations."""

import asyncio
import functools
import gc
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import pytest

from router import (
    Change,
    Depends,
    Dispatcher,
    Routes,
)
from tests.builders import (
    SUCCESS,
    Order,
    dispatcher,
    failures,
    inserts,
)
from tests.inject.cases import Trace


def test_an_async_handler_has_finished_when_the_dispatcher_answers() -> None:
    """An async handler is run to its end before the next record starts."""
    trace = []

    async def handler(change: Change[Order]) -> None:
        trace.append(f"start {change.record.sequence_number}")
        await asyncio.sleep(0)
        trace.append(f"end {change.record.sequence_number}")

    dispatcher(handler)(inserts(1, 2))
    assert trace == ["start 1", "end 1", "start 2", "end 2"]


def test_an_async_failure_is_a_failure() -> None:
    """What an async handler raises after an await is the failure of its record."""

    async def handler(change: Change[Order]) -> None:
        await asyncio.sleep(0)
        raise TimeoutError

    assert dispatcher(handler)(inserts(1)) == failures(1)


def test_a_plain_handler_may_return_an_awaitable() -> None:
    """A coroutine that a plain function returns is awaited."""
    done = []

    async def work() -> None:
        done.append(1)

    def handler(change: Change[Order]) -> Any:
        return work()

    assert (dispatcher(handler)(inserts(1)), done) == (SUCCESS, [1])


async def failing() -> None:
    await asyncio.sleep(0)
    raise TimeoutError


async def take(change: Change[Order]) -> None:
    await failing()


def task() -> Any:
    return asyncio.ensure_future(failing())


async def awaitable_of_an_awaitable() -> Any:
    return failing()


async def unfinished_task() -> Any:
    return task()


def failed_future() -> Any:
    loop = asyncio.new_event_loop()
    future = loop.create_future()
    future.set_exception(TimeoutError())
    loop.close()
    return future


def future_of_a_thread() -> Any:
    def fail() -> None:
        raise TimeoutError

    with ThreadPoolExecutor(1) as executor:
        return executor.submit(fail)


class Awaitable:
    def __await__(self) -> Any:
        return failing().__await__()


@pytest.mark.parametrize("concurrency", [1, 2])
@pytest.mark.parametrize(
    "make",
    [failing, awaitable_of_an_awaitable, unfinished_task, failed_future, future_of_a_thread, Awaitable],
)
@pytest.mark.parametrize("batch", [True, False])
def test_what_a_handler_returns_has_failed_when_it_fails(
    make: Callable[[], Any], batch: bool, concurrency: int
) -> None:
    """A handler that returns something to wait for has done its work when that has, and has failed with it."""
    routes = Routes()

    def handler(change: Change[Order]) -> Any:
        return make()

    def index(changes: Sequence[Change[Order]]) -> Any:
        return make()

    (routes.on_batch(Order)(index) if batch else routes.on(Order)(handler))
    (outcome,) = Dispatcher(routes, concurrency=concurrency).dispatch(inserts(1))
    assert (outcome.status, type(outcome.error)) == ("failed", TimeoutError)


@pytest.mark.parametrize("make", [failing, awaitable_of_an_awaitable, unfinished_task])
def test_what_an_async_handler_returns_has_failed_when_it_fails(make: Callable[[], Any]) -> None:
    """A decorator that forgets an await does not make a record done before its handler."""

    async def handler(change: Change[Order]) -> Any:
        return make()

    assert dispatcher(handler)(inserts(1)) == failures(1)


def test_a_partial_of_an_async_function_is_an_async_handler() -> None:
    """A functools.partial is awaited like the function that it wraps."""
    assert dispatcher(functools.partial(take))(inserts(1)) == failures(1)


def test_what_a_handler_returns_is_ignored() -> None:
    """A handler may return anything."""

    def handler(change: Change[Order]) -> Any:
        return {"batchItemFailures": [{"itemIdentifier": "x"}]}

    assert dispatcher(handler)(inserts(1)) == SUCCESS


class Async:
    async def __call__(self, change: Change[Order]) -> None:
        await asyncio.sleep(0)
        raise TimeoutError


def test_an_instance_with_an_async_call_is_an_async_handler() -> None:
    """An object whose __call__ is async is awaited."""
    assert dispatcher(Async())(inserts(1)) == failures(1)


def test_async_factories_are_awaited() -> None:
    """A handler gets the value of an async factory, plain handlers too."""

    async def make() -> int:
        await asyncio.sleep(0)
        return 5

    seen = []

    def handler(change: Change[Order], value: Annotated[int, Depends(make)]) -> None:
        seen.append(value)

    dispatcher(handler)(inserts(1))
    assert seen == [5]


@pytest.mark.parametrize("concurrency", [1, 3])
def test_async_generators_are_cleaned_up(concurrency: int) -> None:
    """What stands after an async generator's yield is awaited after the handler."""
    trace: Trace = []

    async def get() -> AsyncIterator[str]:
        await asyncio.sleep(0)
        trace.append("open")
        try:
            yield "value"
        except TimeoutError:
            trace.append("saw it")
            raise
        finally:
            await asyncio.sleep(0)
            trace.append("close")

    async def handler(change: Change[Order], value: Annotated[str, Depends(get)]) -> None:
        trace.append(value)
        raise TimeoutError

    dispatcher(handler, concurrency=concurrency)(inserts(1))
    assert trace == ["open", "value", "saw it", "close"]


@pytest.mark.parametrize("concurrency", [1, 3])
def test_one_loop_serves_every_invocation(concurrency: int) -> None:
    """Handlers, factories and clean-ups of all invocations run on one and the same event loop."""
    loops = []

    async def get() -> AsyncIterator[int]:
        loops.append(asyncio.get_running_loop())
        yield 1
        loops.append(asyncio.get_running_loop())

    async def handler(change: Change[Order], value: Annotated[int, Depends(get)]) -> None:
        loops.append(asyncio.get_running_loop())

    app = dispatcher(handler, concurrency=concurrency)
    app(inserts(1, 2))
    app(inserts(3))
    assert len(loops) == 9
    assert len(set(map(id, loops))) == 1


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_client_made_on_the_loop_stays_usable(concurrency: int) -> None:
    """What a cold start's async factory bound to the loop works in later invocations."""

    async def make() -> asyncio.Queue[int]:
        queue: asyncio.Queue[int] = asyncio.Queue()
        await queue.put(1)
        return queue

    async def handler(
        change: Change[Order], queue: Annotated[asyncio.Queue[int], Depends(make, scope="cold_start")]
    ) -> None:
        await asyncio.wait_for(queue.get(), 5)
        await queue.put(1)

    app = dispatcher(handler, concurrency=concurrency)
    assert [app(inserts(1, 2)), app(inserts(3))] == [SUCCESS, SUCCESS]


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_dispatcher_can_be_called_inside_a_running_loop(concurrency: int) -> None:
    """An async test, or any code on a loop, can call the dispatcher; async handlers run all the same."""
    loops = []

    async def make() -> int:
        return 1

    async def handler(change: Change[Order], value: Annotated[int, Depends(make, scope="invocation")]) -> None:
        await asyncio.sleep(0)
        loops.append(asyncio.get_running_loop())

    app = dispatcher(handler, concurrency=concurrency)

    async def test() -> list[Any]:
        return [app(inserts(1, 2)), app(inserts(3))]

    assert asyncio.run(test()) == [SUCCESS, SUCCESS]
    assert app(inserts(4)) == SUCCESS
    assert len(set(map(id, loops))) == 1


def test_plain_handlers_inside_a_running_loop_stay_in_their_thread() -> None:
    """Without anything async a dispatcher inside a loop runs where it was called."""
    threads = []

    def handler(change: Change[Order]) -> None:
        threads.append(threading.current_thread())

    async def test() -> None:
        dispatcher(handler)(inserts(1))

    asyncio.run(test())
    assert threads == [threading.current_thread()]


def test_an_async_failure_inside_a_running_loop_is_a_failure() -> None:
    """What an async handler raises while the caller's loop runs is its record's failure."""

    async def handler(change: Change[Order]) -> None:
        raise TimeoutError

    async def test() -> Any:
        return dispatcher(handler)(inserts(1))

    assert asyncio.run(test()) == failures(1)


def test_threads_may_call_one_dispatcher() -> None:
    """A dispatcher called from several threads, as local tools may, answers each of them."""
    answers: list[Any] = []
    under_way = threading.Event()

    async def handler(change: Change[Order]) -> None:
        under_way.set()
        await asyncio.sleep(0.1)

    app = dispatcher(handler)

    def call(number: int) -> None:
        answers.append(app(inserts(number)))

    # Daemons, so that a thread which waits for ever fails this test and not the whole run.
    threads = [threading.Thread(target=call, args=(number,), daemon=True) for number in (1, 2)]
    threads[0].start()
    under_way.wait()
    threads[1].start()
    for thread in threads:
        thread.join(timeout=60)
    assert answers == [SUCCESS, SUCCESS]


def test_a_background_task_goes_on_in_the_next_invocation() -> None:
    """A task that a handler started is not lost with its invocation: the loop stays."""
    done = []

    async def background() -> None:
        await asyncio.sleep(0)
        done.append(1)

    tasks: list[asyncio.Future[None]] = []

    async def handler(change: Change[Order]) -> None:
        if not tasks:
            tasks.append(asyncio.ensure_future(background()))
        else:
            await tasks[0]

    app = dispatcher(handler)
    app(inserts(1))
    app(inserts(2))
    assert done == [1]


def test_the_loop_is_closed_with_the_dispatcher() -> None:
    """A dispatcher that is garbage leaves no loop open."""
    loops = []

    async def handler(change: Change[Order]) -> None:
        loops.append(asyncio.get_running_loop())

    dispatcher(handler)(inserts(1))
    gc.collect()
    assert loops[0].is_closed()


def test_loops_of_failures_do_not_use_up_the_file_descriptors() -> None:
    """The traceback of an error holds the loop of its Dispatcher in a circle, and a test run makes thousands."""
    loops = []

    async def handler(change: Change[Order]) -> None:
        loops.append(asyncio.get_running_loop())
        raise TimeoutError

    gc.disable()
    try:
        for _ in range(200):
            dispatcher(handler)(inserts(1))
    finally:
        gc.enable()
    assert sum(not loop.is_closed() for loop in loops) <= 128


def test_no_loop_without_anything_async() -> None:
    """Plain handlers one after the other make no event loop."""

    def handler(change: Change[Order]) -> None: ...

    app = dispatcher(handler)
    app(inserts(1, 2))
    assert app._containers._free[0].loop._loop is None
