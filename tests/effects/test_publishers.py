"""Publishers: what a service is given, what its answers become, and what is refused before."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Annotated, Any

import boto3
import pytest
from botocore.stub import Stubber
from pydantic import BaseModel

from router import (
    Change,
    Depends,
    Dispatcher,
    Event,
    Insert,
    MemoryParking,
    Record,
    Reject,
    RouterError,
    Routes,
    Window,
)
from router.effects import (
    EventBridge,
    FirehoseStream,
    KinesisStream,
    MemoryEvents,
    RefusedEntryError,
    SnsTopic,
    SqsQueue,
)
from router.effects.publisher import Publisher
from tests.builders import SUCCESS, Order, batch, failures, insert, inserts, statuses

QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:orders"
PUBLISHERS: dict[str, Callable[[Any], Publisher]] = {
    "EventBridge": lambda client: EventBridge("shop", source="shop", client=client),
    "SQS": lambda client: SqsQueue(QUEUE, client=client),
    "SQS FIFO": lambda client: SqsQueue(f"{QUEUE}.fifo", client=client),
    "SNS": lambda client: SnsTopic(TOPIC, client=client),
    "SNS FIFO": lambda client: SnsTopic(f"{TOPIC}.fifo", client=client),
    "Kinesis": lambda client: KinesisStream("orders", client=client),
    "Firehose": lambda client: FirehoseStream("orders", client=client),
}
IN_ORDER = ["SQS FIFO", "SNS FIFO", "Kinesis"]
AT = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
BODY = {"Keys": {"pk": {"S": "ORDER#1"}}, "ApproximateCreationDateTime": AT.timestamp()}
CHANGE: Insert[Any] = Insert({"pk": "ORDER#1"}, Record({"eventID": "e1"}, BODY, Event.INSERT))
DOCUMENT = '{"id":"e1/OrderPlaced","name":"OrderPlaced","time":"2026-01-15T09:30:00Z","detail":{"order_id":"1"}}'


@pytest.fixture(params=PUBLISHERS)
def make(request: pytest.FixtureRequest) -> Callable[[Any], Publisher]:
    """Makes a publisher with a client."""
    return PUBLISHERS[request.param]


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries, which take no time."""
    taken: list[float] = []
    monkeypatch.setattr(time, "sleep", taken.append)
    return taken


def app_of(publisher: Publisher, *, is_async: bool = False, **options: Any) -> Dispatcher:
    routes = Routes()

    def get_publisher() -> Publisher:
        return publisher

    def placed(change: Change[Order], bus: Annotated[Publisher, Depends(get_publisher, scope="cold_start")]) -> None:
        bus.publish(change, "OrderPlaced", {"total": change.image.total})

    async def placed_async(
        change: Change[Order], bus: Annotated[Publisher, Depends(get_publisher, scope="cold_start")]
    ) -> None:
        await asyncio.sleep(0)
        placed(change, bus)

    routes.on(Order)(placed_async if is_async else placed)
    return Dispatcher(routes, **options)


