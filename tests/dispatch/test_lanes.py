"""Lanes keep the order of an item and run in parallel; nothing starts after a failure or the deadline."""

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

import pytest

from router import Change, Dispatcher, MemoryParking, Reject, Routes
from router.inject.scopes import current_invocation
from tests.builders import (
    SUCCESS,
    Context,
    Handled,
    Json,
    Order,
    batch,
    dispatcher,
    failures,
    insert,
    inserts,
    modify,
    statuses,
    without,
)
from tests.clock import Clock

PATIENCE = 60  # seconds that a test waits for what has to happen


def meeting(parties: int) -> tuple[Callable[[Change[Order]], None], threading.Barrier]:
    """A handler that returns only when the given number of its calls run at the same time."""
    barrier = threading.Barrier(parties, timeout=PATIENCE)

    def handler(change: Change[Order]) -> None:
        barrier.wait()

    return handler, barrier


def test_lanes_really_run_beside_each_other() -> None:
    """With concurrency 4 four handlers of different items run at the same time."""
    handler, _ = meeting(4)
    assert dispatcher(handler, concurrency=4)(inserts(1, 2, 3, 4)) == SUCCESS


def test_async_lanes_really_run_beside_each_other() -> None:
    """Async handlers of different items wait for each other on one loop."""
    waiting: list[asyncio.Future[None]] = []

    async def handler(change: Change[Order]) -> None:
        waiting.append(asyncio.get_running_loop().create_future())
        if len(waiting) == 3:
            for future in waiting:
                future.set_result(None)
        await asyncio.wait_for(waiting[-1], PATIENCE)

    assert dispatcher(handler, concurrency=3)(inserts(1, 2, 3)) == SUCCESS


def test_sync_and_async_lanes_run_beside_each_other() -> None:
    """A plain handler that waits for an async one of another item is not in its way."""
    ready = threading.Event()
    routes = Routes()

    @routes.on(Order)
    def plain(change: Change[Order]) -> None:
        if change.keys["pk"] == "plain":
            assert ready.wait(PATIENCE)

    @routes.on(Order)
    async def asynchronous(change: Change[Order]) -> None:
        await asyncio.sleep(0.01)
        if change.keys["pk"] == "async":
            ready.set()

    assert Dispatcher(routes, concurrency=2)(batch(insert(1, "plain"), insert(2, "async"))) == SUCCESS


def test_no_more_lanes_than_allowed() -> None:
    """At most as many handlers run at a time as concurrency= allows."""
    running, most, lock, full = 0, 0, threading.Lock(), threading.Event()

    def handler(change: Change[Order]) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            if running == 3:
                full.set()
        assert full.wait(PATIENCE)
        time.sleep(0.005)  # gives a fourth handler, if it were allowed, the time to start
        with lock:
            running -= 1

    dispatcher(handler, concurrency=3)(inserts(*range(20)))
    assert most == 3


def test_one_lane_at_a_time_by_default() -> None:
    """Without concurrency= every handler runs in the thread that called the dispatcher."""
    threads = []

    def handler(change: Change[Order]) -> None:
        threads.append(threading.current_thread())

    dispatcher(handler)(inserts(1, 2, 3))
    assert set(threads) == {threading.current_thread()}


@pytest.mark.parametrize("concurrency", [1, 2, 4, 16])
def test_changes_of_one_item_keep_their_order(concurrency: int) -> None:
    """The changes of each item are handled in the order of the stream, however many lanes there are."""
    seen: dict[str, list[int]] = defaultdict(list)

    def handler(change: Change[Order]) -> None:
        time.sleep(0.002 if change.image.total % 3 == 0 else 0)
        seen[change.keys["pk"]].append(change.image.total)

    keys = "abacabadbcab"
    dispatcher(handler, concurrency=concurrency)(
        batch(*(modify(number, key, total=number) for number, key in enumerate(keys)))
    )
    assert seen == {key: [number for number, other in enumerate(keys) if other == key] for key in set(keys)}


def test_one_item_never_runs_twice_at_a_time() -> None:
    """Two changes of one item are never handled at the same time."""
    running, clashes = set(), []

    def handler(change: Change[Order]) -> None:
        key = change.keys["pk"]
        if key in running:
            clashes.append(key)
        running.add(key)
        time.sleep(0.002)
        running.discard(key)

    dispatcher(handler, concurrency=8)(batch(*(modify(number, "ab"[number % 2]) for number in range(12))))
    assert clashes == []


def test_keys_of_several_attributes_make_one_lane() -> None:
    """An item's lane is its whole key, with its attributes in any order."""
    one, two = insert(1), insert(2)
    one["dynamodb"]["Keys"] = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    two["dynamodb"]["Keys"] = {"sk": {"S": "b"}, "pk": {"S": "a"}}
    running: list[int] = []

    def handler(change: Change[Order]) -> None:
        running.append(1)
        time.sleep(0.01)
        assert len(running) == 1
        running.clear()

    assert dispatcher(handler, concurrency=2)(batch(one, two)) == SUCCESS


