"""A queue keeps each parked record as one message, with attributes to filter by."""

import asyncio
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from router import (
    Change,
    Dispatcher,
    MemoryParking,
    ParkingError,
    RegistrationError,
    Reject,
    Routes,
    S3Parking,
    SqsParking,
)
from tests.builders import SUCCESS, Handled, Json, batch, dispatcher, failures, insert, inserts, without
from tests.parking.parked import parked, parked_record
from tests.parking.test_s3 import Bucket


class Raw(io.BytesIO):
    """The body of a response, in the form that botocore reads."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


class Sqs:
    """A queue of ministack behind a real client: botocore validates and serialises the requests, without a network."""

    def __init__(self, name: str = "parked", **attributes: str) -> None:
        import boto3
        from ministack.services import sqs  # type: ignore[import-untyped]  # it has no types

        sqs.reset()
        self._service = sqs
        self.client: Any = boto3.client(
            "sqs", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        self.client.meta.events.register("before-send.sqs", self._answer)
        self.operations: list[str] = []
        self.client.meta.events.register("before-call.sqs", lambda model, **_: self.operations.append(model.name))
        self.url: str = self.client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        self.parking = SqsParking(self.url, client=self.client)

    def _answer(self, request: Any, **_: Any) -> Any:
        from botocore.awsrequest import AWSResponse

        names = {
            name.lower(): value.decode() if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        body = request.body if isinstance(request.body, bytes) else request.body.encode()
        status, headers, content = asyncio.run(self._service.handle_request("POST", "/", names, body, {}))
        return AWSResponse(
            request.url, status, headers, Raw(content if isinstance(content, bytes) else content.encode())
        )

    def messages(self) -> list[Json]:
        received = self.client.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"]
        )
        found: list[Json] = received.get("Messages", [])
        return found

    def attributes(self) -> list[dict[str, str]]:
        return [
            {name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()}
            for message in self.messages()
        ]


FIFO = {"FifoQueue": "true"}


@pytest.fixture
def sqs() -> Iterator[Sqs]:
    queue = Sqs()
    yield queue
    queue._service.reset()


@pytest.fixture
def fifo() -> Iterator[Sqs]:
    queue = Sqs("parked.fifo", **FIFO)
    yield queue
    queue._service.reset()


def test_message_contains_the_document(sqs: Sqs) -> None:
    """A message contains the document of the parked record."""
    sqs.parking.park(parked(status="Grüße \x00 \ufffe"))
    (message,) = sqs.messages()
    assert json.loads(message["Body"]) == parked(status="Grüße \x00 \ufffe").to_dict()


def test_attributes(sqs: Sqs) -> None:
    """The entity, the route and the stage are attributes of the message."""
    sqs.parking.park(parked())
    assert sqs.attributes() == [{"entity": "Order", "route": "handlers.orders.place", "stage": "handler"}]


def test_no_attributes_without_a_route(sqs: Sqs) -> None:
    """A record without a route has no attributes, because its entity is an unchecked value of the item."""
    dispatcher(Handled(), unrouted="park", parking=sqs.parking)(batch(insert(1, entity="s3cret")))
    (message,) = sqs.messages()
    assert ("MessageAttributes" in message, json.loads(message["Body"])["entity"]) == (False, "s3cret")


def test_no_entity_of_a_fallback(sqs: Sqs) -> None:
    """The message of a fallback's record has no entity as attribute, because it is an unchecked value of the item."""
    routes = Routes()

    @routes.fallback
    def handler(change: Change[dict[str, Any]]) -> None:
        raise Reject("never")

    Dispatcher(routes, parking=sqs.parking)(batch(insert(1, entity="s3cret")))
    (attributes,) = sqs.attributes()
    assert sorted(attributes) == ["route", "stage"]


@pytest.mark.parametrize("entity", ["", "a" * 257, "a\x00b", "\ud800"])
def test_entity_that_sqs_would_refuse(sqs: Sqs, entity: str) -> None:
    """An entity that SQS would refuse is left out, because the refused message would block the shard."""
    sqs.parking.park(parked_record(insert(), entity=entity))
    assert sqs.attributes() == [{"route": "handlers.orders.place", "stage": "handler"}]


