"""Measure the time from a put to the handler, and the records per second through the poller and the mapping.

    python -m tests.benchmarks.local [embedded] [dynamodb-local]

Latency is the time from before the put to the first line of the handler, for one put at a time. The rate is that of
records that are in the stream before reading begins, delivered in batches of 100 to a function that does nothing; a second
rate is that of the mapping alone with the same records in memory.
"""

from __future__ import annotations

import statistics
import sys
import threading
import time
from typing import Any

from router.local.engines.engine import EngineName, open_engine
from router.local.event_source_mapping import EventSourceMapping, Invoke, MappingSettings, Result, Returned
from router.local.streams.poller import Poller

PUTS = 200
RECORDS = 5_000
_POLL_SECONDS = 0.05  # as in router dev


def main(names: list[str]) -> None:
    for name in names or ["embedded", "dynamodb-local"]:
        with open_engine(name_of(name)) as engine:
            client, streams = engine.client("dynamodb"), engine.client("dynamodbstreams")
            times = sorted(latencies(client, streams))
            median, p99 = statistics.median(times), times[int(len(times) * 0.99) - 1]
            print(f"{name}: put to handler, {PUTS} puts: median {median * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms")
            print(
                f"{name}: {rate(client, streams):,.0f} records a second through poller and mapping ({RECORDS} records)"
            )
    print(f"mapping alone: {mapping_rate():,.0f} records a second")


def name_of(text: str) -> EngineName:
    known: dict[str, EngineName] = {"embedded": "embedded", "dynamodb-local": "dynamodb-local"}
    return known.get(text) or sys.exit(f"found {text!r}, expected {' or '.join(known)}")


def latencies(client: Any, streams: Any) -> list[float]:
    arn = table(client, "Latency")
    arrived: dict[str, float] = {}
    stop = threading.Event()

    def function(invoke: Invoke) -> Result:
        for record in invoke.event["Records"]:
            arrived[record["dynamodb"]["Keys"]["pk"]["S"]] = time.perf_counter()
        return Returned({})

    poller = Poller(EventSourceMapping(MappingSettings()), streams, arn, function)
    thread = threading.Thread(target=poll, args=(poller, stop))
    thread.start()
    sent: dict[str, float] = {}
    for number in range(PUTS):
        key = str(number)
        sent[key] = time.perf_counter()
        client.put_item(TableName="Latency", Item={"pk": {"S": key}})
        while key not in arrived:
            time.sleep(0.0005)
        time.sleep(number % 50 / 1000)  # so that puts are spread over the time between two polls
    stop.set()
    thread.join()
    return [arrived[key] - sent[key] for key in sent]


def poll(poller: Poller, stop: threading.Event) -> None:
    while not stop.is_set():
        if not poller.step():
            time.sleep(poller.pause(_POLL_SECONDS))


def rate(client: Any, streams: Any) -> float:
    arn = table(client, "Rate")
    for start in range(0, RECORDS, 25):
        items = [{"pk": {"S": str(start + each)}, "text": {"S": "x" * 200}} for each in range(25)]
        client.batch_write_item(RequestItems={"Rate": [{"PutRequest": {"Item": item}} for item in items]})
    seen = 0

    def function(invoke: Invoke) -> Result:
        nonlocal seen
        seen += len(invoke.event["Records"])
        return Returned({})

    poller = Poller(EventSourceMapping(MappingSettings()), streams, arn, function)
    began = time.perf_counter()
    while seen < RECORDS:
        poller.step()
    return RECORDS / (time.perf_counter() - began)


def mapping_rate(count: int = 50_000) -> float:
    mapping = EventSourceMapping(MappingSettings())
    mapping.add_shard("shard")
    records = [
        {
            "dynamodb": {
                "SequenceNumber": str(number),
                "Keys": {"pk": {"S": str(number)}},
                "NewImage": {"text": {"S": "x" * 200}},
            }
        }
        for number in range(count)
    ]
    began = time.perf_counter()
    for start in range(0, count, 1000):
        mapping.feed("shard", records[start : start + 1000], time.time())
        while invokes := [action for action in mapping.poll(time.time()) if isinstance(action, Invoke)]:
            for invoke in invokes:
                mapping.complete(invoke, Returned({}), time.time())
    return count / (time.perf_counter() - began)


def table(client: Any, name: str) -> str:
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    return str(client.describe_table(TableName=name)["Table"]["LatestStreamArn"])


if __name__ == "__main__":
    main(sys.argv[1:])