def test_a_sort_key_makes_a_lane_of_its_own() -> None:
    """Two items of one partition are two lanes."""
    one, two = insert(1), insert(2)
    one["dynamodb"]["Keys"]["sk"] = {"S": "1"}
    two["dynamodb"]["Keys"]["sk"] = {"S": "2"}
    handler, _ = meeting(2)
    assert dispatcher(handler, concurrency=2)(batch(one, two)) == SUCCESS


@pytest.mark.parametrize("keys", [None, [], {}, {"pk": None}, {"pk": {"S": "a"}, "": []}, "a"])
def test_malformed_keys_are_lanes_too(keys: Any) -> None:
    """Records with malformed keys are handled."""
    one, two = insert(1), insert(2)
    one["dynamodb"]["Keys"] = keys
    handled = Handled()
    assert (dispatcher(handled, concurrency=2)(batch(one, two)), set(handled)) == (SUCCESS, {"1", "2"})


def test_records_without_keys_keep_their_order() -> None:
    """Records without keys run one after the other, because they may be of one item."""
    handled = Handled()
    records = [without(insert(number), "Keys") for number in range(10)]
    dispatcher(handled, concurrency=4)(batch(*records))
    assert list(handled) == [str(number) for number in range(10)]


def nested(levels: int) -> Json:
    value: Json = {"S": "x"}
    for _ in range(levels):
        value = {"L": [value]}
    return value


def test_keys_nested_without_end_cost_one_record_at_most() -> None:
    """Keys nested deeper than Python can walk do not take the batch down."""
    bad = insert(2)
    bad["dynamodb"]["Keys"] = {"pk": nested(5000)}
    response = dispatcher(Handled(), concurrency=2)(batch(insert(1), bad))
    assert response in (SUCCESS, failures(2))


# ------------------------------------------------------------------------------------------------------- after a failure


def test_nothing_new_starts_after_a_failure(stopped: threading.Event) -> None:
    """When a lane has failed, records that have not started are deferred."""
    started = []

    def handler(change: Change[Order]) -> None:
        started.append(change.keys["pk"])
        if change.keys["pk"] == "bad":
            raise TimeoutError
        assert stopped.wait(PATIENCE)

    records = [insert(1, "good"), insert(2, "bad"), *(insert(number, f"late-{number}") for number in range(3, 9))]
    report = dispatcher(handler, concurrency=2).dispatch(batch(*records))
    assert (sorted(started), statuses(report)) == (["bad", "good"], ["done", "failed", *["deferred"] * 6])


def test_what_runs_beside_a_failure_finishes(stopped: threading.Event) -> None:
    """A lane that runs while another fails finishes and is remembered: the next delivery skips it."""
    both = threading.Barrier(2, timeout=PATIENCE)
    handled: list[str] = []
    fail = True

    def handler(change: Change[Order]) -> None:
        key = change.keys["pk"]
        if fail:
            both.wait()
            if key == "bad":
                raise TimeoutError
            assert stopped.wait(PATIENCE)
        handled.append(key)

    app = dispatcher(handler, concurrency=2)
    event = batch(insert(1, "bad"), insert(2, "good"), insert(3, "late"))
    first, before = app(event), list(handled)
    fail = False
    assert (first, before, app(event), sorted(handled)) == (failures(1), ["good"], SUCCESS, ["bad", "good", "late"])


def test_the_lowest_not_done_is_reported(stopped: threading.Event) -> None:
    """When a later lane fails while an earlier one is deferred, the earlier one's number is reported."""

    def handler(change: Change[Order]) -> None:
        if change.keys["pk"] == "bad":
            raise TimeoutError
        assert stopped.wait(PATIENCE)

    # The second change of "slow" waits for the first, while "bad" fails beside it.
    report = dispatcher(handler, concurrency=2).dispatch(batch(insert(1, "slow"), modify(2, "slow"), insert(3, "bad")))
    assert (statuses(report), report.response) == (["done", "deferred", "failed"], failures(2))


def test_a_parked_record_stops_no_lane() -> None:
    """A record that is parked lets every lane go on."""

    def handler(change: Change[Order]) -> None:
        if change.keys["pk"] == "key-2":
            raise Reject

    report = dispatcher(handler, concurrency=2, parking=MemoryParking()).dispatch(inserts(1, 2, 3, 4))
    assert sorted(statuses(report)) == ["done", "done", "done", "parked"]


def test_outcomes_stand_in_the_order_of_the_records() -> None:
    """Whichever lane finished first, a report is in the order of the event."""

    def handler(change: Change[Order]) -> None:
        time.sleep(0.02 if change.keys["pk"] == "key-1" else 0)

    report = dispatcher(handler, concurrency=4).dispatch(inserts(1, 2, 3, 4))
    assert [outcome.record.sequence_number for outcome in report] == ["1", "2", "3", "4"]


def test_lanes_stop_when_the_time_is_up(clock: Clock) -> None:
    """Nothing starts in any lane after the deadline."""
    seen = []
    both = threading.Barrier(2, timeout=PATIENCE)

    def slow(change: Change[Order]) -> None:
        seen.append(change.record.sequence_number)
        both.wait()
        clock.advance(0.2)

    report = dispatcher(slow, concurrency=2, reserve=0).dispatch(inserts(1, 2, 3, 4), Context(remaining=100))
    assert (sorted(map(str, seen)), report.response) == (["1", "2"], failures(3))


