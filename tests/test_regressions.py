"""Defects that a review found, each in the smallest app that had it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from router import Depends, Dispatcher, Insert, RouterError, Routes, where
from router.parsing.parser import parser_for
from tests.builders import batch, insert


class Order(BaseModel):
    pk: str = ""


class Aliased(BaseModel):
    total: int = Field(alias="t")


class Paid(BaseModel):
    x: int


class Placed(BaseModel):
    x: int


def test_the_order_of_a_union_is_not_lost() -> None:
    """``A | B`` equals ``B | A`` in Python, but each has a parser of its own."""
    wire = {"x": {"N": "1"}}
    assert type(parser_for(Paid | Placed).parse(wire)) is Paid
    assert type(parser_for(Placed | Paid).parse(wire)) is Placed


def test_an_attribute_that_nothing_reads_is_not_looked_at() -> None:
    """A field with an alias does not read the attribute of its own name, for any spelling of its number."""
    parser = parser_for(Aliased)
    for spelling in ("1", "1.0"):
        assert parser.parse({"t": {"N": spelling}, "total": {"X": 1}}) == Aliased(t=1)


def test_an_async_generator_is_left_in_the_context_it_was_entered_in() -> None:
    """A context variable that an async factory sets before its yield can be reset after it."""
    tenant: ContextVar[str] = ContextVar("tenant", default="none")
    routes, seen = Routes(), []

    async def as_tenant() -> AsyncIterator[None]:
        token = tenant.set("shop")
        yield
        tenant.reset(token)

    @routes.on_insert(Order)
    async def place(change: Insert[Order], _tenant: Annotated[None, Depends(as_tenant)]) -> None:
        seen.append(change)

    assert Dispatcher(routes)(batch(insert(1))) == {"batchItemFailures": []}
    assert len(seen) == 1


def test_a_cancellation_in_a_plain_handler_costs_its_record_only() -> None:
    """asyncio.CancelledError, which is no Exception, fails its record and not the batch."""
    routes = Routes()

    @routes.on_insert(Order)
    def place(change: Insert[Order]) -> None:
        if change.record.sequence_number == "2":
            raise asyncio.CancelledError

    assert Dispatcher(routes)(batch(insert(1), insert(2))) == {"batchItemFailures": [{"itemIdentifier": "2"}]}


def test_what_powertools_is_given_quotes_no_item() -> None:
    """record_handler raises the validation error without its inputs, because Powertools prints it."""

    class Strict(BaseModel):
        pk: int

    routes = Routes()

    @routes.on_insert(Strict, entity="Order")
    def place(change: Insert[Strict]) -> None: ...

    with pytest.raises(ValueError, match="pk") as caught:
        Dispatcher(routes).record_handler(insert(1, "alice@secret.example"))
    assert "alice" not in str(caught.value)


def test_an_awaitable_is_no_answer_of_a_predicate() -> None:
    """A predicate that returns a coroutine fails the record, because a coroutine is always true."""
    routes = Routes()

    async def later() -> bool:
        return False

    def predicate(change: Insert[Order]) -> Any:
        coroutine = later()
        coroutine.close()
        return coroutine

    @routes.on_insert(Order, where(predicate))
    def place(change: Insert[Order]) -> None: ...

    (outcome,) = Dispatcher(routes).dispatch(batch(insert(1)))
    assert (outcome.status, outcome.stage) == ("failed", "handler")
    assert isinstance(outcome.error, RouterError)


def test_a_dispatch_inside_a_lane_does_not_hang() -> None:
    """A handler that dispatches to itself for ever fails its record before threads and event loops run out."""
    routes = Routes()
    depths: list[int] = []

    @routes.on_insert(Order)
    def place(change: Insert[Order]) -> None:
        depths.append(1)
        app(batch(insert(9)))

    app = Dispatcher(routes, concurrency=2)
    before = threading.active_count()
    (outcome,) = app.dispatch(batch(insert(1)))
    assert outcome.status == "done"  # each dispatch reports the failure of the one inside, and does not raise
    assert len(depths) == 9
    assert threading.active_count() <= before + 2 * 9


def test_nothing_is_forgotten_that_was_not_remembered() -> None:
    """A durable store is not asked to delete pairs that it did not recall."""
    asked: list[Any] = []

    class Store:
        def recall(self, records: Any) -> list[tuple[str, str]]:
            return []

        def remember(self, pairs: Any) -> None: ...

        def forget(self, pairs: Any) -> None:
            asked.append(list(pairs))

    routes = Routes()

    @routes.on_insert(Order)
    def place(change: Insert[Order]) -> None:
        if change.record.sequence_number == "2":
            raise TimeoutError

    Dispatcher(routes, completed=Store())(batch(insert(1), insert(2)))
    assert asked == []
