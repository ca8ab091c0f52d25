"""A dependency is made once for each record, invocation or cold start, and may declare dependencies itself."""

import asyncio
import functools
import threading
import time
from typing import Annotated, Any

import pytest

from router import (
    Batch,
    Change,
    Depends,
    Dispatcher,
    LambdaContext,
    MemoryParking,
    Record,
    Reject,
    Routes,
)
from tests.builders import (
    SUCCESS,
    Context,
    Order,
    batch,
    dispatcher,
    failures,
    insert,
    inserts,
)
from tests.inject.cases import Counter

# --------------------------------------------------------------------------------------------------------------- scopes


def counts(scope: Any) -> tuple[Counter, Dispatcher]:
    counter = Counter()
    routes = Routes()

    def first(change: Change[Order], value: Annotated[int, Depends(counter, scope=scope)]) -> None: ...

    def second(
        change: Change[Order],
        one: Annotated[int, Depends(counter, scope=scope)],
        two: Annotated[int, Depends(counter, scope=scope)],
    ) -> None:
        assert one == two

    routes.on(Order)(first)
    routes.on(Order)(second)
    return counter, Dispatcher(routes)


@pytest.mark.parametrize(("scope", "expected"), [("record", 12), ("invocation", 2), ("cold_start", 1)])
def test_a_value_serves_its_scope(scope: str, expected: int) -> None:
    """A factory is called once per call of a handler, once per invocation, or once per container."""
    counter, app = counts(scope)
    app(inserts(1, 2, 3))
    app(inserts(4, 5, 6))
    assert counter.made == expected


def test_record_is_the_default_scope() -> None:
    """Without a scope a value serves one call of a handler."""
    counter = Counter()

    def handler(change: Change[Order], value: Annotated[int, Depends(counter)]) -> None: ...

    dispatcher(handler)(inserts(1, 2))
    assert counter.made == 2


def test_nothing_is_made_before_it_is_needed() -> None:
    """A factory is not called before a handler that needs its value is."""
    counter, app = counts("cold_start")
    app(batch(insert(1, entity="Stranger")))
    assert counter.made == 0


def test_none_is_a_value() -> None:
    """A factory that returns None is not called again for it."""
    calls = []

    def factory() -> None:
        calls.append(1)

    def handler(change: Change[Order], value: Annotated[None, Depends(factory, scope="cold_start")]) -> None: ...

    dispatcher(handler)(inserts(1, 2))
    assert len(calls) == 1


@pytest.mark.parametrize("scope", ["invocation", "cold_start"])
def test_lanes_share_what_is_made_once(scope: Any) -> None:
    """When several lanes ask for one value at the same time it is made once."""
    made = []
    barrier = threading.Barrier(4, timeout=60)

    def wait() -> None:
        barrier.wait()

    def slow() -> int:

        time.sleep(0.02)
        made.append(1)
        return len(made)

    def handler(
        change: Change[Order], here: Annotated[None, Depends(wait)], value: Annotated[int, Depends(slow, scope=scope)]
    ) -> None: ...

    assert (dispatcher(handler, concurrency=4)(inserts(1, 2, 3, 4)), made) == (SUCCESS, [1])


def test_lanes_share_what_is_made_asynchronously() -> None:
    """An async factory of a wider scope is awaited once, while other lanes wait."""
    made = []

    async def slow() -> int:
        await asyncio.sleep(0.02)
        made.append(1)
        return len(made)

    async def handler(change: Change[Order], value: Annotated[int, Depends(slow, scope="invocation")]) -> None:
        assert value == 1

    assert (dispatcher(handler, concurrency=4)(inserts(1, 2, 3, 4)), made) == (SUCCESS, [1])


def test_a_factory_that_raised_is_asked_again() -> None:
    """A value that could not be made is not kept: the next delivery asks for it again."""
    calls = []

    def factory() -> int:
        calls.append(1)
        if len(calls) == 1:
            raise TimeoutError
        return 1

    def handler(change: Change[Order], value: Annotated[int, Depends(factory, scope="cold_start")]) -> None: ...

    app = dispatcher(handler)
    assert [app(inserts(1)), app(inserts(1))] == [failures(1), SUCCESS]


def test_a_factory_that_raises_fails_the_record_at_the_handler() -> None:
    """An exception of a factory is handled like one of the handler."""

    def factory() -> int:
        raise Reject("no tenant")

    def handler(change: Change[Order], value: Annotated[int, Depends(factory)]) -> None: ...

    (outcome,) = dispatcher(handler, parking=MemoryParking()).dispatch(inserts(1))
    assert (outcome.status, outcome.stage) == ("parked", "handler")


# ----------------------------------------------------------------------------------------------------- sub-dependencies


def test_a_factory_declares_what_it_needs() -> None:
    """A factory gets the record, the context, the batch and other factories' values by annotation."""

    def tenant(record: Record) -> str:
        return f"tenant-of-{record.keys['pk']}"

    def bus(name: Annotated[str, Depends(tenant)], context: LambdaContext, batch: Batch) -> tuple[Any, ...]:
        return name, context, batch.size

    seen = []

    def handler(change: Change[Order], bus: Annotated[Any, Depends(bus)]) -> None:
        seen.append(bus)

    context = Context()
    dispatcher(handler)(batch(insert(1, "x")), context)
    assert seen == [("tenant-of-x", context, 1)]


def test_a_shared_need_is_made_once_in_a_scope() -> None:
    """Two factories that need a third get the same value of it."""
    counter = Counter()

    def one(value: Annotated[int, Depends(counter)]) -> int:
        return value

    def two(value: Annotated[int, Depends(counter)]) -> int:
        return value

    seen = []

    def handler(change: Change[Order], one: Annotated[int, Depends(one)], two: Annotated[int, Depends(two)]) -> None:
        seen.append((one, two))

    dispatcher(handler)(inserts(1, 2))
    assert seen == [(1, 1), (2, 2)]


def test_a_narrow_value_may_need_a_wide_one() -> None:
    """A record's value that needs the container's is made anew while the container's is kept."""
    wide, narrow = Counter(), Counter()

    def inner(value: Annotated[int, Depends(wide, scope="cold_start")]) -> tuple[int, int]:
        return value, narrow()

    seen = []

    def handler(change: Change[Order], pair: Annotated[Any, Depends(inner)]) -> None:
        seen.append(pair)

    dispatcher(handler)(inserts(1, 2))
    assert seen == [(1, 1), (1, 2)]


class Repository:
    def __init__(self, record: Record) -> None:
        self.number = record.sequence_number


def test_a_class_is_a_factory() -> None:
    """A class is called for its instance, and its parameters supplied."""
    seen = []

    def handler(change: Change[Order], repository: Annotated[Repository, Depends(Repository)]) -> None:
        seen.append(repository.number)

    dispatcher(handler)(inserts(1))
    assert seen == ["1"]


def test_a_partial_is_a_factory() -> None:
    """A functools.partial is called like the function that it wraps."""

    def make(start: int) -> int:
        return start + 1

    seen = []

    def handler(change: Change[Order], value: Annotated[int, Depends(functools.partial(make, 5))]) -> None:
        seen.append(value)

    dispatcher(handler)(inserts(1))
    assert seen == [6]
