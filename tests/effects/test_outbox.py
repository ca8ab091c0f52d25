"""What handlers leave is sent in full requests, and what is refused fails the record at the route that left it."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from pydantic import BaseModel

from router import Change, Dispatcher, Drop, Insert, MemoryParking, PartialFailure, Reject, Routes, Window
from router.context import Clock, running_on
from router.effects.destination import Entry
from router.effects.outbox import leave
from router.effects.requests import RefusedForAll
from router.observability.metrics import InvocationFigures
from tests.builders import SUCCESS, Context, Order, batch, failures, insert, inserts, statuses

Answer = Callable[[Sequence[Any]], Sequence[Exception | None]]


class Post:
    """A destination that notes its requests, and answers with the error of each chosen payload.

    Args:
        errors: The errors of a payload, one for each time that it is sent.
    """

    key = "post"
    client: object = None
    most_bytes = 1_000

    def __init__(
        self, errors: Mapping[Any, Sequence[Exception | None]] | None = None, most: int = 3, *, in_order: bool = True
    ) -> None:
        self.errors = {payload: [*each] for payload, each in (errors or {}).items()}
        self.most_entries, self.in_order = most, in_order
        self.requests: list[list[Any]] = []

    def send(self, payloads: Sequence[Any]) -> Sequence[Exception | None]:
        self.requests.append([*payloads])
        return [self.errors[each].pop(0) if self.errors.get(each) else None for each in payloads]

    @property
    def sent(self) -> list[Any]:
        """All payloads in the order in which they were sent."""
        return [payload for request in self.requests for payload in request]


def post_of(change: Change[Order], post: Post, payload: Any = None, size: int = 10) -> None:
    leave(change, Entry(change.record.sequence_number if payload is None else payload, size, change.record.lane), post)


class Announcing(Post):
    """Lets a test wait for its first request."""

    def __init__(self) -> None:
        super().__init__()
        self.has_sent = threading.Event()

    def send(self, payloads: Sequence[Any]) -> Sequence[Exception | None]:
        self.has_sent.set()
        return super().send(payloads)


def app_of(post: Post, **options: Any) -> Dispatcher:
    routes = Routes()

    @routes.on(Order)
    def write(change: Change[Order]) -> None:
        post_of(change, post)

    return Dispatcher(routes, **options)


def batch_app_of(post: Post, end: Callable[[Sequence[Change[Order]]], None] = lambda _: None) -> Dispatcher:
    """An app whose batch handler posts for each change, and ends with ``end``."""
    routes = Routes()

    @routes.on_batch(Order)
    def write(changes: Sequence[Change[Order]]) -> None:
        for change in changes:
            post_of(change, post)
        end(changes)

    return Dispatcher(routes)


def of_items(*pairs: tuple[int, str]) -> dict[str, Any]:
    """Inserts of a number and an item each."""
    return batch(*(insert(number, item) for number, item in pairs))


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries, which take no time."""
    taken: list[float] = []
    monkeypatch.setattr(time, "sleep", taken.append)
    return taken


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Any:
    """The threads of an outbox end with the invocation."""
    yield
    assert not [thread for thread in threading.enumerate() if thread.name == "outbox"]


@pytest.mark.parametrize("concurrency", [1, 4])
def test_entries_are_sent_in_full_requests(concurrency: int) -> None:
    """Before the answer, all of them, with three in a request as the destination takes."""
    post = Post()
    assert app_of(post, concurrency=concurrency)(inserts(*range(100, 130))) == SUCCESS
    assert sorted(post.sent) == [str(number) for number in range(100, 130)]
    assert len(post.requests) == 10


def test_async_handlers_leave_entries() -> None:
    """Also where they run as tasks of one loop."""
    post, routes = Post(), Routes()

    @routes.on(Order)
    async def write(change: Change[Order]) -> None:
        await asyncio.sleep(0)
        post_of(change, post)

    assert Dispatcher(routes, concurrency=4)(inserts(*range(100, 130))) == SUCCESS
    assert (sorted(post.sent), len(post.requests)) == ([str(number) for number in range(100, 130)], 10)


