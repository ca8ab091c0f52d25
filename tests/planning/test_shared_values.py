"""Each handler sees the item as it was delivered, and tools notice one that changes what others see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel, Field

from router import Change, Dispatcher, Insert, MemoryParking, Modify, Reject, Routes, where
from router.errors import SharedValueError
from router.testing import Stream
from tests.builders import SUCCESS, batch, insert, modify, statuses


class Line(BaseModel):
    number: int = 1


@dataclass
class Address:
    city: str = "Rome"


class Order(BaseModel):
    EntityType: str = "Order"
    pk: str = "1"
    total: int = 1
    lines: list[Line] = Field(default_factory=lambda: [Line()])
    notes: dict[str, str] = {}
    address: Address = Address()
    tags: set[str] = {"new"}


def order(**attributes: Any) -> dict[str, Any]:
    return insert(**attributes)


def routed(*handlers: Callable[..., Any], **options: Any) -> Dispatcher:
    routes = Routes()
    for handler in handlers:
        routes.on_insert(Order)(handler)
    return Dispatcher(routes, **options)


# ---------------------------------------------------------------------------------------------------------- assignments


def test_an_assignment_does_not_reach_the_next_handler() -> None:
    """A handler that assigns to its item leaves the item of the next one as it was delivered."""
    seen: list[int] = []

    def double(change: Insert[Order]) -> None:
        change.new.total *= 2

    def look(change: Insert[Order]) -> None:
        seen.append(change.new.total)

    assert routed(double, look)(batch(order(total=5))) == SUCCESS
    assert seen == [5]


def test_an_assignment_does_not_reach_a_batch() -> None:
    """An ``on_batch`` handler, which runs last, is given items as they were delivered, wherever it is registered."""
    seen: list[int] = []
    routes = Routes()

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]]) -> None:
        seen.extend(change.image.total for change in changes)

    @routes.on_insert(Order)
    def double(change: Insert[Order]) -> None:
        change.new.total *= 2

    @routes.on_batch(Order)
    def index_too(changes: Sequence[Change[Order]]) -> None:
        seen.extend(change.image.total for change in changes)

    assert Dispatcher(routes)(batch(order(total=5))) == SUCCESS
    assert seen == [5, 5]


def test_an_assignment_to_a_fallbacks_dict_stays_in_it() -> None:
    """A route whose model is a plain dict has a dict of its own."""
    seen: list[Any] = []
    routes = Routes()

    @routes.on(dict[str, Any], entity="Order")
    def first(change: Change[dict[str, Any]]) -> None:
        change.image["total"] = 100

    @routes.on(dict[str, Any], entity="Order")
    def second(change: Change[dict[str, Any]]) -> None:
        seen.append(change.image["total"])

    Dispatcher(routes)(batch(order(total=5)))
    assert seen == [5]


# ----------------------------------------------------------------------------------------------------------- conditions


def conditional(ask: Callable[[Any], bool], **options: Any) -> tuple[Dispatcher, list[str]]:
    seen: list[str] = []
    routes = Routes()

    @routes.on_modify(Order)
    def first(change: Modify[Order]) -> None:
        seen.append("first")
        change.new.total = 0
        change.new.lines.clear()

    @routes.on_modify(Order, where(ask))
    def second(change: Modify[Order]) -> None:
        seen.append("second")

    return Dispatcher(routes, **options), seen


def test_conditions_are_asked_before_the_first_handler() -> None:
    """A condition sees the item as it was delivered, what is nested in it included."""
    app, seen = conditional(lambda change: change.new.total == 5 and len(change.new.lines) == 1)
    assert app(batch(modify(total=5))) == SUCCESS
    assert seen == ["first", "second"]


def test_a_condition_that_raises_fails_in_its_turn() -> None:
    """The routes before it run, and the failure is that of its route."""

    def ask(_change: Any) -> bool:
        raise Reject

    app, seen = conditional(ask, parking=MemoryParking())
    assert statuses(app.dispatch(batch(modify(total=5)))) == ["done", "parked"]
    assert seen == ["first"]


def test_a_failure_before_leaves_a_broken_route_deferred() -> None:
    """Where an earlier route fails, nothing is parked for a later one whose image is refused."""
    parking = MemoryParking()
    routes = Routes()

    class Priced(Order):
        price: int

    @routes.on_insert(Order)
    def first(change: Insert[Order]) -> None:
        raise TimeoutError

    @routes.on_insert(Priced, entity="Order")
    def second(change: Insert[Priced]) -> None: ...

    app = Dispatcher(routes, parking=parking)
    assert statuses(app.dispatch(batch(order()))) == ["failed", "deferred"]
    assert list(parking) == []


# -------------------------------------------------------------------------------------------------------------- nested


def stays(change: Insert[Order]) -> None:
    change.new.total = 7
    change.new.lines = []


def append(change: Insert[Order]) -> None:
    change.new.lines.append(Line())


def assign_inside(change: Insert[Order]) -> None:
    change.new.lines[0].number = 2


def add_key(change: Insert[Order]) -> None:
    change.new.notes["a"] = "b"


def move(change: Insert[Order]) -> None:
    change.new.address.city = "Paris"


def tag(change: Insert[Order]) -> None:
    change.new.tags.add("old")


@pytest.mark.parametrize(
    ("handler", "attribute"),
    [(append, "lines"), (assign_inside, "lines"), (add_key, "notes"), (move, "address"), (tag, "tags")],
)
@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_stream_notices_a_nested_change(handler: Any, attribute: str, concurrency: int) -> None:
    """A handler that changes what is nested, while others follow, ends the run with both names."""
    stream = Stream(routed(handler, stays, concurrency=concurrency))
    stream.put(Order())
    with pytest.raises(SharedValueError) as caught:
        stream.run()
    error = caught.value
    assert (error.attribute, error.image) == (attribute, "new")
    assert handler.__name__ in error.handler
    assert error.other.endswith("stays")
    assert all(name in str(error) for name in (error.handler, error.other, attribute))


def test_an_async_handler_is_noticed() -> None:
    """The change is looked for when an async handler has ended."""

    async def later(change: Insert[Order]) -> None:
        change.new.lines.append(Line())

    stream = Stream(routed(later, stays))
    stream.put(Order())
    with pytest.raises(SharedValueError, match="lines"):
        stream.run()


@pytest.mark.parametrize("handlers", [(append,), (stays, append)])
def test_what_no_handler_follows_is_allowed(handlers: Any) -> None:
    """The last handler may change what it was given, and so may a lone one."""
    stream = Stream(routed(*handlers))
    stream.put(Order())
    stream.run()
    assert stream.responses == [SUCCESS]


def test_a_batch_that_waits_counts_as_following() -> None:
    """A handler that changes what an ``on_batch`` handler will be given is noticed."""
    routes = Routes()

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]]) -> None: ...

    routes.on_insert(Order)(append)
    stream = Stream(Dispatcher(routes))
    stream.put(Order())
    with pytest.raises(SharedValueError, match="index"):
        stream.run()


def test_tools_see_a_failed_record() -> None:
    """In a container of tools the record fails at the handler, with the error."""
    app = routed(append, stays)
    with app.in_new_container():
        outcomes = list(app.dispatch(batch(order())))
    assert [outcome.status for outcome in outcomes] == ["failed", "deferred"]
    assert isinstance(outcomes[0].error, SharedValueError)


def test_production_compares_nothing() -> None:
    """In Lambda the record is done."""
    assert routed(append, stays)(batch(order())) == SUCCESS
