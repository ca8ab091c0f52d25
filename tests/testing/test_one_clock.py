"""Under a ``Stream`` policies, ages, deadlines, parking and expiries read the stream's virtual clock."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from router import Change, Dispatcher, Insert, Record, Retry, Routes
from router.completed import MemoryCompleted
from router.context import Deadline, LambdaContext, now
from router.effects import EventBridge, MemoryEvents
from router.observability.metrics import Metrics
from router.parking import MemoryParking
from router.testing import AppStream, Stream, inserted

START = datetime(2020, 5, 1, tzinfo=UTC)
REPORT = ["ReportBatchItemFailures"]
HOUR = timedelta(hours=1)


class Order(BaseModel):
    EntityType: Literal["Order"] = "Order"
    pk: str


class Orders:
    """An app whose handler fails for the order ``bad``."""

    def __init__(self, *, is_async: bool = False, **options: Any) -> None:
        self.placed: list[str] = []
        self.parking = MemoryParking()
        routes = Routes()
        routes.on_insert(Order)(self.place_later if is_async else self.place)
        self.app = Dispatcher(routes, on_error=Retry(park_after=HOUR), parking=self.parking, **options)

    def place(self, change: Insert[Order]) -> None:
        if change.new.pk == "bad":
            raise TimeoutError
        self.placed.append(change.new.pk)

    async def place_later(self, change: Insert[Order]) -> None:
        await asyncio.sleep(0)
        self.place(change)

    def write(self, stream: Stream) -> Stream:
        for pk in ("a", "bad", "b", "c"):
            stream.put(Order(pk=pk))
        return stream


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("factor", [1, 3])
def test_a_record_that_always_fails_is_parked_after_an_hour(*, is_async: bool, concurrency: int, factor: int) -> None:
    """An hour of the stream's clock, though the test takes no time; every other record is handled once."""
    orders = Orders(is_async=is_async, concurrency=concurrency)
    stream = Stream(orders.app, start=START, function_response_types=REPORT, parallelization_factor=factor)
    orders.write(stream).run()
    assert sorted(orders.placed) == ["a", "b", "c"]
    assert [parked.record["dynamodb"]["Keys"] for parked in orders.parking] == [{"pk": {"S": "bad"}}]
    assert HOUR <= orders.parking.parked[0].parked_at - START < HOUR + timedelta(minutes=2)
    assert (stream.discarded, stream.trimmed) == ([], [])


def test_an_app_inside_a_plain_function_is_on_the_clock_too() -> None:
    """As one behind Powertools or behind code of the user's own is."""
    orders = Orders()

    def handler(event: Any, context: Any) -> Any:
        return json.loads(json.dumps(orders.app(event, context)))

    orders.write(Stream(handler, start=START, function_response_types=REPORT)).run()
    assert len(orders.parking) == 1


def test_an_app_in_a_thread_of_a_plain_function_is_on_the_clock_too() -> None:
    """As where the function ends it before Lambda does."""
    orders = Orders()

    def handler(event: Any, context: Any) -> Any:
        with ThreadPoolExecutor(1) as threads:
            return threads.submit(orders.app, event, context).result()

    orders.write(Stream(handler, start=START, function_response_types=REPORT)).run()
    assert len(orders.parking) == 1


def test_batch_handlers_park_after_an_hour() -> None:
    """Each of their changes has its age."""
    parking = MemoryParking()
    routes = Routes()

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]]) -> None:
        raise TimeoutError

    app = Dispatcher(routes, on_error=Retry(park_after=HOUR), parking=parking)
    stream = Stream(app, start=START, function_response_types=REPORT)
    stream.put(Order(pk="a"))
    stream.advance(1800).put(Order(pk="b"))
    stream.run()
    assert [parked.parked_at - START >= HOUR for parked in parking] == [True, True]
    assert stream.trimmed == []


def test_old_recorded_events_park_after_an_hour() -> None:
    """Their ages are those on the clock that they started, not years."""
    orders = Orders()
    stream = Stream(orders.app, function_response_types=REPORT)
    stream.append(inserted(Order(pk="bad"), created_at=START))
    stream.run()
    assert HOUR <= orders.parking.parked[0].parked_at - START < HOUR + timedelta(minutes=2)
    assert len(stream.invocations) > 50


def advancing(reserve: float, *, several: bool = False) -> tuple[AppStream, list[str]]:
    """A stream whose handlers take 25 of the function's 60 virtual seconds each."""
    routes, calls = Routes(), []

    def place(change: Insert[Order]) -> None:
        calls.append(change.new.pk)
        stream.advance(25)

    routes.on_insert(Order)(place)
    if several:

        def audit(change: Insert[Order]) -> None:
            place(change)

        routes.on_insert(Order)(audit)
    stream = AppStream(Dispatcher(routes, reserve=reserve), start=START, timeout=60)
    for pk in "abc":
        stream.put(Order(pk=pk))
    return stream, calls