def test_stream_moves_on(sqs: Sqs) -> None:
    """The response to an event with a parked record is a success."""
    app = dispatcher(Handled({2: Reject("never")}), parking=sqs.parking)
    assert app(inserts(1, 2, 3)) == SUCCESS
    assert [json.loads(message["Body"])["record"]["eventID"] for message in sqs.messages()] == ["e2"]


def test_record_too_big(sqs: Sqs) -> None:
    """A record that is too big for a message fails, so that Lambda delivers it again."""
    app = dispatcher(Handled({1: Reject("never")}), parking=sqs.parking)
    report = app.dispatch(batch(insert(1, status="x" * 1_048_576)))
    (outcome,) = report
    assert (report.response, outcome.stage, sqs.messages()) == (failures(1), "park", [])
    assert isinstance(outcome.error, ParkingError)
    assert str(outcome.error.__cause__).endswith("expected at most 1,048,576, as SQS takes no more")


def test_size_limit(sqs: Sqs) -> None:
    """The size limit is that of SQS, for the text and the attributes together."""
    empty = len(json.dumps(parked(status="").to_dict())) + len("entityStringOrder")
    empty += len("routeStringhandlers.orders.place") + len("stageStringhandler")
    sqs.parking.park(parked(status="x" * (1_048_576 - empty)))
    assert len(sqs.messages()) == 1
    with pytest.raises(ParkingError):
        sqs.parking.park(parked(status="x" * (1_048_577 - empty)))


def test_overflow(sqs: Sqs) -> None:
    """A record that is too big for a message goes to the bucket, and its message says where."""
    bucket = Bucket()
    bucket.stubber.add_response("put_object", {})
    place = SqsParking(sqs.url, overflow=S3Parking("shop", client=bucket.client), client=sqs.client)
    place.park(parked(status="x" * 1_048_576))
    place.park(parked(2))
    documents = [json.loads(message["Body"]) for message in sqs.messages()]
    ((key, whole),) = bucket.objects.items()
    pointer = {name: value for name, value in whole.items() if name != "record"}
    assert documents[0] == pointer | {"recordIn": {"bucket": "shop", "key": key.removeprefix("shop/")}}
    assert documents[1]["record"] == insert(2)


def test_overflow_of_a_queue_with_a_lower_limit() -> None:
    """A record that is too big for the queue, though not for SQS, goes to the bucket too; others of its call do not."""
    queue, bucket = Sqs(MaximumMessageSize="2048"), Bucket()
    bucket.stubber.add_response("put_object", {})
    place = SqsParking(queue.url, overflow=S3Parking("shop", client=bucket.client), client=queue.client)
    app = dispatcher(Handled(dict.fromkeys((1, 2, 3), Reject("never"))), parking=place)
    assert app(batch(insert(1, "a"), insert(2, "b", status="x" * 2_048), insert(3, "c"))) == SUCCESS
    documents = {json.loads(message["Body"])["id"]: json.loads(message["Body"]) for message in queue.messages()}
    assert (len(documents), len(bucket.objects)) == (3, 1)
    assert ["recordIn" in document for document in documents.values()].count(True) == 1


def test_queue_with_a_lower_limit() -> None:
    """Without a bucket, a record that is too big for the queue fails, and the others of its call are parked."""
    queue = Sqs(MaximumMessageSize="2048")
    app = dispatcher(Handled(dict.fromkeys((1, 2, 3), Reject("never"))), parking=queue.parking)
    event = batch(insert(1, "a"), insert(2, "b", status="x" * 2_048), insert(3, "c"))
    assert (app(event), len(queue.messages())) == (failures(2), 2)


def test_overflow_that_fails(sqs: Sqs) -> None:
    """Where the bucket refuses a record, the record fails, and no message points to it."""
    bucket = Bucket()
    bucket.stubber.add_client_error("put_object", "AccessDenied")
    place = SqsParking(sqs.url, overflow=S3Parking("shop", client=bucket.client), client=sqs.client)
    app = dispatcher(Handled({1: Reject("never")}), parking=place)
    assert (app(batch(insert(1, status="x" * 1_048_576))), sqs.messages()) == (failures(1), [])


@pytest.mark.parametrize("overflow", ["shop-parked", S3Parking, MemoryParking(), 1])
def test_overflow_that_is_no_bucket(overflow: Any) -> None:
    """The overflow is a bucket, because the sqs source has to find the record there."""
    with pytest.raises(RegistrationError, match=r"SqsParking\(overflow=\) found .*, expected a bucket"):
        SqsParking("https://sqs/1/parked", overflow=overflow)