def test_requests_are_not_larger_than_the_destination_takes() -> None:
    """Sizes count, beside the number of entries."""
    post, routes = Post(most=10), Routes()

    @routes.on(Order)
    def write(change: Change[Order]) -> None:
        post_of(change, post, size=400)

    assert Dispatcher(routes)(inserts(*range(100, 106))) == SUCCESS
    assert [len(request) for request in post.requests] == [2, 2, 2]


def test_a_full_request_is_sent_while_the_records_run() -> None:
    """So a long event makes progress before its deadline."""
    post, routes = Announcing(), Routes()

    @routes.on(Order)
    def write(change: Change[Order]) -> None:
        post_of(change, post)
        if change.record.sequence_number == "104":
            assert post.has_sent.wait(30)
            assert set(post.sent) <= {"100", "101", "102", "103"}

    assert Dispatcher(routes)(inserts(*range(100, 105))) == SUCCESS
    assert sorted(post.sent) == ["100", "101", "102", "103", "104"]


def test_a_handler_waits_while_too_much_is_unsent() -> None:
    """The memory is bounded: no more than six full requests wait, beside those under way and one to come."""
    most = 0

    class Slow(Post):
        def send(self, payloads: Sequence[Any]) -> Sequence[Exception | None]:
            nonlocal most
            released.wait(30)
            answer = super().send(payloads)
            most = max(most, handled - len(self.sent))
            return answer

    post, routes, handled, released = Slow(), Routes(), 0, threading.Event()

    @routes.on(Order)
    def write(change: Change[Order]) -> None:
        nonlocal handled
        handled += 1
        if handled > 20:
            released.set()
        post_of(change, post)

    assert Dispatcher(routes)(inserts(*range(100, 400))) == SUCCESS
    assert len(post.sent) == 300
    assert most <= (6 + 3 + 1) * 3


def test_a_failed_handler_leaves_nothing() -> None:
    """What it left before it failed is not sent; it is called again."""
    post, routes = Post(), Routes()

    @routes.on(Order)
    def write(change: Change[Order]) -> None:
        post_of(change, post)
        if change.record.sequence_number == "101":
            raise TimeoutError

    assert Dispatcher(routes)(inserts(100, 101, 102)) == failures(101)
    assert post.sent == ["100"]


def test_a_refused_entry_fails_the_record_at_its_route() -> None:
    """And no other route, and no other record; a later one is skipped when Lambda delivers it again."""
    post, routes, others = Post({"101": [Reject("too large")]}), Routes(), list[str | None]()

    @routes.on(Order)
    def write(change: Change[Order]) -> None:
        post_of(change, post)

    @routes.on(Order)
    def note(change: Change[Order]) -> None:
        others.append(change.record.sequence_number)

    app, event = Dispatcher(routes), inserts(100, 101, 102)
    report = app.dispatch(event)
    found = [(outcome.route.name if outcome.route else "", outcome.status) for outcome in report]
    assert [status for name, status in found if "write" in name] == ["done", "failed", "done"]
    assert [status for name, status in found if "note" in name] == ["done"] * 3
    assert report.response == failures(101)
    error = next(outcome for outcome in report if outcome.status == "failed")
    assert (error.stage, str(error.error)) == ("handler", "too large")
    again = batch(*event["Records"][1:])
    assert app(again) == SUCCESS
    assert (post.sent.count("101"), post.sent.count("102")) == (2, 1)
    assert others == ["100", "101", "102"]


def test_a_rejected_entry_is_parked() -> None:
    """As a handler's Reject."""
    parking = MemoryParking()
    report = app_of(Post({"101": [Reject("too large")]}), parking=parking).dispatch(inserts(100, 101, 102))
    assert (statuses(report), report.response) == (["done", "parked", "done"], SUCCESS)
    assert [parked.reason for parked in parking.parked] == ["too large"]