def test_lanes_without_time_start_nothing() -> None:
    """With concurrency, a batch whose time is up is deferred whole."""
    report = dispatcher(Handled(), concurrency=2).dispatch(inserts(1, 2), Context(remaining=0))
    assert (statuses(report), report.response) == (["deferred", "deferred"], failures(1))


def test_an_empty_batch_needs_no_lane() -> None:
    """With concurrency, an event without records is success."""
    assert dispatcher(Handled(), concurrency=4)(batch()) == SUCCESS


def test_a_batch_gathers_from_every_lane_in_order() -> None:
    """An on_batch handler gets the changes of all lanes in the order of the stream."""
    routes, calls = Routes(), []

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]]) -> None:
        calls.append([change.record.sequence_number for change in changes])

    @routes.on(Order)
    def handler(change: Change[Order]) -> None:
        time.sleep(0.01 if change.image.total == 0 else 0)

    Dispatcher(routes, concurrency=4)(batch(*(insert(n, f"k{n}", total=n % 2) for n in range(8))))
    assert calls == [[str(number) for number in range(8)]]


class Stop(BaseException):
    """Ends a process, not a record."""


def test_an_end_from_within_waits_for_the_other_lanes(stopped: threading.Event) -> None:
    """When a lane ends the invocation, lanes under way finish first, and no new record starts."""
    both = threading.Barrier(2, timeout=PATIENCE)
    finished = []

    def handler(change: Change[Order]) -> None:
        both.wait()
        if change.keys["pk"] == "key-1":
            raise Stop
        assert stopped.wait(PATIENCE)
        finished.append(change.keys["pk"])

    with pytest.raises(Stop):
        dispatcher(handler, concurrency=2)(inserts(1, 2, 3, 4))
    assert finished == ["key-2"]


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt()])
@pytest.mark.parametrize("concurrency", [1, 2])
def test_an_async_handler_can_end_the_invocation(error: BaseException, concurrency: int) -> None:
    """SystemExit and KeyboardInterrupt of an async handler end the invocation instead of hanging it."""

    async def handler(change: Change[Order]) -> None:
        await asyncio.sleep(0)
        if change.keys["pk"] == "key-1":
            raise error
        await asyncio.sleep(0.01)

    app = dispatcher(handler, concurrency=concurrency)
    with pytest.raises(type(error)):
        app(inserts(1, 2, 3))
    assert app(inserts(4, 5, 6)) == SUCCESS  # no lane was left waiting for a loop that is gone


def test_an_interrupt_stops_the_lanes(stopped: threading.Event) -> None:
    """Ctrl-C, which reaches the loop and no handler, lets what is under way finish and starts nothing more."""
    both = threading.Barrier(2, timeout=PATIENCE)
    finished: list[str] = []

    def interrupt() -> None:
        raise KeyboardInterrupt

    def handler(change: Change[Order]) -> None:
        both.wait()
        if change.keys["pk"] == "key-1":
            current_invocation.get().container.loop.get().call_soon_threadsafe(interrupt)
        assert stopped.wait(PATIENCE)
        finished.append(change.keys["pk"])

    app = dispatcher(handler, concurrency=2)
    with pytest.raises(KeyboardInterrupt):
        app(inserts(*range(1, 20)))
    assert set(finished) == {"key-1", "key-2"}


@pytest.mark.parametrize("concurrency", [1, 2])
def test_a_cancelled_await_is_a_failure_of_its_record(concurrency: int) -> None:
    """A cancelled await of an async handler fails its record, not the batch."""

    async def handler(change: Change[Order]) -> None:
        if change.keys["pk"] == "key-2":
            task = asyncio.ensure_future(asyncio.sleep(1))
            task.cancel()
            await task

    assert dispatcher(handler, concurrency=concurrency)(inserts(1, 2)) == failures(2)


def test_context_variables_reach_the_lanes() -> None:
    """A context variable set around the dispatcher, as tracers do, is seen by the handlers in every lane."""
    variable: ContextVar[str] = ContextVar("variable", default="unset")
    seen = []
    routes = Routes()

    @routes.on(Order)
    def plain(change: Change[Order]) -> None:
        seen.append(variable.get())

    @routes.on(Order)
    async def asynchronous(change: Change[Order]) -> None:
        seen.append(variable.get())

    token = variable.set("trace-1")
    try:
        Dispatcher(routes, concurrency=2)(inserts(1, 2))
    finally:
        variable.reset(token)
    assert seen == ["trace-1"] * 4


def test_the_same_lanes_serve_every_invocation() -> None:
    """Threads are kept from invocation to invocation."""
    threads = set()

    def handler(change: Change[Order]) -> None:
        threads.add(threading.current_thread().name)

    app = dispatcher(handler, concurrency=2)
    for _ in range(5):
        app(inserts(1, 2, 3, 4))
    assert len(threads) <= 2