@pytest.mark.parametrize("concurrency", [1, 8])
def test_poison_of_a_batch(sqs: Sqs, concurrency: int) -> None:
    """Of 1,000 records of which 200 are parked, each is one message, and ten go with each call."""
    del sqs.operations[:]
    app = dispatcher(
        Handled(dict.fromkeys(range(0, 1_000, 5), Reject("never"))), parking=sqs.parking, concurrency=concurrency
    )
    assert app(inserts(*range(1_000))) == SUCCESS
    assert sqs.operations == ["SendMessageBatch"] * 20
    found = [message for _ in range(20) for message in sqs.messages()]
    assert {json.loads(message["Body"])["record"]["eventID"] for message in found} == {
        f"e{number}" for number in range(0, 1_000, 5)
    }


def test_big_records_of_a_batch(sqs: Sqs) -> None:
    """Records that are too big together, and not alone, go with several calls."""
    del sqs.operations[:]
    app = dispatcher(Handled(dict.fromkeys(range(5), Reject("never"))), parking=sqs.parking)
    big = [insert(number, f"k{number}", status="x" * 400_000) for number in range(5)]
    assert (app(batch(*big)), sqs.operations) == (SUCCESS, ["SendMessageBatch", "SendMessageBatch", "SendMessage"])


def test_lanes(sqs: Sqs) -> None:
    """Records that many lanes park are each one message."""
    app = dispatcher(Handled(dict.fromkeys(range(10), Reject("never"))), parking=sqs.parking, concurrency=10)
    assert app(inserts(*range(10))) == SUCCESS
    found = [message for _ in range(10) for message in sqs.messages()]
    assert {json.loads(message["Body"])["record"]["eventID"] for message in found} == {f"e{n}" for n in range(10)}


def test_deleted_queue(sqs: Sqs) -> None:
    """An error of SQS makes the record fail."""
    sqs.client.delete_queue(QueueUrl=sqs.url)
    app = dispatcher(Handled({1: Reject("never")}), parking=sqs.parking)
    assert app(inserts(1)) == failures(1)


def test_fifo_group(fifo: Sqs) -> None:
    """In a FIFO queue the records of one item form a group, whose ID shows no key."""
    for number, key in enumerate(["s3cret", "b", "s3cret"]):
        fifo.parking.park(parked_record(insert(number, key)))
    groups = [message["Attributes"]["MessageGroupId"] for message in fifo.messages()]
    assert (len(groups), len(set(groups)), "s3cret" in str(groups)) == (3, 2, False)


def test_fifo_stores_a_record_once(fifo: Sqs) -> None:
    """In a FIFO queue a record that is parked twice is stored once."""
    fifo.parking.park(parked(1))
    fifo.parking.park(parked_record(insert(1), parked_at=datetime(2026, 1, 2, 3, 5, tzinfo=UTC)))
    fifo.parking.park(parked(2))
    assert len(fifo.messages()) == 2


def test_two_routes(fifo: Sqs) -> None:
    """A record that fails at two routes is two messages."""
    fifo.parking.park(parked(1))
    fifo.parking.park(parked_record(insert(1), route="handlers.orders.ship"))
    assert len(fifo.messages()) == 2


def test_records_without_event_id(fifo: Sqs) -> None:
    """Records without an event ID are all kept, even equal ones."""
    for _ in range(2):
        fifo.parking.park(parked_record(without(insert(1), "eventID", "SequenceNumber", "Keys")))
    assert len(fifo.messages()) == 2


def test_malformed_record(fifo: Sqs) -> None:
    """A record that is not a stream record can be parked."""
    fifo.parking.park(parked_record({"eventID": "e1", "dynamodb": None}))
    assert len(fifo.messages()) == 1


@pytest.mark.parametrize("url", ["parked", "arn:aws:sqs:eu-west-1:123456789012:parked", "", None, 5])
def test_no_url(url: Any) -> None:
    """A name or an ARN in place of the URL is an error."""
    with pytest.raises(RegistrationError, match=r"SqsParking\(\) found .*, expected a URL"):
        SqsParking(url)


def test_repr() -> None:
    """The repr shows the URL."""
    assert repr(SqsParking("https://sqs/1/parked")) == "SqsParking('https://sqs/1/parked')"
