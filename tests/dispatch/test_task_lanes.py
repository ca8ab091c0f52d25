"""Lanes of async handlers are tasks of one loop, with the same order, failures and ends as lanes in threads."""

import asyncio
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Annotated, Any

import pytest
from pydantic import Field

from router import Change, Depends, Dispatcher, Drop, MemoryParking, PartialFailure, Reject, Retry, Routes
from router.outcomes import Outcome
from router.planning.shared_values import changes_are_watched
from tests.builders import SUCCESS, Context, Order, batch, dispatcher, failures, insert, inserts, modify, statuses
from tests.clock import Clock

PATIENCE = 60


def threads_of(app: Dispatcher) -> Any:
    return app._containers._free[0]._threads


class Meeting:
    """Lets handlers go on when the given number of them wait."""

    def __init__(self, parties: int) -> None:
        self._parties = parties
        self._futures: list[asyncio.Future[None]] = []

    async def wait(self) -> None:
        self._futures.append(asyncio.get_running_loop().create_future())
        if len(self._futures) == self._parties:
            for future in self._futures:
                future.set_result(None)
        await asyncio.wait_for(self._futures[-1], PATIENCE)


def value() -> int:
    return 1


async def make_value() -> int:
    await asyncio.sleep(0.001)
    return 1


@pytest.mark.parametrize("factory", [value, make_value])
@pytest.mark.parametrize("scope", ["invocation", "cold_start"])
def test_async_handlers_need_no_threads(factory: Callable[[], Any], scope: Any) -> None:
    """Async handlers run beside each other in one thread, with values that live longer than their record."""
    meeting, seen = Meeting(4), set()

    async def handler(change: Change[Order], given: Annotated[int, Depends(factory, scope=scope)]) -> None:
        seen.add(threading.current_thread())
        await meeting.wait()

    app = dispatcher(handler, concurrency=4)
    assert (app(inserts(1, 2, 3, 4)), seen, threads_of(app)) == (SUCCESS, {threading.current_thread()}, None)


