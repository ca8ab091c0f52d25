"""Publishers on the services of ministack: what they publish arrives, and what is refused fails its record alone."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import Any

import pytest

from router import Change, Dispatcher, Routes
from router.effects import EventBridge, FirehoseStream, KinesisStream, SnsTopic, SqsQueue
from router.effects.publisher import Publisher
from tests.builders import SUCCESS, Order, batch, insert, modify, statuses
from tests.ministack import Ministack

_numbers = itertools.count(1)
FIFO = {"FifoQueue": "true"}
TOPIC = "arn:aws:sns:us-east-1:000000000000:none"
EVENT = batch(*(modify(100 + number, f"key-{number % 3}", total=number) for number in range(25)))
TOTALS = [[*range(first, 25, 3)] for first in range(3)]
"""The totals of each item, in their order."""


def app_of(publisher: Publisher) -> Dispatcher:
    routes = Routes()

    @routes.on(Order)
    def changed(change: Change[Order]) -> None:
        publisher.publish(change, "OrderChanged", {"total": change.image.total, "status": change.image.status})

    return Dispatcher(routes)


def received(sqs: Any, url: str) -> list[dict[str, Any]]:
    """The messages of a queue, in the order in which it hands them out."""
    messages: list[dict[str, Any]] = []
    while found := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"]
    ).get("Messages"):
        messages += found
        for message in found:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return messages


def by_item(documents: list[Mapping[str, Any]]) -> list[list[int]]:
    """The totals of each item, in the order of the documents."""
    totals = [document["detail"]["total"] for document in documents]
    return [[total for total in totals if total % 3 == first] for first in range(3)]


@pytest.fixture
def queue(ministack: Ministack) -> str:
    name = f"orders{next(_numbers)}.fifo"
    return str(ministack.client("sqs").create_queue(QueueName=name, Attributes=FIFO)["QueueUrl"])


def arn_of(sqs: Any, url: str) -> str:
    return str(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])


def test_a_fifo_queue_has_each_event_once(ministack: Ministack, queue: str) -> None:
    """Though the records come twice, to two containers; in the order of each item."""
    sqs = ministack.client("sqs")
    for _ in range(2):
        assert app_of(SqsQueue(queue, client=sqs))(EVENT) == SUCCESS
    messages = received(sqs, queue)
    assert by_item([json.loads(message["Body"]) for message in messages]) == TOTALS
    assert len({message["Attributes"]["MessageGroupId"] for message in messages}) == 3
    assert {message["MessageAttributes"]["name"]["StringValue"] for message in messages} == {"OrderChanged"}


def test_a_message_that_sqs_refuses_fails_its_record_alone(ministack: Ministack) -> None:
    """It has a character that XML cannot hold."""
    sqs = ministack.client("sqs")
    url = str(sqs.create_queue(QueueName=f"orders{next(_numbers)}")["QueueUrl"])
    records = [insert(100, "a"), insert(101, "b", status="\uffff"), insert(102, "c")]
    report = app_of(SqsQueue(url, client=sqs)).dispatch(batch(*records))
    assert statuses(report) == ["done", "failed", "done"]
    assert "SQS refused an entry with InvalidMessageContents" in str([outcome.error for outcome in report])
    assert sorted(json.loads(message["Body"])["id"] for message in received(sqs, url)) == [
        "e100/OrderChanged",
        "e102/OrderChanged",
    ]


def test_a_topic_delivers_each_event_once(ministack: Ministack, queue: str) -> None:
    """A FIFO topic, to a FIFO queue."""
    sqs, sns = ministack.client("sqs"), ministack.client("sns")
    name = f"orders{next(_numbers)}.fifo"
    topic = sns.create_topic(Name=name, Attributes={"FifoTopic": "true"})["TopicArn"]
    raw = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn_of(sqs, queue), Attributes=raw)
    for _ in range(2):
        assert app_of(SnsTopic(topic, client=sns))(EVENT) == SUCCESS
    assert by_item([json.loads(message["Body"]) for message in received(sqs, queue)]) == TOTALS


def test_a_rule_matches_the_details_of_an_event(ministack: Ministack) -> None:
    """EventBridge sends it to a queue, with the ID in the detail."""
    sqs, events = ministack.client("sqs"), ministack.client("events")
    bus, url = f"shop{next(_numbers)}", str(sqs.create_queue(QueueName=f"orders{next(_numbers)}")["QueueUrl"])
    events.create_event_bus(Name=bus)
    pattern = {"source": ["shop"], "detail-type": ["OrderChanged"], "detail": {"total": [{"numeric": ["<", 15]}]}}
    events.put_rule(Name="small", EventBusName=bus, EventPattern=json.dumps(pattern))
    events.put_targets(Rule="small", EventBusName=bus, Targets=[{"Id": "1", "Arn": arn_of(sqs, url)}])
    assert app_of(EventBridge(bus, source="shop", client=events))(EVENT) == SUCCESS
    found = [json.loads(message["Body"])["detail"] for message in received(sqs, url)]
    assert sorted((each["total"], each["routerEventId"]) for each in found) == [
        (total, f"e{100 + total}/OrderChanged") for total in range(15)
    ]


def test_a_source_that_the_bus_refuses_fails_the_records(ministack: Ministack) -> None:
    """Only AWS may use it: each entry is refused for good, in a response that says success."""
    bus = EventBridge("default", source="aws.shop", client=ministack.client("events"))
    report = app_of(bus).dispatch(batch(insert(100)))
    assert [str(outcome.error) for outcome in report] == [
        "EventBridge refused an entry with NotAuthorizedForSourceException, which no retry can help"
    ]


def test_a_data_stream_has_the_events_of_an_item_in_order(ministack: Ministack) -> None:
    """In one shard, because they have one partition key."""
    kinesis, name = ministack.client("kinesis"), f"orders{next(_numbers)}"
    kinesis.create_stream(StreamName=name, ShardCount=2)
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})
    assert app_of(KinesisStream(name, client=kinesis))(EVENT) == SUCCESS
    documents: list[Mapping[str, Any]] = []
    for shard in kinesis.list_shards(StreamName=name)["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )
        records = kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
        documents += [json.loads(record["Data"]) for record in records]
    assert by_item(documents) == TOTALS


def test_firehose_writes_a_line_for_each_event(ministack: Ministack) -> None:
    """Into objects of S3."""
    s3, firehose, name = ministack.client("s3"), ministack.client("firehose"), f"orders{next(_numbers)}"
    s3.create_bucket(Bucket=name)
    destination = {"RoleARN": "arn:aws:iam::000000000000:role/firehose", "BucketARN": f"arn:aws:s3:::{name}"}
    firehose.create_delivery_stream(DeliveryStreamName=name, ExtendedS3DestinationConfiguration=destination)
    assert app_of(FirehoseStream(name, client=firehose))(EVENT) == SUCCESS
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=name)["Contents"]]
    lines = [line for key in keys for line in s3.get_object(Bucket=name, Key=key)["Body"].read().splitlines()]
    assert sorted(json.loads(line)["detail"]["total"] for line in lines) == [*range(25)]


def test_a_missing_destination_is_a_permanent_error(ministack: Ministack, queue: str) -> None:
    """As each service says it, with one request for all records."""
    of = ministack.client
    for publisher, reason in [
        (SqsQueue(f"{queue}x", client=of("sqs")), "SQS refused SendMessageBatch with NonExistentQueue"),
        (SnsTopic(f"{TOPIC}x", client=of("sns")), "SNS refused PublishBatch with NotFound"),
        (KinesisStream("none", client=of("kinesis")), "Kinesis refused PutRecords with ResourceNotFoundException"),
        (
            FirehoseStream("none", client=of("firehose")),
            "Firehose refused PutRecordBatch with ResourceNotFoundException",
        ),
    ]:
        report = app_of(publisher).dispatch(batch(insert(1), insert(2, "b")))
        assert [str(outcome.error) for outcome in report] == [f"{reason}, which no retry can help"] * 2