def statuses(stream: AppStream) -> list[list[str]]:
    return [[outcome.status for outcome in report] for report in stream.reports if report is not None]


def test_the_reserve_is_kept_on_the_clock() -> None:
    """After two records 10 seconds are left, fewer than the reserve, so that the third waits for the next delivery."""
    stream, calls = advancing(15)
    stream.run()
    assert statuses(stream) == [["done", "done", "deferred"], ["done"]]
    assert calls == ["a", "b", "c"]


def test_the_reserve_is_kept_between_the_routes_of_a_record() -> None:
    """The second route of a record waits for the next delivery, and the first one does not run again."""
    stream, calls = advancing(40, several=True)
    stream.run()
    assert statuses(stream)[:2] == [
        ["done", "deferred", "deferred", "deferred"],
        ["skipped", "done", "deferred", "deferred"],
    ]
    assert calls == ["a", "a", "b", "b", "c", "c"]


def test_durations_are_on_the_clock() -> None:
    """So they are the same at every run of a test."""
    stream, _ = advancing(15)
    assert [outcome.duration for outcome in stream.run().outcomes] == [25, 25, 0, 25]


def test_a_handlers_deadline_and_context_agree() -> None:
    """The deadline is the remaining time without the reserve."""
    left: list[tuple[float, int, float | None]] = []
    routes = Routes()

    @routes.on_insert(Order)
    def place(change: Insert[Order], deadline: Deadline, context: LambdaContext, record: Record) -> None:
        stream.advance(20)
        left.append((round(deadline.remaining, 3), context.get_remaining_time_in_millis(), record.age()))

    stream = AppStream(Dispatcher(routes, reserve=5), start=START, timeout=60)
    stream.put(Order(pk="a"))
    stream.advance(100).run()
    assert left == [(35, 40_000, 120)]


def test_batch_handlers_start_before_the_deadline() -> None:
    """A handler that used the time up leaves the call for the next delivery."""
    routes = Routes()
    calls: list[str] = []

    @routes.on_insert(Order)
    def place(change: Insert[Order]) -> None:
        if not calls:
            stream.advance(59.5)
        calls.append("place")

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]]) -> None:
        calls.append("index")

    stream = AppStream(Dispatcher(routes, reserve=1), start=START, timeout=60)
    stream.put(Order(pk="a"))
    stream.run()
    assert statuses(stream) == [["done", "deferred"], ["skipped", "done"]]
    assert calls == ["place", "index"]


def test_the_record_age_metric_is_on_the_clock(capsys: pytest.CaptureFixture[str]) -> None:
    """A minute after its change a record is a minute old."""
    stream = Stream(Dispatcher(metrics=Metrics("Shop")), start=START)
    stream.put(Order(pk="a"))
    stream.advance(60).run()
    ages = [line for line in capsys.readouterr().out.splitlines() if "RecordAge" in line]
    assert [json.loads(line)["RecordAge"] for line in ages] == [[60.0]]


def test_completed_routes_expire_on_the_clock() -> None:
    """A pair of yesterday is forgotten at the next invocation."""
    completed = MemoryCompleted()
    routes = Routes()

    @routes.on_insert(Order)
    def place(change: Insert[Order]) -> None: ...

    @routes.on_insert(Order)
    def book(change: Insert[Order]) -> None:
        if change.new.pk == "bad":
            raise TimeoutError

    app = Dispatcher(routes, completed=completed)
    stream = Stream(app, start=START, maximum_retry_attempts=0, function_response_types=REPORT)
    stream.put(Order(pk="bad"))
    stream.run()
    assert len(completed) == 1
    stream.advance(25 * 3600).put(Order(pk="a"))
    stream.run()
    assert len(completed) == 0


def test_the_clock_ends_with_the_invocation() -> None:
    """A handler sees the virtual time, the test around it the present."""
    times: list[datetime] = []

    def handler(event: Any, context: Any) -> None:
        times.append(now())

    stream = Stream(handler, start=START)
    stream.put(Order(pk="a"))
    stream.run()
    assert times == [START]
    assert now() > START + timedelta(days=365)


def test_a_throttled_service_does_not_slow_a_test_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between tries are a hundredth of those on AWS."""
    paused: list[float] = []
    monkeypatch.setattr("time.sleep", paused.append)
    events, routes = MemoryEvents(), Routes()
    events.refuse("ThrottlingException", times=29)
    bus = EventBridge("shop", source="shop", client=events)

    @routes.on_insert(Order)
    def place(change: Insert[Order]) -> None:
        bus.publish(change, "OrderPlaced", change.new)

    stream = Stream(Dispatcher(routes))
    stream.put(Order(pk="a"))
    stream.run()
    assert (len(paused), len(events.published)) == (29, 1)
    assert sum(paused) < 1