def around(call: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def calling(change: Any) -> Any:
        return call(change)

    return calling


async def of_a_record() -> AsyncIterator[int]:
    await asyncio.sleep(0.001)
    yield 1
    await asyncio.sleep(0.001)


@pytest.mark.parametrize("middleware", [[], [around]])
@pytest.mark.parametrize("factory", [value, make_value, of_a_record])
def test_what_waits_in_plain_code_has_threads(middleware: Sequence[Any], factory: Any) -> None:
    """With a middleware, or a value of each record, async handlers run beside each other all the same."""
    meeting = Meeting(3)

    async def handler(change: Change[Order], given: Annotated[int, Depends(factory)]) -> None:
        await meeting.wait()

    app = dispatcher(handler, concurrency=3, middleware=middleware)
    assert app(inserts(1, 2, 3)) == SUCCESS
    assert threads_of(app) is not None


def test_changes_of_one_item_keep_their_order() -> None:
    """A change starts when the one before it of its item has ended, and lanes do not wait for each other."""
    seen: dict[str, list[int]] = defaultdict(list)
    running: set[str] = set()

    async def handler(change: Change[Order]) -> None:
        key = change.image.pk
        assert key not in running
        running.add(key)
        await asyncio.sleep(0.002 if change.image.total % 3 == 0 else 0)
        seen[key].append(change.image.total)
        running.remove(key)

    keys = "abacabadbcab"
    records = [modify(number, key, total=number) for number, key in enumerate(keys)]
    for each, key in zip(records, keys, strict=True):
        each["dynamodb"]["NewImage"]["pk"] = {"S": key}
    assert dispatcher(handler, concurrency=4)(batch(*records)) == SUCCESS
    assert seen == {key: [number for number, other in enumerate(keys) if other == key] for key in set(keys)}


def test_no_more_lanes_than_allowed() -> None:
    """At most as many handlers run at a time as concurrency= allows."""
    running, most = 0, 0

    async def handler(change: Change[Order]) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1

    assert dispatcher(handler, concurrency=3)(inserts(*range(20))) == SUCCESS
    assert most == 3


def several(trace: list[str], fail: str = "") -> Routes:
    routes = Routes()

    async def take(name: str, change: Change[Order]) -> None:
        trace.append(f"{name} {change.keys['pk']}")
        await asyncio.sleep(0)
        if f"{name} {change.keys['pk']}" == fail:
            raise TimeoutError
        trace.append(f"{name} {change.keys['pk']} done")

    @routes.on(Order)
    async def first(change: Change[Order]) -> None:
        await take("first", change)

    @routes.on(Order)
    async def quick(change: Change[Order]) -> None:
        trace.append(f"quick {change.keys['pk']}")

    @routes.on(Order)
    async def last(change: Change[Order]) -> None:
        await take("last", change)

    return routes


def of(key: str, trace: list[str]) -> list[str]:
    return [each for each in trace if each.split()[1] == key]


def test_several_async_routes_run_one_after_the_other() -> None:
    """The routes of a record keep their order, while other records run beside them."""
    trace: list[str] = []
    report = Dispatcher(several(trace), concurrency=2).dispatch(inserts(1, 2))
    assert statuses(report) == ["done"] * 6
    for key in ("key-1", "key-2"):
        names = ["first", "first", "quick", "last", "last"]
        assert [each.split()[0] for each in of(key, trace)] == names
    assert trace.index("first key-2") < trace.index("first key-1 done")


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize(
    ("fail", "expected"),
    [("first key-1", ["failed", "deferred", "deferred"]), ("last key-1", ["done", "done", "failed"])],
)
def test_a_failure_of_one_of_several_routes(fail: str, expected: list[str], concurrency: int) -> None:
    """What comes after the failed route of its record is deferred, however long that took to fail."""
    trace: list[str] = []
    report = Dispatcher(several(trace, fail), concurrency=concurrency).dispatch(inserts(1))
    assert (statuses(report), report.response) == (expected, failures(1))


def test_a_route_that_has_run_is_skipped_in_the_next_delivery() -> None:
    """What a record's routes have done beside a failure is remembered, one by one."""
    trace: list[str] = []
    app = Dispatcher(several(trace, "last key-1"), concurrency=2)
    app(inserts(1))
    trace.clear()
    report = app.dispatch(inserts(1))
    assert (statuses(report), trace) == (["skipped", "skipped", "failed"], ["last key-1"])


def test_each_route_has_its_own_duration(clock: Clock) -> None:
    """The time of a handler that waited counts for its route."""
    routes = Routes()

    @routes.on(Order)
    async def slow(change: Change[Order]) -> None:
        await asyncio.sleep(0)
        clock.advance(2)

    @routes.on(Order)
    async def slower(change: Change[Order]) -> None:
        clock.advance(1)
        await asyncio.sleep(0)
        clock.advance(2)

    report = Dispatcher(routes, concurrency=2).dispatch(inserts(1))
    assert [outcome.duration for outcome in report] == [2, 3]


def test_nothing_starts_after_the_deadline(clock: Clock) -> None:
    """A record that waits is finished after the deadline, and no other one or other route starts."""
    trace: list[str] = []
    routes = Routes()

    @routes.on(Order)
    async def slow(change: Change[Order]) -> None:
        trace.append(change.keys["pk"])
        await asyncio.sleep(0)
        clock.advance(0.2)

    @routes.on(Order)
    async def late(change: Change[Order]) -> None:
        trace.append("late")

    app = Dispatcher(routes, concurrency=2, reserve=0)
    report = app.dispatch(inserts(1, 2, 3, 4), Context(remaining=100))
    assert (sorted(trace), report.response) == (["key-1", "key-2"], failures(1))
    assert statuses(report) == ["done", "deferred", "done", "deferred", "deferred", "deferred"]


def test_what_runs_beside_a_failure_finishes_and_is_remembered() -> None:
    """A lane that waits while another fails goes on to its end, and no new record starts."""
    meeting, handled, fail = Meeting(2), list[str](), True

    async def handler(change: Change[Order]) -> None:
        key = change.keys["pk"]
        if fail:
            await meeting.wait()
            if key == "bad":
                raise TimeoutError
            await asyncio.sleep(0.01)
        handled.append(key)

    app = dispatcher(handler, concurrency=2)
    event = batch(insert(1, "bad"), insert(2, "good"), insert(3, "late"))
    first, before = app(event), list(handled)
    fail = False
    assert (first, before, app(event), sorted(handled)) == (failures(1), ["good"], SUCCESS, ["bad", "good", "late"])


@pytest.mark.parametrize("policy", [Retry(), Drop()])
def test_records_that_are_parked_stop_no_lane(policy: Any) -> None:
    """A record that is rejected after it has waited is parked; others go on."""

    async def handler(change: Change[Order]) -> None:
        await asyncio.sleep(0)
        if change.keys["pk"] == "key-2":
            raise Reject

    app = dispatcher(handler, concurrency=2, parking=MemoryParking(), on_error=policy)
    expected = "parked" if isinstance(policy, Retry) else "skipped"
    assert sorted(statuses(app.dispatch(inserts(1, 2, 3, 4)))) == sorted(["done", "done", "done", expected])


async def failing() -> None:
    await asyncio.sleep(0)
    raise TimeoutError


def test_what_an_awaited_result_results_in_is_awaited_too() -> None:
    """A handler that forgets an await has failed when what it returns has."""

    async def handler(change: Change[Order]) -> Any:
        await asyncio.sleep(0)
        return failing()

    assert dispatcher(handler, concurrency=2)(inserts(1)) == failures(1)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, type("Stop", (BaseException,), {})])
