"""asyncio's CancelledError is the failure of a record, wherever it is raised, and ends no invocation."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from typing import Annotated, Any

import pytest

from router import Change, Depends, Dispatcher, MemoryParking, Park, Routes, where
from tests.builders import SUCCESS, Order, dispatcher, failures, inserts, statuses

CONCURRENCY = pytest.mark.parametrize("concurrency", [1, 2])
SCOPES = pytest.mark.parametrize("scope", ["record", "invocation"])


def cancelled(*_: object) -> Any:
    raise asyncio.CancelledError


async def cancelled_async(*_: object) -> Any:
    raise asyncio.CancelledError


def make_cancelled() -> int:
    raise asyncio.CancelledError


async def make_cancelled_async() -> int:
    raise asyncio.CancelledError


def cancelled_clean_up() -> Iterator[int]:
    yield 1
    raise asyncio.CancelledError


async def cancelled_clean_up_async() -> AsyncIterator[int]:
    yield 1
    raise asyncio.CancelledError


def with_middleware() -> Dispatcher:
    def handler(change: Change[Order]) -> None: ...

    return dispatcher(handler, middleware=[lambda call: lambda change: cancelled()])


def with_condition() -> Dispatcher:
    routes = Routes()

    @routes.on(Order, where(cancelled))
    def handler(change: Change[Order]) -> None: ...

    return Dispatcher(routes)


def with_discriminator() -> Dispatcher:
    def handler(change: Change[Order]) -> None: ...

    return dispatcher(handler, discriminator=cancelled)


def with_batch(handler: Callable[..., Any]) -> Dispatcher:
    routes = Routes()

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]]) -> Any:
        return handler()

    return Dispatcher(routes)


@pytest.mark.parametrize(
    "make",
    [
        with_middleware,
        with_condition,
        with_discriminator,
        lambda: with_batch(cancelled),
        lambda: with_batch(cancelled_async),
    ],
)
def test_it_fails_the_record(make: Callable[[], Dispatcher]) -> None:
    """In a middleware, a condition, a discriminator and a batch handler it is an error like others."""
    (outcome,) = make().dispatch(inserts(1))
    assert (outcome.status, type(outcome.error)) == ("failed", CancelledError)


@CONCURRENCY
@pytest.mark.parametrize("handle", [cancelled, cancelled_async])
def test_it_fails_a_handlers_record(handle: Callable[..., Any], concurrency: int) -> None:
    """A handler that raises it, or returns what does, fails its record, and records before it are done."""

    def handler(change: Change[Order]) -> Any:
        return handle() if change.keys["pk"] == "key-2" else None

    assert dispatcher(handler, concurrency=concurrency)(inserts(1, 2)) == failures(2)


@CONCURRENCY
@SCOPES
@pytest.mark.parametrize(
    "factory", [make_cancelled, make_cancelled_async, cancelled_clean_up, cancelled_clean_up_async]
)
def test_it_fails_the_records_of_a_dependency(factory: Any, scope: Any, concurrency: int) -> None:
    """A factory or a clean-up that raises it fails what it serves."""

    def handler(change: Change[Order], value: Annotated[Any, Depends(factory, scope=scope)]) -> None: ...

    app = dispatcher(handler, concurrency=concurrency)
    report = app.dispatch(inserts(1))
    assert (statuses(report), report.response) == (["failed"], failures(1))


def test_it_can_be_parked() -> None:
    """Policies apply to it."""
    parking = MemoryParking()

    def handler(change: Change[Order]) -> None:
        raise asyncio.CancelledError

    app = dispatcher(handler, parking=parking, on_error={Exception: Park()})
    assert (app(inserts(1)), len(parking)) == (SUCCESS, 1)


class CancelledParking:
    def park(self, parked: object) -> None:
        raise asyncio.CancelledError


def test_a_parking_place_that_raises_it_has_not_parked() -> None:
    """A parking place that raises it has failed, and the record with it."""

    def handler(change: Change[Order]) -> None:
        raise TimeoutError

    report = dispatcher(handler, parking=CancelledParking(), on_error=Park()).dispatch(inserts(1))
    assert ([outcome.stage for outcome in report], report.response) == (["park"], failures(1))


class CancelledStore:
    recall = remember = forget = cancelled


def test_a_store_that_raises_it_knows_nothing() -> None:
    """A store of completed routes that raises it fails no record."""

    def handler(change: Change[Order]) -> None: ...

    assert dispatcher(handler, completed=CancelledStore())(inserts(1)) == SUCCESS


class Stop(BaseException):
    """Ends a process, not a record."""


@SCOPES
@pytest.mark.parametrize("error", [asyncio.CancelledError, TimeoutError, SystemExit, KeyboardInterrupt, Stop])
def test_every_clean_up_runs(error: type[BaseException], scope: Any) -> None:
    """If a clean-up raises, the others run; what ends the process is raised after them."""
    closed = []

    def first() -> Iterator[int]:
        yield 1
        closed.append("first")

    def second() -> Iterator[int]:
        yield 1
        closed.append("second")
        raise error

    async def third() -> AsyncIterator[int]:
        yield 1
        closed.append("third")
        raise asyncio.CancelledError

    def handler(
        change: Change[Order],
        one: Annotated[int, Depends(first, scope=scope)],
        two: Annotated[int, Depends(second, scope=scope)],
        three: Annotated[int, Depends(third, scope=scope)],
    ) -> None: ...

    app = dispatcher(handler)
    if issubclass(error, Exception | asyncio.CancelledError):
        assert app(inserts(1)) == failures(1)
    else:
        with pytest.raises(error):
            app(inserts(1))
    assert closed == ["third", "second", "first"]
