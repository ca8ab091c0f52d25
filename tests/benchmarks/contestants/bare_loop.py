"""boto3's deserializer in a loop, without a partial response, a log or an order of items."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from tests.benchmarks.contestants.by_hand import ByHand
from tests.benchmarks.contestants.entry import Entry, Seen, event_loop
from tests.benchmarks.workloads import Workload

__all__ = ["bare_loop"]

Body = dict[str, Any]


def bare_loop(workload: Workload, seen: Seen | None) -> Entry:
    """A loop that reads the entity on the wire first and catches the exceptions of a record."""
    loop = Loop(workload, seen)
    run = loop.run_async if workload.handlers == "async" else loop.run
    return Entry(run, lambda event, context: len(run(event, context)))


class Loop:
    def __init__(self, workload: Workload, seen: Seen | None) -> None:
        self._workload = workload
        self._by_hand = ByHand(workload, seen)
        self._deserialize = TypeDeserializer().deserialize
        self._image = workload.images[0]
        self._done = workload.done

    def run(self, event: Any, _: Any) -> list[str]:
        """Handle an event, and return the sequence numbers of the records that failed."""
        failed, handle = [], self._handle_both if len(self._workload.images) > 1 else self._handle_image
        for body in self._bodies(event):
            try:
                handle(body)
            except Exception:  # noqa: BLE001 - any exception fails the record
                failed.append(body["SequenceNumber"])
        if self._by_hand.batches is not None:
            self._by_hand.batches.call()
        if self._workload.metrics:
            print(embedded_metric(len(event["Records"]) - len(failed)))
        return failed

    def run_async(self, event: Any, _: Any) -> list[str]:
        """Do so with handlers that are coroutine functions."""
        return event_loop().run_until_complete(self._wait(event))

    async def _wait(self, event: Any) -> list[str]:
        failed = []
        for body in self._bodies(event):
            try:
                await self._by_hand.wait(self._decoded(body[self._image]))
            except Exception:  # noqa: BLE001 - as above
                failed.append(body["SequenceNumber"])
        if self._workload.metrics:
            print(embedded_metric(len(event["Records"]) - len(failed)))
        return failed

    def _bodies(self, event: Any) -> Iterator[Body]:
        for record in event["Records"]:
            body = record["dynamodb"]
            if body[self._image]["EntityType"]["S"] in self._workload.models and record["eventID"] not in self._done:
                yield body

    def _decoded(self, wire: Body) -> Body:
        deserialize = self._deserialize
        return {name: deserialize(value) for name, value in wire.items()}

    def _handle_image(self, body: Body) -> None:
        self._by_hand.image(self._decoded(body[self._image]))

    def _handle_both(self, body: Body) -> None:
        self._by_hand.both(self._decoded(body["NewImage"]), self._decoded(body["OldImage"]))


def embedded_metric(count: int) -> str:
    """A line from which CloudWatch makes a metric."""
    metrics = [
        {"Namespace": "Shop", "Dimensions": [["service"]], "Metrics": [{"Name": "RecordsDone", "Unit": "Count"}]}
    ]
    return json.dumps({"_aws": {"Timestamp": 0, "CloudWatchMetrics": metrics}, "service": "shop", "RecordsDone": count})