def test_an_end_from_within_waits_for_the_other_lanes(error: type[BaseException]) -> None:
    """When a handler ends the process, others that wait finish first, and no new record starts."""
    meeting, finished = Meeting(2), list[str]()

    async def handler(change: Change[Order]) -> None:
        if change.keys["pk"] in ("key-1", "key-2"):
            await meeting.wait()
        if change.keys["pk"] == "key-1":
            raise error
        await asyncio.sleep(0.01)
        finished.append(change.keys["pk"])

    app = dispatcher(handler, concurrency=2)
    with pytest.raises(error):
        app(inserts(1, 2, 3, 4))
    assert finished == ["key-2"]
    assert app(inserts(5)) == SUCCESS


def test_batches_gather_from_lanes_that_are_tasks() -> None:
    """An on_batch handler gets the changes of all lanes in their order, and may fail in part."""
    routes, calls = Routes(), list[list[Any]]()

    @routes.on(Order)
    async def handler(change: Change[Order]) -> None:
        await asyncio.sleep(0.002 if change.image.total == 0 else 0)

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]]) -> None:
        calls.append([change.record.sequence_number for change in changes])
        raise PartialFailure({changes[-1]: TimeoutError()})

    app = Dispatcher(routes, concurrency=4)
    response = app(batch(*(insert(number, f"k{number}", total=number % 2) for number in range(8))))
    assert (response, calls) == (failures(7), [[str(number) for number in range(8)]])


class Line(Order):
    lines: list[int] = Field(default_factory=list)


def test_a_handler_that_changes_what_others_are_given_is_noticed() -> None:
    """Tools compare what is nested after a handler has ended, not when it begins to wait."""
    routes = Routes()

    @routes.on(Line)
    async def first(change: Change[Line]) -> None:
        await asyncio.sleep(0)
        change.image.lines.append(1)

    @routes.on(Line)
    async def second(change: Change[Line]) -> None: ...

    with changes_are_watched() as found:
        outcomes: list[Outcome] = list(Dispatcher(routes, concurrency=2).dispatch(inserts(1)))
    assert ([outcome.status for outcome in outcomes], len(found)) == (["failed", "deferred"], 1)


def test_an_override_that_needs_threads_does_not_change_the_plan() -> None:
    """An override has the scope of what it replaces, so lanes stay tasks."""
    seen: list[int] = []

    async def handler(change: Change[Order], given: Annotated[int, Depends(value, scope="cold_start")]) -> None:
        await asyncio.sleep(0)
        seen.append(given)

    async def other() -> AsyncIterator[int]:
        await asyncio.sleep(0)
        yield 2

    app = dispatcher(handler, concurrency=2)
    app.overrides[value] = other
    assert (app(inserts(1, 2, 3)), seen) == (SUCCESS, [2, 2, 2])
    app.close()


@pytest.mark.parametrize("together", [1, 3])
def test_a_plain_handler_among_async_ones_does_not_block_them(together: int) -> None:
    """With one plain handler all lanes have threads, so that it holds up its own lane only."""
    routes, ready = Routes(), threading.Event()

    @routes.on_modify(Order)
    def plain(change: Change[Order]) -> None:
        assert ready.wait(PATIENCE)

    @routes.on_insert(Order)
    async def asynchronous(change: Change[Order]) -> None:
        await asyncio.sleep(0.001)
        ready.set()

    app = Dispatcher(routes, concurrency=together + 1)
    assert app(batch(*(modify(number, f"m{number}") for number in range(together)), insert(100, "a"))) == SUCCESS