# ------------------------------------------------------------------------------------------------------- in memory


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("is_async", [False, True])
def test_the_events_of_an_invocation_are_published(
    make: Callable[[Any], Publisher], is_async: bool, concurrency: int
) -> None:
    """In full requests, with an ID of their record each."""
    events = MemoryEvents()
    publisher = make(events)
    app = app_of(publisher, is_async=is_async, concurrency=concurrency)
    assert app(batch(*(insert(number, f"key-{number}", total=number) for number in range(100, 140)))) == SUCCESS
    assert {event.id: event.detail for event in events.published} == {
        f"e{number}/OrderPlaced": {"total": number} for number in range(100, 140)
    }
    assert len(events.requests) == -(-40 // publisher.most_entries)


def test_a_second_delivery_has_the_same_ids(make: Callable[[Any], Publisher]) -> None:
    """In another container; a listener that recognises IDs sees each event once."""
    events = MemoryEvents()
    for _ in range(2):
        assert app_of(make(events))(inserts(100, 101)) == SUCCESS
    assert (len(events.published), [*events.once]) == (4, ["e100/OrderPlaced", "e101/OrderPlaced"])
    assert events.published[:2] == events.published[2:]


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalFailure", "ServiceUnavailable"])
def test_an_entry_is_published_again_if_that_can_help(
    make: Callable[[Any], Publisher], code: str, pauses: list[float]
) -> None:
    """The others of its request are not."""
    events = MemoryEvents()
    events.refuse(code, lambda event: event.id.startswith("e101"), times=2)
    assert app_of(make(events))(inserts(100, 101, 102)) == SUCCESS
    assert sorted(event.id[:4] for event in events.published) == ["e100", "e101", "e102"]
    assert (len(events.requests), len(pauses)) == (3, 2)


def test_an_entry_that_the_service_never_accepts_is_parked(make: Callable[[Any], Publisher]) -> None:
    """With the code as the reason, and without what is in it."""
    events, parking = MemoryEvents(), MemoryParking()
    events.refuse("InvalidParameterValue", lambda event: event.id.startswith("e101"))
    report = app_of(make(events), parking=parking).dispatch(inserts(100, 101, 102))
    assert (statuses(report), report.response) == (["done", "parked", "done"], SUCCESS)
    assert "refused an entry with InvalidParameterValue, which no retry can help" in (parking.parked[0].reason or "")
    assert len(events.requests) == 1


def test_an_entry_that_is_refused_for_too_long_fails_its_record(make: Callable[[Any], Publisher]) -> None:
    """It comes again, and no other."""
    events = MemoryEvents()
    events.refuse("ThrottlingException", lambda event: event.id.startswith("e101"))
    report = app_of(make(events)).dispatch(inserts(100, 101, 102))
    assert (statuses(report), report.response) == (["done", "failed", "done"], failures(101))
    (error,) = (outcome.error for outcome in report if outcome.error)
    assert isinstance(error, RefusedEntryError)
    assert str(error).endswith("refused an entry with ThrottlingException")


def test_the_events_of_an_item_are_in_their_order(make: Callable[[Any], Publisher]) -> None:
    """Also where one of them is refused at first, and lanes run beside each other."""
    events = MemoryEvents()
    publisher = make(events)
    events.refuse("ThrottlingException", lambda event: event.detail["total"] % 3 == 0, times=5)
    records = [insert(number, f"key-{number % 3}", total=number) for number in range(100, 140)]
    assert app_of(publisher, concurrency=4)(batch(*records)) == SUCCESS
    if publisher.in_order:
        for rest in range(3):
            totals = [event.detail["total"] for event in events.published if event.detail["total"] % 3 == rest]
            assert totals == sorted(totals)
    assert len(events.published) == 40


def test_publishers_of_one_destination_share_requests() -> None:
    """Also those that are made anew for each record, as the default scope of a dependency does."""
    events, routes = MemoryEvents(), Routes()

    def get_bus() -> EventBridge:
        return EventBridge("shop", source="shop", client=events)

    @routes.on(Order)
    def placed(change: Change[Order], bus: Annotated[EventBridge, Depends(get_bus)]) -> None:
        bus.publish(change, "OrderPlaced", {})

    assert Dispatcher(routes)(inserts(*range(100, 120))) == SUCCESS
    assert events.requests == ["put_events"] * 2


def test_publishers_with_a_client_for_each_record_keep_the_order() -> None:
    """They share no requests, which could be of other accounts."""
    events, routes = MemoryEvents(), Routes()

    class Account(MemoryEvents):
        def send_message_batch(self, **request: Any) -> dict[str, Any]:
            return events.send_message_batch(**request)

    def get_queue() -> SqsQueue:
        return SqsQueue(f"{QUEUE}.fifo", client=Account())

    @routes.on(Order)
    def placed(change: Change[Order], queue: Annotated[SqsQueue, Depends(get_queue)]) -> None:
        for part in range(3):
            queue.publish(change, "Part", {"total": change.image.total}, part=str(part))

    records = [insert(number, f"key-{number % 3}", total=number) for number in range(100, 130)]
    assert Dispatcher(routes, concurrency=4)(batch(*records)) == SUCCESS
    assert len(events.published) == 90
    for rest in range(3):
        ids = [event.id for event in events.published if event.detail["total"] % 3 == rest]
        assert ids == sorted(ids)


def test_two_events_of_one_name_need_a_part_each() -> None:
    """One of them would be lost at a listener that recognises IDs. Publishing the same one again is no second one."""
    events, routes = MemoryEvents(), Routes()
    bus = EventBridge("shop", source="shop", client=events)

    @routes.on(Order)
    def lines(change: Change[Order]) -> None:
        for line in range(2):
            bus.publish(change, "LineAdded", {"line": line}, part=str(line))
            bus.publish(change, "LineAdded", {"line": line}, part=str(line))

    @routes.on(Order)
    def wrong(change: Change[Order]) -> None:
        for line in range(2):
            bus.publish(change, "LineAdded", {"line": line})

    report = Dispatcher(routes).dispatch(inserts(100))
    assert statuses(report) == ["done", "failed"]
    assert [event.id for event in events.published] == ["e100/LineAdded/0", "e100/LineAdded/1"]


@pytest.mark.parametrize(("kind", "largest"), [("EventBridge", 1_048_575), ("SQS", 1_048_576), ("SNS", 262_144),
                                               ("Kinesis", 1_048_576), ("Firehose", 1_024_000)])  # fmt: skip
def test_an_event_that_is_too_large_is_rejected_before_it_is_sent(kind: str, largest: int) -> None:
    """Its request would be refused as a whole. One that fits is sent."""
    events = MemoryEvents()
    publisher = PUBLISHERS[kind](events)
    publisher.publish(CHANGE, "OrderPlaced", {"text": "x" * (largest - 300)})
    with pytest.raises(Reject, match=f"expected at most {largest:,}$"):
        publisher.publish(CHANGE, "OrderPlaced", {"text": "é" * (largest // 2)})
    assert len(events.published) == 1


class Placed(BaseModel):
    order_id: str
    total: Decimal


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ({}, {}),
        ({"total": Decimal("12.95"), "at": AT}, {"total": "12.95", "at": "2026-01-15T09:30:00Z"}),
        (Placed(order_id="1", total=Decimal("12.95")), {"order_id": "1", "total": "12.95"}),
        (' { "order_id" : "1" } ', {"order_id": "1"}),
        ("{ }", {}),
    ],
)
def test_a_detail_is_a_dict_a_model_or_json(
    make: Callable[[Any], Publisher], detail: Any, expected: dict[str, Any]
) -> None:
    """Written as pydantic writes JSON."""
    events = MemoryEvents()
    make(events).publish(CHANGE, "OrderPlaced", detail)
    assert [(event.id, event.detail) for event in events.published] == [("e1/OrderPlaced", expected)]


@pytest.mark.parametrize(
    "detail", ["[1]", "{", "", '{"a": NaN}', '{"a": "\ud800"}', [1], {"secret": object()}, {"a": "\ud800"}, None]
)
def test_another_detail_is_rejected(detail: Any) -> None:
    """The message names the type, not the value."""
    with pytest.raises(Reject, match="expected a dict, a model, or the text of a JSON object") as raised:
        EventBridge("shop", source="shop", client=MemoryEvents()).publish(CHANGE, "OrderPlaced", detail)
    assert "secret" not in str(raised.value)


def test_a_record_without_an_event_id_is_rejected() -> None:
    """Nothing identifies its second delivery."""
    change: Insert[Any] = Insert({}, Record({}, BODY, Event.INSERT))
    with pytest.raises(Reject, match="without an eventID"):
        EventBridge("shop", source="shop", client=MemoryEvents()).publish(change, "OrderPlaced", {})


class Totals(BaseModel):
    count: int = 0


def window_app(events: MemoryEvents, *, always: bool = False) -> Dispatcher:
    """An app that publishes a total when a window ends."""
    routes = Routes()
    bus = EventBridge("shop", source="shop", client=events)

    @routes.on_window(Order, state=Totals)
    def total(window: Window[Order, Totals]) -> None:
        window.state.count += len(window.changes)
        if window.is_final or always:
            bus.publish(window, "Total", {"count": window.state.count})

    return Dispatcher(routes)


WINDOW = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:05:00Z"}


def in_window(*numbers: int, state: Any, **fields: Any) -> dict[str, Any]:
    return {**inserts(*numbers), "window": WINDOW, "state": state, "shardId": "shard-1", **fields}


def test_a_window_publishes_when_it_ends() -> None:
    """With an ID of its shard and its start: a final invocation that comes again has the same one."""
    events = MemoryEvents()
    app = window_app(events)
    state = app(in_window(100, 101, state={}))["state"]
    assert events.published == []
    for _ in range(2):
        app(in_window(state=state, isFinalInvokeForWindow=True))
    assert [event.detail for event in events.published] == [{"count": 2}] * 2
    assert [*events.once] == ["shard-1/2026-01-01T00:00:00+00:00/Total"]


def test_an_event_of_a_window_that_is_refused_fails_its_invocation() -> None:
    """Lambda makes the final one again."""
    events = MemoryEvents()
    events.refuse("MalformedDetail")
    with pytest.raises(RouterError, match="final invocation of the window"):
        window_app(events)(in_window(state={}, isFinalInvokeForWindow=True))


def test_a_window_that_has_not_ended_publishes_nothing() -> None:
    """Each of its invocations would publish under the same ID."""
    report = window_app(MemoryEvents(), always=True).dispatch(in_window(100, state={}))
    assert "found a window that has not ended" in str([outcome.error for outcome in report])


def test_groups_show_no_value_of_the_item() -> None:
    """They are digests of its key, and equal for two changes of one item."""
    events = MemoryEvents()
    assert app_of(PUBLISHERS["Kinesis"](events))(batch(insert(1, "a"), insert(2, "b"), insert(3, "a"))) == SUCCESS
    groups = {event.id: event.group for event in events.published}
    assert groups["e1/OrderPlaced"] == groups["e3/OrderPlaced"] != groups["e2/OrderPlaced"]
    assert all(len(group or "") == 64 for group in groups.values())


# ------------------------------------------------------------------------------------ requests as botocore knows them


def stubbed(service: str) -> Stubber:
    session = boto3.session.Session("key", "secret", region_name="eu-west-1")
    return Stubber(session.client(service))


@pytest.mark.parametrize(
    ("service", "kind", "method", "parameters", "refused"),
    [
        (
            "events", "EventBridge", "put_events",
            lambda group, digest: {"Entries": [{
                "EventBusName": "shop", "Source": "shop", "DetailType": "OrderPlaced", "Time": AT,
                "Detail": '{"routerEventId":"e1/OrderPlaced","order_id":"1"}',
            }]},
            {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "MalformedDetail", "ErrorMessage": "wrong"}]},
        ),
        (
            "sqs", "SQS FIFO", "send_message_batch",
            lambda group, digest: {"QueueUrl": f"{QUEUE}.fifo", "Entries": [{
                "Id": "0", "MessageBody": DOCUMENT, "MessageGroupId": group, "MessageDeduplicationId": digest,
                "MessageAttributes": {"name": {"DataType": "String", "StringValue": "OrderPlaced"}},
            }]},
            {"Successful": [], "Failed": [{"Id": "0", "Code": "InvalidMessageContents", "SenderFault": True}]},
        ),
        (
            "sns", "SNS", "publish_batch",
            lambda group, digest: {"TopicArn": TOPIC, "PublishBatchRequestEntries": [{
                "Id": "0", "Message": DOCUMENT,
                "MessageAttributes": {"name": {"DataType": "String", "StringValue": "OrderPlaced"}},
            }]},
            {"Successful": [], "Failed": [{"Id": "0", "Code": "NewCode", "SenderFault": True}]},
        ),
        (
            "kinesis", "Kinesis", "put_records",
            lambda group, digest: {
                "StreamName": "orders", "Records": [{"Data": DOCUMENT.encode(), "PartitionKey": group}],
            },
            {"FailedRecordCount": 1, "Records": [{"ErrorCode": "ValidationException", "ErrorMessage": "wrong"}]},
        ),
        (
            "firehose", "Firehose", "put_record_batch",
            lambda group, digest: {
                "DeliveryStreamName": "orders", "Records": [{"Data": f"{DOCUMENT}\n".encode()}],
            },
            {"FailedPutCount": 1, "RequestResponses": [{"ErrorCode": "InvalidArgumentException"}]},
        ),
    ],
)  # fmt: skip
def test_a_request_is_as_the_service_documents_it(
    service: str, kind: str, method: str, parameters: Callable[[str, str], dict[str, Any]], refused: dict[str, Any]
) -> None:
    """botocore checks its parameters and its answer, here of an entry that is refused for good."""
    group, digest = (sha256(text.encode()).hexdigest() for text in (repr(CHANGE.record.lane), "e1/OrderPlaced"))
    with stubbed(service) as stub:
        stub.add_response(method, refused, parameters(group, digest))
        with pytest.raises(Reject, match=r"refused an entry with \w+, which no retry can help$"):
            PUBLISHERS[kind](stub.client).publish(CHANGE, "OrderPlaced", {"order_id": "1"})
        stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("service", "kind", "method", "code"),
    [
        ("events", "EventBridge", "put_events", "AccessDeniedException"),
        ("sqs", "SQS", "send_message_batch", "AWS.SimpleQueueService.NonExistentQueue"),
        ("sns", "SNS", "publish_batch", "NotFound"),
        ("kinesis", "Kinesis", "put_records", "ResourceNotFoundException"),
        ("firehose", "Firehose", "put_record_batch", "ResourceNotFoundException"),
    ],
)
def test_a_missing_destination_rejects_all_entries_with_one_request(
    service: str, kind: str, method: str, code: str
) -> None:
    """To send them in parts would not help."""
    with stubbed(service) as stub:
        stub.add_client_error(method, code)
        report = app_of(PUBLISHERS[kind](stub.client)).dispatch(inserts(100, 101, 102))
        assert statuses(report) == ["failed"] * 3
        assert {type(outcome.error).__mro__[1] for outcome in report} == {Reject}
        stub.assert_no_pending_responses()


