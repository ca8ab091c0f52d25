"""How close lanes come to the ideal time of handlers that wait, and the processor time of a record.

1,000 records of 100 items come in one event, ten records for each item. Each handler waits for 10 ms. Changes of one
item follow each other, so with 100 lanes an event cannot take less than 100 ms. asyncio alone takes longer, too: it waits
for whole milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    AsyncBatchProcessor,
    EventType,
    async_process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord

from router import Change, Dispatcher, Routes
from router.testing import Context
from tests.benchmarks.contestants.entry import event_loop
from tests.benchmarks.contestants.powertools import as_in_lambda
from tests.benchmarks.measuring import interleaved, quiet
from tests.benchmarks.results import Lanes
from tests.builders import Order, batch, insert

__all__ = ["IDEAL", "ITEMS", "RECORDS", "WAITING", "event_of_items", "measure_lanes"]

RECORDS, ITEMS = 1_000, 100
SECONDS = 0.01
IDEAL = RECORDS / ITEMS * SECONDS
Wait = Callable[[str], Awaitable[Any]]
"""What a handler awaits, given the key of the item."""
Function = Callable[[Any, Any], Any]


def event_of_items() -> str:
    """The JSON of an event in which the records of all items take turns."""
    return json.dumps(batch(*(insert(number, f"k{number % ITEMS}", total=number) for number in range(RECORDS))))


def lanes_app(wait: Wait) -> Function:
    """A ``Dispatcher`` with as many lanes as there are items."""
    routes = Routes()

    @routes.on(Order)
    async def handle(change: Change[Order]) -> None:
        await wait(change.image.pk)

    return Dispatcher(routes, concurrency=ITEMS)


def powertools(wait: Wait) -> Function:
    """Powertools' async processor, which starts all records at once, with a lock for each item to keep their order."""
    processor = AsyncBatchProcessor(event_type=EventType.DynamoDBStreams)
    locks: dict[str, asyncio.Lock] = {}

    async def handle(record: DynamoDBRecord) -> None:
        body = record.dynamodb
        assert body is not None
        order = Order.model_validate(body.new_image)
        async with locks.setdefault(order.pk, asyncio.Lock()):  # a lock admits tasks in the order of their arrival
            await wait(order.pk)

    def function(event: Any, context: Any) -> Any:
        locks.clear()
        with as_in_lambda():
            return async_process_partial_response(event, handle, processor, context)

    return function


def asyncio_alone(wait: Wait) -> Function:
    """A task for each item that waits once a record, without a look at its images: the least that any lanes take."""

    async def handle(key: str, records: int) -> None:
        for _ in range(records):
            await wait(key)

    async def handle_all(counts: Counter[str]) -> None:
        await asyncio.gather(*(handle(key, records) for key, records in counts.items()))

    def function(event: Any, _: Any) -> Any:
        event_loop().run_until_complete(
            handle_all(Counter(record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"]))
        )
        return {"batchItemFailures": []}

    return function


WAITING = {"app": lanes_app, "powertools": powertools, "asyncio": asyncio_alone}


def measure_lanes(rounds: int) -> dict[str, Lanes]:
    """Measure each in turn."""
    text = event_of_items()
    found = {name: Lanes(IDEAL, RECORDS) for name in WAITING}
    functions = {name: make(lambda _: asyncio.sleep(SECONDS)) for name, make in WAITING.items()}

    def run(name: str) -> float:
        event, context = json.loads(text), Context(remaining=900)
        began, busy = time.perf_counter(), time.process_time()
        assert functions[name](event, context) == {"batchItemFailures": []}
        found[name].elapsed.append(time.perf_counter() - began)
        found[name].busy.append(time.process_time() - busy)
        return found[name].elapsed[-1]

    with quiet():
        for name in WAITING:  # starts what is started once
            run(name)
            found[name].elapsed.clear()
            found[name].busy.clear()
        interleaved({name: partial(run, name) for name in WAITING}, rounds)
    return found
