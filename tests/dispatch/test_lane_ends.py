"""An invocation ends after all that it has started, even if a handler cancels tasks or stops the event loop."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Annotated, Any

import pytest

from router import Change, Depends, Dispatcher
from router.inject.scopes import current_invocation
from tests.builders import SUCCESS, Order, dispatcher, failures, inserts, statuses

PATIENCE = 60
CONCURRENCY = pytest.mark.parametrize("concurrency", [1, 2, 4])


class Running:
    """Counts the handlers that have begun and have not ended."""

    def __init__(self) -> None:
        self.now = 0
        self.ended = 0
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            self.now += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.now -= 1
            self.ended += 1


def cancel_all() -> None:
    for task in asyncio.all_tasks():
        task.cancel()


def stop_loop() -> None:
    asyncio.get_running_loop().stop()


def close_loop() -> None:
    asyncio.get_running_loop().close()


def exit_process() -> None:
    raise SystemExit(1)


def interrupt() -> None:
    raise KeyboardInterrupt


class Stop(BaseException):
    """Ends a process, not a record."""


def stop_process() -> None:
    raise Stop


@CONCURRENCY
@pytest.mark.parametrize("attack", [cancel_all, stop_loop, close_loop, exit_process, interrupt, stop_process])
@pytest.mark.parametrize("slow_is_async", [True, False])
def test_no_handler_runs_after_its_invocation(
    attack: Callable[[], None], slow_is_async: bool, concurrency: int
) -> None:
    """When the dispatcher returns or raises, no handler is under way, and the next invocation works."""
    running = Running()

    async def handler(change: Change[Order]) -> None:
        with running:
            await asyncio.sleep(0.005)
            if change.keys["pk"] == "key-2":
                attack()
            await asyncio.sleep(0.02)

    def plain(change: Change[Order]) -> Any:
        if change.keys["pk"] == "key-2":
            return handler(change)
        with running:
            time.sleep(0.02)
        return None

    app = dispatcher(handler if slow_is_async else plain, concurrency=concurrency)
    with suppress(SystemExit, KeyboardInterrupt, Stop):
        app(inserts(1, 2, 3, 4))
    ended = running.ended
    assert running.now == 0
    assert (app(inserts(5, 6)), running.now, running.ended) == (SUCCESS, 0, ended + 2)


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_stopped_loop_costs_nothing(concurrency: int) -> None:
    """A handler that stops the event loop is run to its end all the same."""
    done = []

    async def handler(change: Change[Order]) -> None:
        asyncio.get_running_loop().stop()
        await asyncio.sleep(0.005)
        done.append(change.keys["pk"])

    assert dispatcher(handler, concurrency=concurrency)(inserts(1, 2, 3)) == SUCCESS
    assert sorted(done) == ["key-1", "key-2", "key-3"]


@pytest.mark.parametrize("concurrency", [1, 3])
def test_closing_the_loop_fails_the_record_that_does_it(concurrency: int) -> None:
    """A plain handler cannot close the event loop, which later records need."""
    loops: list[asyncio.AbstractEventLoop] = []

    async def remember() -> None:
        loops.append(asyncio.get_running_loop())

    def handler(change: Change[Order], needed: Annotated[None, Depends(remember)]) -> None:
        if change.keys["pk"] == "key-2":
            loops[0].close()

    app = dispatcher(handler, concurrency=concurrency)
    assert (app(inserts(1, 2)), app(inserts(3))) == (failures(2), SUCCESS)


def test_cancelling_all_tasks_fails_records_only() -> None:
    """A handler that cancels all tasks fails its own record and those beside it."""
    both = threading.Barrier(2, timeout=PATIENCE)

    async def handler(change: Change[Order]) -> None:
        await asyncio.to_thread(both.wait)
        if change.keys["pk"] == "key-1":
            cancel_all()
        await asyncio.sleep(0.01)

    report = dispatcher(handler, concurrency=2).dispatch(inserts(1, 2))
    assert (statuses(report), report.response) == (["failed", "failed"], failures(1))


@pytest.mark.parametrize("concurrency", [1, 2])
def test_a_clean_up_that_is_cancelled_before_it_begins_runs(concurrency: int) -> None:
    """Code that goes on to cancel all tasks does not keep a clean-up from running."""
    closed = []

    def cancel_in_each_turn(turns: int) -> None:
        cancel_all()
        if turns:
            asyncio.get_running_loop().call_soon(cancel_in_each_turn, turns - 1)

    async def get() -> AsyncIterator[int]:
        yield 1
        closed.append(1)

    async def handler(change: Change[Order], value: Annotated[int, Depends(get)]) -> None:
        asyncio.get_running_loop().call_soon(cancel_in_each_turn, 5)

    assert (dispatcher(handler, concurrency=concurrency)(inserts(1)), closed) == (SUCCESS, [1])


# --------------------------------------------------------------------------------------------------------------- threads


@pytest.mark.parametrize("threads", [0, 1, 2])
@pytest.mark.parametrize("is_async", [True, False])
def test_threads_that_cannot_start_cost_concurrency_only(
    threads: int, is_async: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With fewer threads than lanes every record is handled, and nothing runs after the invocation."""
    running = Running()
    start, lock, started = threading.Thread.start, threading.Lock(), 0

    def limited(thread: threading.Thread) -> None:
        nonlocal started
        if thread.name.startswith("lane"):
            with lock:
                if started >= threads:
                    raise RuntimeError("can't start new thread")
                started += 1
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)

    def plain(change: Change[Order]) -> None:
        with running:
            time.sleep(0.003)

    async def asynchronous(change: Change[Order]) -> None:
        with running:
            await asyncio.sleep(0.003)

    app = dispatcher(asynchronous if is_async else plain, concurrency=4)
    for invocation in range(1, 4):
        assert (app(inserts(*range(1, 9))), running.now, running.ended) == (SUCCESS, 0, 8 * invocation)


