"""However records are delivered, a listener that recognises IDs has seen what one delivery in order publishes.

A mapping delivers batches of a shard from its checkpoint on, to containers that crash before a request, after it, or so
that it is made when they are gone; responses are lost; the service refuses entries for a while, or for good. Lanes run
beside each other in a container, and requests in its threads.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router import Change, Dispatcher, MemoryParking, Routes
from router.effects import EventBridge, FirehoseStream, KinesisStream, MemoryEvents, Published, SnsTopic, SqsQueue
from router.effects.publisher import Publisher
from tests.builders import Order, batch, modify
from tests.examples import examples

Write = tuple[str, int]
PUBLISHERS: dict[str, Callable[[Any], Publisher]] = {
    "EventBridge": lambda client: EventBridge("shop", source="shop", client=client),
    "SQS FIFO": lambda client: SqsQueue("https://sqs/1/orders.fifo", client=client),
    "SNS FIFO": lambda client: SnsTopic("arn:aws:sns:eu-west-1:1:orders.fifo", client=client),
    "Kinesis": lambda client: KinesisStream("orders", client=client),
    "Firehose": lambda client: FirehoseStream("orders", client=client),
}
MOST_FAULTS = 12


class Crash(BaseException):
    """The container is gone."""


class Service(MemoryEvents):
    """A service that outlives containers, and refuses entries as the schedule has it.

    Args:
        random: Chooses.
    """

    def __init__(self, random: Random) -> None:
        super().__init__()
        self.random = random
        self.faults = self.handlers_failed = 0
        self.late: list[Callable[[], Any]] = []
        self._streaks: dict[str, int] = {}
        self.refuse("InvalidParameterValue", never_accepted)
        self.refuse("ThrottlingException", self._throttled)

    def _throttled(self, event: Published) -> bool:
        left = self._streaks.setdefault(event.id, self.random.choice([0, 0, 0, 0, 1, 3, 9, 30]))
        self._streaks[event.id] = left - 1
        return left > 0

    def fault(self) -> str:
        """What happens to a request."""
        if self.faults >= MOST_FAULTS or self.random.random() < 0.8:
            return ""
        self.faults += 1
        return self.random.choice(["before", "after", "late"])

    def fails_a_handler(self) -> bool:
        """Whether a handler fails."""
        fails = self.handlers_failed < MOST_FAULTS and self.random.random() < 0.05
        self.handlers_failed += fails
        return fails


def never_accepted(event: Published) -> bool:
    """Whether the service refuses an event for good."""
    return event.name == "Changed" and event.detail["total"] == 13


class Container:
    """The client of one container, in which no request is made after a crash."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._is_gone = False

    def __getattr__(self, operation: str) -> Any:
        def request(**parameters: Any) -> Any:
            with self._lock:
                if self._is_gone:
                    raise Crash
                how = self._service.fault()
                self._is_gone = bool(how)
                if how == "late":
                    self._service.late.append(lambda: getattr(self._service, operation)(**parameters))
                answer = None if how in ("before", "late") else getattr(self._service, operation)(**parameters)
                if how:
                    raise Crash
                return answer

        return request


def app_of(publisher: Publisher, concurrency: int, fails: Callable[[], bool] = lambda: False) -> Dispatcher:
    """Three routes that publish.

    Args:
        publisher: The publisher.
        concurrency: How many lanes run beside each other.
        fails: Whether a call of a handler fails, after it has published what must never be seen.
    """
    routes = Routes()

    @routes.on(Order)
    def changed(change: Change[Order]) -> None:
        if fails():
            publisher.publish(change, "Unsettled", {"total": change.image.total})
            raise TimeoutError
        publisher.publish(change, "Changed", {"total": change.image.total})

    @routes.on(Order)
    async def parts(change: Change[Order]) -> None:
        for part in range(change.image.total % 3):
            publisher.publish(change, "Part", {"total": change.image.total}, part=str(part))

    @routes.on_batch(Order)
    def batched(changes: Sequence[Change[Order]]) -> None:
        for change in changes:
            publisher.publish(change, "Batched", {"total": change.image.total})

    return Dispatcher(routes, concurrency=concurrency, parking=MemoryParking())


