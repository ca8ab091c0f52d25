"""How close lanes come to the ideal time of handlers that wait.

    python -m tests.benchmarks.lanes

1,000 records of 100 items come in one event, ten records for each item. Each handler waits for 10 ms. Changes of one
item follow each other, so with 100 lanes an event cannot take less than 100 ms.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

from router import Change, Dispatcher, Routes
from router.testing import Context
from tests.builders import Json, Order, batch, insert

__all__ = ["ITEMS", "RECORDS", "event_of_items", "lanes_app"]

RECORDS, ITEMS = 1_000, 100
_WAIT = 0.01
_ROUNDS = 10


def event_of_items() -> Json:
    """An event in which the records of all items take turns."""
    return batch(*(insert(number, f"k{number % ITEMS}", total=number) for number in range(RECORDS)))


def lanes_app(wait: Callable[[str], Awaitable[Any]]) -> Dispatcher:
    """An app with as many lanes as there are items.

    Args:
        wait: What the handler awaits, given the key of the item.
    """
    routes = Routes()

    @routes.on(Order)
    async def handle(change: Change[Order]) -> None:
        await wait(change.image.pk)

    return Dispatcher(routes, concurrency=ITEMS)


def main() -> None:
    os.environ["LOG_LEVEL"] = "CRITICAL"
    app, records, context = lanes_app(lambda _: asyncio.sleep(_WAIT)), event_of_items(), Context(remaining=900)
    app(records, context)  # starts the threads
    seconds = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        assert app(records, context) == {"batchItemFailures": []}
        seconds.append(time.perf_counter() - began)
    ideal = RECORDS / ITEMS * _WAIT
    median, least = statistics.median(seconds), min(seconds)
    print(f"{RECORDS:,} records of {ITEMS} items, 10 ms of await each, concurrency {ITEMS}, {_ROUNDS} rounds")
    print(
        f"ideal {ideal * 1000:.0f} ms, median {median * 1000:.0f} ms ({median / ideal:.2f} times the ideal), ", end=""
    )
    print(f"least {least * 1000:.0f} ms ({least / ideal:.2f})")


if __name__ == "__main__":
    main()