def test_policies_apply_to_a_refused_entry() -> None:
    """A dropped one is skipped."""
    report = app_of(Post({"101": [Reject("too large")]}), on_error=Drop()).dispatch(inserts(100, 101, 102))
    assert (statuses(report), report.response) == (["done", "skipped", "done"], SUCCESS)


def test_an_entry_that_can_be_accepted_later_is_sent_again(pauses: list[float]) -> None:
    """It alone, after a pause."""
    post = Post({"101": [TimeoutError(), TimeoutError()]})
    assert app_of(post)(inserts(100, 101, 102)) == SUCCESS
    assert post.requests == [["100", "101", "102"], ["101"], ["101"]]
    assert len(pauses) == 2


def test_tries_of_an_entry_end() -> None:
    """Then the record fails with the error of the last one."""
    report = app_of(Post({"101": [TimeoutError()] * 99})).dispatch(inserts(100, 101, 102))
    assert (statuses(report), report.response) == (["done", "failed", "done"], failures(101))


def test_a_failed_request_fails_its_entries() -> None:
    """And no more than these."""

    class Failing(Post):
        def send(self, payloads: Sequence[Any]) -> Sequence[Exception | None]:
            super().send(payloads)
            if "101" in payloads:
                raise ConnectionError
            return [None] * len(payloads)

    report = app_of(Failing()).dispatch(inserts(*range(100, 106)))
    assert statuses(report) == ["failed"] * 3 + ["done"] * 3


def test_a_request_that_is_refused_for_one_entry_is_sent_in_parts() -> None:
    """The other entries are innocent."""

    class Whole(Post):
        def send(self, payloads: Sequence[Any]) -> Sequence[Exception | None]:
            super().send(payloads)
            if "101" in payloads:
                raise Reject("an entry is invalid")
            return [None] * len(payloads)

    post = Whole(most=4)
    assert statuses(app_of(post).dispatch(inserts(100, 101, 102, 103))) == ["done", "failed", "done", "done"]
    assert post.requests == [["100", "101", "102", "103"], ["100", "101"], ["100"], ["101"], ["102", "103"]]


def test_a_request_that_is_refused_for_all_is_sent_once() -> None:
    """A role that lacks the permission would be refused with each part."""

    class Closed(Post):
        def send(self, payloads: Sequence[Any]) -> Sequence[Exception | None]:
            super().send(payloads)
            raise RefusedForAll("the role may not")

    post = Closed()
    assert statuses(app_of(post).dispatch(inserts(100, 101, 102))) == ["failed"] * 3
    assert len(post.requests) == 1


def test_entries_of_an_item_are_not_in_one_request() -> None:
    """Else the second could be accepted and the first refused."""
    post = Post()
    assert app_of(post)(of_items((100, "a"), (101, "a"), (102, "b"), (103, "a"))) == SUCCESS
    assert post.requests == [["100", "102"], ["101"], ["103"]]


def test_without_an_order_they_are() -> None:
    """A destination that keeps none needs no rounds."""
    post = Post(in_order=False)
    assert app_of(post)(of_items((100, "a"), (101, "a"), (102, "a"), (103, "a"))) == SUCCESS
    assert post.requests == [["100", "101", "102"], ["103"]]


@pytest.mark.parametrize("concurrency", [1, 4])
def test_what_follows_a_failed_entry_of_its_item_is_deferred(concurrency: int) -> None:
    """It is not sent; items beside it are."""
    post = Post({"100": [TimeoutError()] * 99})
    report = app_of(post, concurrency=concurrency).dispatch(of_items((100, "a"), (101, "b"), (102, "a"), (103, "b")))
    assert (statuses(report), report.response) == (["failed", "done", "deferred", "done"], failures(100))
    assert "102" not in post.sent


