"""Effects are injected, and work in sync and async handlers, in lanes and with the deadline of the invocation."""

from __future__ import annotations

import asyncio
import math
from typing import Annotated, Any

import pytest

from router import Change, Depends, Dispatcher, Routes
from router.effects import View
from router.effects.requests import current_deadline
from tests.builders import SUCCESS, Context, Order, batch, insert
from tests.effects.schedules import Tables

EVENT = batch(*(insert(number, f"key-{number}", total=number) for number in range(1, 41)))


@pytest.mark.parametrize("concurrency", [1, 8])
@pytest.mark.parametrize("is_async", [False, True])
def test_each_record_is_written(tables: Tables, concurrency: int, is_async: bool) -> None:
    """By one effect for the container, in the lanes' threads or in those of asyncio."""
    routes = Routes()

    def get_view() -> View:
        return View(tables.name("Pages"), client=tables.client)

    def show(change: Change[Order], pages: Annotated[View, Depends(get_view, scope="cold_start")]) -> None:
        key = {"pk": change.image.pk, "sk": "1"}
        pages.put(change, key, {"total": change.image.total})

    async def show_async(change: Change[Order], pages: Annotated[View, Depends(get_view, scope="cold_start")]) -> None:
        await asyncio.to_thread(show, change, pages)

    routes.on(Order)(show_async if is_async else show)
    assert Dispatcher(routes, concurrency=concurrency)(EVENT) == SUCCESS
    assert sorted(item["total"] for item in tables.items("Pages")) == list(range(1, 41))


@pytest.mark.parametrize("concurrency", [1, 2])
def test_the_deadline_is_that_of_the_invocation(concurrency: int) -> None:
    """In the handler, in a lane, and in a thread of asyncio; outside there is none."""
    routes, remaining = Routes(), list[Any]()

    @routes.on(Order)
    def note(change: Change[Order]) -> None:
        remaining.append(current_deadline().remaining)

    @routes.on(Order)
    async def note_async(change: Change[Order]) -> None:
        remaining.append(await asyncio.to_thread(lambda: current_deadline().remaining))

    Dispatcher(routes, concurrency=concurrency)(batch(insert(1)), Context(60_000))
    assert len(remaining) == 2
    assert all(0 < seconds < 60 for seconds in remaining)
    assert current_deadline().remaining == math.inf