def deliver(kind: str, writes: Sequence[Write], seed: int) -> Service:
    """Deliver the records of writes as a mapping does; return the service with what it has accepted."""
    random = Random(seed)  # noqa: S311 - a schedule that can be repeated
    service, records = Service(random), records_of(writes)
    concurrency, position, lost = random.choice([1, 1, 4]), 0, 0

    def started() -> Dispatcher:
        return app_of(PUBLISHERS[kind](Container(service)), concurrency, service.fails_a_handler)

    app = started()
    while position < len(records):
        delivered = records[position : position + random.randint(1, 12)]
        if service.late and random.random() < 0.5:
            service.late.pop(0)()
        try:
            failures = app(batch(*delivered))["batchItemFailures"]
        except Crash:
            app = started()
            continue
        if lost < MOST_FAULTS and random.random() < 0.2:  # the response is
            lost += 1
            app = app if random.random() < 0.5 else started()
            continue
        numbers = [record["dynamodb"]["SequenceNumber"] for record in delivered]
        position += numbers.index(failures[0]["itemIdentifier"]) if failures else len(delivered)
    for late in service.late:
        late()
    return service


def records_of(writes: Sequence[Write]) -> list[dict[str, Any]]:
    return [modify(100 + number, item, total=total) for number, (item, total) in enumerate(writes)]


class Seen(NamedTuple):
    """Where the order of events is kept: of an item, by the name of the event."""

    group: str | None
    name: str


def seen_by_listener(published: Sequence[Published]) -> dict[Seen, list[str]]:
    """The IDs by group and name, in the order in which a listener that recognises IDs sees them."""
    found: defaultdict[Seen, dict[str, None]] = defaultdict(dict)
    for event in published:
        found[Seen(event.group, event.name)][event.id] = None
    return {where: [*ids] for where, ids in found.items()}


def check(kind: str, writes: Sequence[Write], seed: int) -> None:
    service, once = deliver(kind, writes, seed), MemoryEvents()
    once.refuse("InvalidParameterValue", never_accepted)
    app = app_of(PUBLISHERS[kind](once), 1)
    for record in records_of(writes):
        assert app(batch(record)) == {"batchItemFailures": []}
    found, expected = (seen_by_listener(events.published) for events in (service, once))
    if PUBLISHERS[kind](None).in_order:
        assert found == expected
    assert {where: sorted(ids) for where, ids in found.items()} == {
        where: sorted(ids) for where, ids in expected.items()
    }


@contextmanager
def without_pauses() -> Iterator[None]:
    """Tries of a request follow each other at once."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(time, "sleep", lambda _: None)
        yield


@pytest.fixture(scope="module", autouse=True)
def no_pauses() -> Iterator[None]:
    with without_pauses():
        yield


WRITES = st.lists(st.tuples(st.sampled_from("xyz"), st.integers(0, 15)), max_size=40)


@pytest.mark.parametrize("kind", PUBLISHERS)
def test_every_schedule_publishes_as_one_delivery(kind: str) -> None:
    """Each event once for a listener that recognises IDs, and in the order of its item where the service keeps one."""

    @given(writes=WRITES, seed=st.integers(0, 2**32))
    @settings(max_examples=examples(40))
    def schedule(writes: list[Write], seed: int) -> None:
        check(kind, writes, seed)

    schedule()


def test_the_schedules_find_a_publisher_that_does_not_keep_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two entries of an item in one request, of which the first is refused."""
    monkeypatch.setattr(KinesisStream, "in_order", False)
    expected = PUBLISHERS["Kinesis"](None)
    assert not expected.in_order
    writes = [("x", number % 12) for number in range(40)]
    assert any(is_out_of_order(deliver("Kinesis", writes, seed)) for seed in range(20))


def is_out_of_order(service: Service) -> bool:
    return any(ids != sorted(ids) for ids in seen_by_listener(service.published).values())