def test_what_follows_a_parked_record_is_sent() -> None:
    """It does not come again, and its item goes on in the same invocation."""
    post, parking = Post({"100": [Reject("too large")]}), MemoryParking()
    report = app_of(post, parking=parking).dispatch(of_items((100, "a"), (101, "b"), (102, "a"), (103, "a")))
    assert statuses(report) == ["parked", "done", "done", "done"]
    assert post.sent == ["100", "101", "102", "103"]


def test_what_follows_a_record_that_the_parking_place_refuses_is_deferred() -> None:
    """It is known before the item goes on."""

    class Full:
        def park(self, _: Any) -> None:
            raise ConnectionError

    post = Post({"100": [Reject("too large")]})
    report = app_of(post, parking=Full()).dispatch(of_items((100, "a"), (101, "b"), (102, "a")))
    assert (statuses(report), report.response) == (["failed", "done", "deferred"], failures(100))
    assert post.sent == ["100", "101"]


def test_groups_of_a_queue_fail_apart() -> None:
    """A refused entry defers what follows in its item, and reports these messages only."""
    post = Post({"100": [TimeoutError()] * 99})
    messages = [
        {
            "messageId": str(number),
            "body": json.dumps(insert(number, item)),
            "attributes": {"MessageGroupId": item},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:changes.fifo",
        }
        for number, item in ((100, "a"), (101, "b"), (102, "a"))
    ]
    found = app_of(post)({"Records": messages})["batchItemFailures"]
    assert [each["itemIdentifier"] for each in found] == ["100", "102"]


def test_a_refused_entry_of_a_batch_fails_its_change() -> None:
    """The handler of a batch has ended well, and the others are done."""
    post = Post({"101": [Reject("too large")]})
    report = batch_app_of(post).dispatch(inserts(100, 101, 102))
    assert (statuses(report), report.response) == (["done", "failed", "done"], failures(101))
    assert post.requests == [["100", "101", "102"]]


def test_a_change_that_failed_in_a_batch_leaves_nothing() -> None:
    """The handler says that it failed."""
    post = Post()

    def fail(changes: Sequence[Change[Order]]) -> None:
        raise PartialFailure({changes[1]: TimeoutError()})

    assert batch_app_of(post, fail)(inserts(100, 101, 102)) == failures(101)
    assert post.sent == ["100", "102"]


def test_many_entries_of_a_batch_use_several_threads() -> None:
    """They are sent when the handler has ended."""
    threads, numbers = set[int](), itertools.count()
    both = threading.Barrier(2)

    class Noted(Post):
        def send(self, payloads: Sequence[Any]) -> Sequence[Exception | None]:
            threads.add(threading.get_ident())
            if next(numbers) < 2:
                both.wait(30)
            return super().send(payloads)

    post = Noted()
    assert batch_app_of(post)(inserts(*range(100, 200))) == SUCCESS
    assert len(post.requests) == 34
    assert len(threads) > 1


class Totals(BaseModel):
    count: int = 0


@pytest.mark.parametrize("partly", [False, True])
def test_a_refused_entry_fails_the_handler_of_a_window(partly: bool) -> None:
    """Its state is kept as one, so it stays that of before, and all changes come again."""
    post, routes = Post({"101": [Reject("too large")]}), Routes()

    @routes.on_window(Order, state=Totals)
    def count(window: Window[Order, Totals]) -> None:
        window.state.count += len(window.changes)
        for change in window.changes:
            post_of(change, post)
        if errors:
            raise errors.pop()(dict.fromkeys(window.changes[:1], TimeoutError()))

    errors = [PartialFailure] if partly else []
    app = Dispatcher(routes)
    times = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:05:00Z"}
    response = app({**inserts(100, 101, 102), "window": times, "state": {}})
    assert response == {**failures(100), "state": {}}
    assert post.sent == (["101", "102"] if partly else ["100", "101", "102"])
    response = app({**inserts(100, 101, 102), "window": times, "state": {}})
    assert [state["count"] for state in response["state"].values()] == [3]


