"""Counts and times the calls of each effect beside the naive handler, and tries schedules.

Run ``python -m tests.effects.figures [SCHEDULES]``: DynamoDB Local has to be installed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from importlib import import_module
from random import Random
from typing import Any

from router import Change, Dispatcher, Remove, Routes
from router.effects import (
    Aggregate,
    Cascade,
    EventBridge,
    FirehoseStream,
    Index,
    KinesisStream,
    MemoryTables,
    Once,
    SnsTopic,
    SqsQueue,
    View,
)
from router.effects.attributes import to_attributes
from router.effects.publisher import Publisher
from router.local.engines.engine import open_engine
from tests.benchmarks.measuring import quiet
from tests.builders import Context, Order, batch, insert, remove
from tests.effects import test_aggregate, test_cascade, test_index, test_once, test_publish_schedules, test_view
from tests.effects.conftest import EngineTables
from tests.effects.schedules import Item, Tables, changes_of
from tests.effects.search_server import search_server
from tests.ministack import Ministack

RECORDS = 1_000
BATCH = 100
CHILDREN = 1_000

Handler = Callable[..., object]


def handlers_of(tables: Tables) -> dict[str, dict[str, tuple[str, Handler]]]:
    """For each effect: the decorator and the handler of the naive way and of the effect."""
    client, pages, markers = tables.client, tables.name("Pages"), tables.name("Markers")
    view, once = View(pages, client=client), Once(markers, client=client)
    totals: Aggregate[Order] = Aggregate(
        pages, "sums", by=lambda order: {"pk": "SUM", "sk": "1"}, count="count", markers=markers, client=client
    )
    cascade = Cascade(pages, client=client)
    add: dict[str, Any] = {"TableName": pages, "UpdateExpression": "ADD stock :one"}

    def key(change: Change[Order]) -> Item:
        return {"pk": change.image.pk, "sk": "1"}

    def put(change: Change[Order]) -> None:
        client.put_item(TableName=pages, Item=to_attributes({**key(change), "total": change.image.total}))

    def count(change: Change[Order]) -> None:
        one = to_attributes({":one": 1})
        client.update_item(Key=to_attributes({"pk": "SUM", "sk": "1"}), ExpressionAttributeValues=one, **add)

    def delete_each(change: Remove[Order]) -> None:
        items = client.query(
            TableName=pages,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=to_attributes({":pk": "A"}),
        )["Items"]
        for item in items:
            client.delete_item(TableName=pages, Key={name: item[name] for name in ("pk", "sk")})

    update = {"Update": {**add, "Key": {"pk": "SUM", "sk": "1"}, "ExpressionAttributeValues": {":one": 1}}}
    parent = {"pk": "A", "sk": "PROFILE"}
    return {
        "View.put": {
            "naive": ("on", put),
            "effect": ("on", lambda change: view.put(change, key(change), {"total": change.image.total})),
        },
        "Once.write": {"naive": ("on", count), "effect": ("on", lambda change: once.write(change, "stock", [update]))},
        "Aggregate.apply": {
            "naive": ("on", count),
            "effect": ("on", totals.apply),
            "effect in on_batch": ("on_batch", lambda changes: totals.apply(*changes)),
        },
        f"Cascade.delete of {CHILDREN:,} children": {
            "naive": ("on_remove", delete_each),
            "effect": ("on_remove", lambda change: cascade.delete({"pk": "A"}, parent=parent)),
            "effect without parent": ("on_remove", lambda change: cascade.delete({"pk": "A"}, parent=None)),
        },
    }


def app_of(decorator: str, handler: Handler) -> Dispatcher:
    routes = Routes()

    def one(change: Change[Order]) -> None:
        handler(change)

    def removed(change: Remove[Order]) -> None:
        handler(change)

    def several(changes: Sequence[Change[Order]]) -> None:
        handler(changes)

    getattr(routes, decorator)(Order)({"on": one, "on_remove": removed, "on_batch": several}[decorator])
    return Dispatcher(routes)


def print_calls() -> None:
    with open_engine("dynamodb-local") as engine:
        opened, requests = EngineTables(engine), list[str]()
        opened.client.meta.events.register("before-call.dynamodb", lambda model, **_: requests.append(model.name))
        names = [(effect, way) for effect, ways in handlers_of(Tables(opened)).items() for way in ways]
        for effect, way in names:
            tables = Tables(opened)
            decorator, handler = handlers_of(tables)[effect][way]
            app, children = app_of(decorator, handler), decorator == "on_remove"
            for number in range(CHILDREN if children else 0):
                tables.put("Pages", {"pk": "A", "sk": f"ORDER#{number:04}"})
            _print_calls(effect, way, app, [batch(remove(1))] if children else _events(), requests)
        opened.close()


def print_calls_of_index() -> None:
    """Through the client of opensearch-py, to a server that costs about nothing but the way to it."""
    opensearch = import_module("opensearchpy")  # not in each environment
    with search_server() as search, closing(opensearch.OpenSearch(hosts=[search.url])) as client:
        index = Index("orders", client=client)

        def naive(change: Change[Order]) -> None:
            client.index(index="orders", id=change.image.pk, body={"total": change.image.total})

        def put(change: Change[Order]) -> None:
            index.put(change, change.image.pk, {"total": change.image.total})

        for way, handler in {"naive": naive, "effect": put}.items():
            _print_calls("Index.put", way, app_of("on", handler), _events(), search.requests)


def print_calls_of_publishers() -> None:
    """On ministack, where a request takes some milliseconds."""
    with Ministack() as ministack:
        for service, (publisher, operation, one) in _publishers(ministack).items():
            requests: list[str] = []
            client = ministack.client(service)
            client.meta.events.register(f"before-call.{service}", lambda model, into=requests, **_: into.append(model))

            ways = {"naive": _putting(getattr(client, operation), one), "effect": _publishing(publisher)}
            for way, handler in ways.items():
                _print_calls(f"{type(publisher).__name__}.publish", way, app_of("on", handler), _events(), requests)


def _putting(call: Handler, parameters: Callable[[str], Any]) -> Handler:
    return lambda change: call(**parameters(json.dumps({"total": change.image.total})))


def _publishing(publisher: Publisher) -> Handler:
    return lambda change: publisher.publish(change, "OrderChanged", {"total": change.image.total})


def _publishers(ministack: Ministack) -> dict[str, tuple[Publisher, str, Callable[[str], Any]]]:
    """For each service: a publisher, and the operation of the naive way with its parameters."""
    of = ministack.client
    queue, topic = (
        of("sqs").create_queue(QueueName="orders.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"],
        of("sns").create_topic(Name="orders")["TopicArn"],
    )
    of("kinesis").create_stream(StreamName="orders", ShardCount=2)
    of("kinesis").get_waiter("stream_exists").wait(StreamName="orders", WaiterConfig={"Delay": 1})
    of("s3").create_bucket(Bucket="orders")
    bucket = {"RoleARN": "arn:aws:iam::000000000000:role/firehose", "BucketARN": "arn:aws:s3:::orders"}
    of("firehose").create_delivery_stream(DeliveryStreamName="orders", ExtendedS3DestinationConfiguration=bucket)
    event = {"Source": "shop", "DetailType": "OrderChanged"}
    return {
        "events": (
            EventBridge("default", source="shop", client=of("events")),
            "put_events", lambda text: {"Entries": [{**event, "Detail": text}]},
        ),
        "sqs": (
            SqsQueue(queue, client=of("sqs")),
            "send_message", lambda text: {
                "QueueUrl": queue, "MessageBody": text, "MessageGroupId": text, "MessageDeduplicationId": text[1:-1],
            },
        ),
        "sns": (
            SnsTopic(topic, client=of("sns")), "publish", lambda text: {"TopicArn": topic, "Message": text},
        ),
        "kinesis": (
            KinesisStream("orders", client=of("kinesis")),
            "put_record", lambda text: {"StreamName": "orders", "Data": text.encode(), "PartitionKey": text},
        ),
        "firehose": (
            FirehoseStream("orders", client=of("firehose")),
            "put_record", lambda text: {"DeliveryStreamName": "orders", "Record": {"Data": text.encode()}},
        ),
    }  # fmt: skip


def _print_calls(effect: str, way: str, app: Dispatcher, events: Sequence[dict[str, Any]], requests: list[Any]) -> None:
    requests.clear()
    began = time.perf_counter()
    for event in events:
        assert app(event, Context()) == {"batchItemFailures": []}
    seconds = time.perf_counter() - began
    print(f"{effect:34} {way:22} {len(requests):5} calls  {seconds:6.2f} s")


def _events() -> list[dict[str, Any]]:
    numbers = range(RECORDS)
    return [
        batch(*(insert(1_000 + each, f"key-{each}", total=each) for each in numbers[start : start + BATCH]))
        for start in numbers[::BATCH]
    ]


def print_schedules(number: int) -> None:
    """Try schedules of each property, in memory, of histories that grow longer than those of the tests."""
    random, differing = Random(1), 0  # noqa: S311 - a schedule that can be repeated
    tried = 0
    for seed in range(number):
        for check in _CHECKS:
            tried += 1
            try:
                check(Tables(MemoryTables()), _writes(random), seed)
            except AssertionError:
                differing += 1
    print(f"{tried:,} schedules tried, {differing} states that differ")


def print_schedules_of_publishers(number: int) -> None:
    """Try schedules of events, of which each is compared with one delivery in order as a listener sees it."""
    random, differing, tried = Random(1), 0, 0  # noqa: S311 - a schedule that can be repeated
    with quiet(), test_publish_schedules.without_pauses():
        for seed in range(number):
            for kind in test_publish_schedules.PUBLISHERS:
                writes = [(random.choice("xyz"), random.randint(0, 15)) for _ in range(random.randint(1, 60))]
                tried += 1
                try:
                    test_publish_schedules.check(kind, writes, seed)
                except AssertionError:
                    differing += 1
    print(f"{tried:,} schedules of events tried, {differing} that a listener sees differ")


def _writes(random: Random) -> list[tuple[str, Item | None]]:
    def item() -> Item | None:
        if random.random() < 0.25:
            return None
        n = random.randint(0, 3)
        return {"n": n, "status": random.choice(["NEW", "PAID", "DRAFT"]), "total": n}

    return [(random.choice("xyz"), item()) for _ in range(random.randint(1, 15))]


def _family(writes: Sequence[tuple[str, Item | None]]) -> list[tuple[str, int, bool, bool]]:
    return [(name, len(writes) % 5, item is None, len(writes) % 2 == 0) for name, item in dict(writes).items()]


_CHECKS: list[Callable[[Tables, list[tuple[str, Item | None]], int], None]] = [
    *(
        lambda tables, writes, seed, handler=handler: test_view.check(tables, handler, changes_of(writes), seed)
        for handler in (test_view.put, test_view.move, test_view.merge)
    ),
    *(
        lambda _, writes, seed, handler=handler: test_index.check(handler, changes_of(writes), seed)
        for handler in (test_index.put, test_index.move)
    ),
    test_once.check,
    test_aggregate.check,
    lambda tables, writes, seed: test_cascade.check_delete(tables, sorted(_family(writes)), seed),
    lambda tables, writes, seed: test_cascade.check_touch(
        tables, [(name, item) for name, item in writes if item and name in "xy"], seed
    ),
]


if __name__ == "__main__":
    print_calls()
    print_calls_of_index()
    print_calls_of_publishers()
    print_schedules(int(sys.argv[1]) if sys.argv[1:] else 1_000)
    print_schedules_of_publishers(int(sys.argv[1]) // 5 if sys.argv[1:] else 200)