def test_an_entry_without_an_answer_is_sent_again() -> None:
    """SQS may have lost it."""
    answers: list[dict[str, Any]] = [{"Successful": []}, {"Successful": [{"Id": "0"}]}]

    class Client:
        def send_message_batch(self, **_: Any) -> dict[str, Any]:
            return answers.pop(0)

    PUBLISHERS["SQS"](Client()).publish(CHANGE, "OrderPlaced", {})
    assert answers == []


def test_an_answer_for_another_number_of_entries_fails_all() -> None:
    """It is unknown which of them are published."""

    class Client:
        def put_events(self, **_: Any) -> dict[str, Any]:
            return {"FailedEntryCount": 0, "Entries": []}

    report = app_of(PUBLISHERS["EventBridge"](Client())).dispatch(inserts(100, 101))
    assert statuses(report) == ["failed"] * 2


def test_a_publisher_prints_its_destination() -> None:
    """As a reader of a message needs it."""
    assert repr(KinesisStream("orders")) == "KinesisStream('orders')"


def test_a_stream_may_be_given_by_its_arn() -> None:
    """Kinesis has a parameter of its own for it."""
    arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders"
    events = MemoryEvents()
    KinesisStream(arn, client=events).publish(CHANGE, "OrderPlaced", json.dumps({}))
    assert [event.destination for event in events.published] == [arn]