def test_metrics_and_the_log_show_what_was_refused(capfd: pytest.CaptureFixture[str]) -> None:
    """As for a handler that failed."""
    taken: list[InvocationFigures] = []

    class Meter:
        def emit(self, figures: InvocationFigures) -> None:
            taken.append(figures)

    app_of(Post({"101": [TimeoutError()] * 99}), metrics=Meter())(of_items((100, "a"), (101, "b"), (102, "b")))
    assert (taken[0].total.failed, taken[0].total.deferred) == ({"handler": 1}, 1)
    assert "TimeoutError" in capfd.readouterr().out


def test_without_time_what_is_not_sent_is_deferred() -> None:
    """One request is made even then: an entry that is never sent would bring its record back for ever."""
    post, clock = Post(), [0.0]

    def wait(_: Sequence[Change[Order]]) -> None:
        clock[0] += 100

    with running_on(Clock(lambda: 1_760_000_000.0, lambda: clock[0])):
        report = batch_app_of(post, wait).dispatch(inserts(*range(100, 130)), Context(60_000))
    done = len(post.sent)
    assert 3 <= done <= 12
    assert statuses(report) == ["done"] * done + ["deferred"] * (30 - done)
    assert report.response == failures(100 + done)


def test_what_waits_for_long_is_sent_in_a_request_that_is_not_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else slow records behind it would keep it unsent until the time is over."""
    for module in ("outbox", "entry_queue"):
        monkeypatch.setattr(f"router.effects.{module}.LONGEST_WAIT", 0.001)
    post, routes = Announcing(), Routes()

    @routes.on(Order)
    def write(change: Change[Order]) -> None:
        if change.record.sequence_number == "100":
            post_of(change, post)
        else:
            assert post.has_sent.wait(30)

    assert Dispatcher(routes)(inserts(100, 101)) == SUCCESS
    assert post.requests == [["100"]]


def test_outside_of_an_invocation_an_entry_is_sent_at_once() -> None:
    """A handler is tested as plain Python."""
    post = Post({"b": [Reject("too large")]})
    leave(Insert(Order()), Entry("a", 1, None), post)
    assert post.requests == [["a"]]
    with pytest.raises(Reject, match="too large"):
        leave(Insert(Order()), Entry("b", 1, None), post)


def test_a_change_of_another_invocation_is_sent_at_once() -> None:
    """Its record has its answer already, so the error is of the handler that is running."""
    post, routes, kept = Post({"again": [Reject("too large")]}), Routes(), list[Change[Order]]()

    @routes.on(Order)
    def write(change: Change[Order]) -> None:
        if kept:
            post_of(kept[0], post, "again")
        kept.append(change)

    app = Dispatcher(routes)
    assert app(inserts(100)) == SUCCESS
    assert app(inserts(101)) == failures(101)


def test_an_error_that_ends_the_process_ends_the_threads() -> None:
    """The fixture sees that none is left."""
    post, routes = Post(), Routes()

    @routes.on(Order)
    def write(change: Change[Order]) -> None:
        post_of(change, post)
        if change.record.sequence_number == "101":
            raise SystemExit

    with pytest.raises(SystemExit):
        Dispatcher(routes)(inserts(100, 101))
    assert post.sent == []


def test_an_error_that_ends_the_process_comes_out_of_a_thread() -> None:
    """The invocation gets no answer."""

    class Ending(Post):
        def send(self, payloads: Sequence[Any]) -> Sequence[Exception | None]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        app_of(Ending())(inserts(*range(100, 120)))


def test_the_entries_of_a_batch_cost_the_same_each() -> None:
    """However many a handler leaves: four times as many make no more than five times as many calls."""
    app = batch_app_of(Post())

    def calls_of(records: int) -> int:
        made: list[str] = []
        event = inserts(*range(100, 100 + records))
        sys.setprofile(lambda _frame, kind, _function: made.append(kind) if kind == "call" else None)
        try:
            app(event)
        finally:
            sys.setprofile(None)
        return len(made)

    calls_of(10)
    assert calls_of(400) < 5 * calls_of(100)