@pytest.mark.parametrize("concurrency", [1, 2])
def test_a_record_that_cannot_wait_for_a_thread_fails(concurrency: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside a running loop async handlers need a thread: where none starts, nothing is left half done."""

    async def handler(change: Change[Order]) -> None: ...

    app = dispatcher(handler, concurrency=concurrency)

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def test() -> Any:
        monkeypatch.setattr(threading.Thread, "start", refuse)
        try:
            return app(inserts(1))
        except RuntimeError:
            return failures(1)

    assert asyncio.run(test()) == failures(1)


# --------------------------------------------------------------------------------------------- dispatch within dispatch


def by_call(app: Dispatcher, event: Any) -> Any:
    return app(event)


def by_thread(app: Dispatcher, event: Any) -> Any:
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(app(event)), daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return answers[0]


def by_executor(app: Dispatcher, event: Any) -> Any:
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(app, event).result(PATIENCE)


@pytest.mark.parametrize("concurrency", [1, 2])
@pytest.mark.parametrize("inner_is_async", [True, False])
@pytest.mark.parametrize("outer_is_async", [True, False])
@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("dispatch", [by_call, by_thread, by_executor])
def test_a_handler_may_dispatch(
    dispatch: Callable[[Dispatcher, Any], Any], same: bool, outer_is_async: bool, inner_is_async: bool, concurrency: int
) -> None:
    """A handler may call its own Dispatcher or another one, from where it is or from another thread."""
    answers: list[Any] = []
    handled: list[str] = []

    async def work(key: str) -> None:
        await asyncio.sleep(0.001)
        handled.append(key)

    def act(change: Change[Order]) -> Any:
        key = change.keys["pk"]
        if key in ("key-1", "key-2"):
            answers.append(dispatch(app if same else other, inserts(11, 12, 13)))
            return None
        if inner_is_async:
            return work(key)
        return handled.append(key)

    async def asynchronous(change: Change[Order]) -> None:
        result = act(change)
        if result is not None:
            await result

    app, other = (dispatcher(asynchronous if outer_is_async else act, concurrency=concurrency) for _ in range(2))
    assert (app(inserts(1, 2, 3)), answers) == (SUCCESS, [SUCCESS, SUCCESS])
    assert sorted(handled) == sorted([*["key-11", "key-12", "key-13"] * 2, "key-3"])


@pytest.mark.parametrize("concurrency", [1, 2])
def test_an_async_handler_may_dispatch_from_the_loops_executor(concurrency: int) -> None:
    """``asyncio.to_thread`` and ``run_in_executor`` do not wait for the loop that waits for them."""
    answers: list[Any] = []

    async def handler(change: Change[Order]) -> None:
        if change.keys["pk"] == "key-1":
            answers.append(await asyncio.to_thread(app, inserts(11)))
            answers.append(await asyncio.get_running_loop().run_in_executor(None, app, inserts(12)))
        await asyncio.sleep(0)

    app = dispatcher(handler, concurrency=concurrency)
    assert (app(inserts(1, 2)), answers) == (SUCCESS, [SUCCESS, SUCCESS])


def test_two_dispatchers_may_call_each_other() -> None:
    """A calls B, which calls A: no call waits for another."""
    trace: list[str] = []

    def in_a(change: Change[Order]) -> None:
        trace.append(f"a {change.keys['pk']}")
        if change.keys["pk"] == "key-1":
            assert b(inserts(2)) == SUCCESS

    def in_b(change: Change[Order]) -> None:
        trace.append(f"b {change.keys['pk']}")
        assert a(inserts(3)) == SUCCESS

    a, b = dispatcher(in_a, concurrency=2), dispatcher(in_b, concurrency=2)
    assert (a(inserts(1)), trace) == (SUCCESS, ["a key-1", "b key-2", "a key-3"])


def test_a_nested_invocation_leaves_the_outer_one_in_place() -> None:
    """After a nested dispatch the record's invocation is the outer one again."""
    seen: list[bool] = []

    def handler(change: Change[Order]) -> None:
        before = current_invocation.get()
        if change.keys["pk"] == "key-1":
            app(inserts(2))
            seen.append(current_invocation.get() is before)

    app = dispatcher(handler)
    assert (app(inserts(1)), seen) == (SUCCESS, [True])


def test_an_interrupt_while_lanes_start_waits_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C that arrives while lanes are started ends the invocation after those that run."""
    running = Running()
    under_way = threading.Event()

    def handler(change: Change[Order]) -> None:
        with running:
            under_way.set()
            time.sleep(0.02)

    submit, calls = ThreadPoolExecutor.submit, 0

    def interrupted(executor: ThreadPoolExecutor, function: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            assert under_way.wait(PATIENCE)
            raise KeyboardInterrupt
        return submit(executor, function)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", interrupted)
    app = dispatcher(handler, concurrency=2)
    with pytest.raises(KeyboardInterrupt):
        app(inserts(1, 2, 3))
    assert (running.now, running.ended) == (0, 1)
