"""Generator dependencies are closed when their scope ends; a failing clean-up fails the records that it served."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from typing import Annotated, Any

import pytest

from router import (
    Change,
    Depends,
    Dispatcher,
    MemoryParking,
    Record,
    Reject,
    Routes,
)
from tests.builders import (
    SUCCESS,
    Customer,
    Order,
    batch,
    dispatcher,
    failures,
    insert,
    inserts,
    statuses,
)
from tests.inject.cases import Trace, opened


def test_a_generator_is_cleaned_up_after_the_handler() -> None:
    """What stands after a generator's yield runs when the handler has returned, before the next record."""
    trace: Trace = []
    get_bus = opened("bus", trace)

    def handler(change: Change[Order], bus: Annotated[str, Depends(get_bus)]) -> None:
        trace.append(f"{change.record.sequence_number} on {bus}")

    dispatcher(handler)(inserts(1, 2))
    assert trace == ["open bus", "1 on bus", "close bus", "open bus", "2 on bus", "close bus"]


def test_generators_are_cleaned_up_newest_first() -> None:
    """What was made last is cleaned up first, so that nothing is cleaned up while something needs it."""
    trace: Trace = []
    get_pool = opened("pool", trace)
    get_other = opened("other", trace)

    def get_connection(pool: Annotated[str, Depends(get_pool)]) -> Iterator[str]:
        trace.append("open connection")
        yield pool
        trace.append("close connection")

    def handler(
        change: Change[Order],
        connection: Annotated[str, Depends(get_connection)],
        other: Annotated[str, Depends(get_other)],
    ) -> None: ...

    dispatcher(handler)(inserts(1))
    assert trace == ["open pool", "open connection", "open other", "close other", "close connection", "close pool"]


def test_an_invocations_generator_is_cleaned_up_at_its_end() -> None:
    """A value of scope invocation is cleaned up after the last record, and after the batch handlers."""
    trace: Trace = []
    get_bus = opened("bus", trace)
    routes = Routes()

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]], bus: Annotated[str, Depends(get_bus, scope="invocation")]) -> None:
        trace.append("batch")

    @routes.on(Order)
    def handler(change: Change[Order], bus: Annotated[str, Depends(get_bus, scope="invocation")]) -> None:
        trace.append("single")

    app = Dispatcher(routes)
    app(inserts(1, 2))
    app(inserts(3))
    once = ["open bus", "single", "single", "batch", "close bus"]
    assert trace == [*once, "open bus", "single", "batch", "close bus"]


def test_a_cold_starts_generator_stays_open() -> None:
    """A value of scope cold_start is not cleaned up between invocations."""
    trace: Trace = []
    get_bus = opened("bus", trace)

    def handler(change: Change[Order], bus: Annotated[str, Depends(get_bus, scope="cold_start")]) -> None: ...

    app = dispatcher(handler)
    app(inserts(1))
    app(inserts(2))
    assert trace == ["open bus"]


def test_a_generator_sees_the_handlers_exception() -> None:
    """What a handler raises comes out of the yield of its generators, so that they can roll back."""
    trace: Trace = []
    get_bus = opened("bus", trace)

    def handler(change: Change[Order], bus: Annotated[str, Depends(get_bus)]) -> None:
        raise TimeoutError

    assert dispatcher(handler)(inserts(1)) == failures(1)
    assert trace == ["open bus", "bus saw TimeoutError", "close bus"]


def test_a_generator_sees_what_another_factory_raised() -> None:
    """When a later factory fails, what was made before it is cleaned up with that exception."""
    trace: Trace = []
    get_bus = opened("bus", trace)

    def broken() -> int:
        raise KeyError

    def handler(
        change: Change[Order], bus: Annotated[str, Depends(get_bus)], value: Annotated[int, Depends(broken)]
    ) -> None: ...

    dispatcher(handler)(inserts(1))
    assert trace == ["open bus", "bus saw KeyError", "close bus"]


def swallowing() -> Iterator[int]:
    with suppress(Exception):
        yield 1


async def swallowing_async() -> AsyncIterator[int]:
    with suppress(Exception):
        yield 1


@pytest.mark.parametrize("factory", [swallowing, swallowing_async])
def test_a_generator_cannot_swallow_a_failure(factory: Any) -> None:
    """A generator that catches the handler's exception does not make the record done."""
    error = TimeoutError()

    def handler(change: Change[Order], value: Annotated[int, Depends(factory)]) -> None:
        raise error

    (outcome,) = dispatcher(handler).dispatch(inserts(1))
    assert (outcome.status, outcome.error) == ("failed", error)


def failing_clean_up() -> Iterator[int]:
    yield 1
    raise ConnectionError


async def failing_clean_up_async() -> AsyncIterator[int]:
    yield 1
    raise ConnectionError


@pytest.mark.parametrize("factory", [failing_clean_up, failing_clean_up_async])
def test_a_clean_up_that_fails_fails_the_record(factory: Any) -> None:
    """A handler whose generator cannot commit has not done its record."""

    def handler(change: Change[Order], value: Annotated[int, Depends(factory)]) -> None: ...

    (outcome,) = dispatcher(handler).dispatch(inserts(1))
    assert (outcome.status, outcome.stage, type(outcome.error)) == ("failed", "handler", ConnectionError)


def test_a_clean_up_that_fails_names_its_factory() -> None:
    """The error of a clean-up says, in a note, whose clean-up it was."""

    def handler(change: Change[Order], value: Annotated[int, Depends(failing_clean_up)]) -> None: ...

    (outcome,) = dispatcher(handler).dispatch(inserts(1))
    assert outcome.error is not None
    assert outcome.error.__notes__ == [f"raised by the clean-up of {__name__}.failing_clean_up"]


def replacing() -> Iterator[int]:
    try:
        yield 1
    finally:
        raise ConnectionError


def test_a_clean_up_cannot_replace_the_handlers_failure() -> None:
    """When handler and clean-up both fail, the handler's exception is the record's error, with a note of the other."""
    error = TimeoutError()

    def handler(change: Change[Order], value: Annotated[int, Depends(replacing)]) -> None:
        raise error

    (outcome,) = dispatcher(handler).dispatch(inserts(1))
    assert (outcome.error, error.__notes__) == (error, ["its clean-up failed too, with ConnectionError"])


def test_a_clean_up_that_fails_does_not_stop_the_others() -> None:
    """Every generator is cleaned up, though a newer one's clean-up failed."""
    trace: Trace = []
    get_bus = opened("bus", trace)

    def handler(
        change: Change[Order],
        bus: Annotated[str, Depends(get_bus)],
        value: Annotated[int, Depends(failing_clean_up)],
    ) -> None: ...

    (outcome,) = dispatcher(handler).dispatch(inserts(1))
    assert (outcome.status, trace) == ("failed", ["open bus", "close bus"])


def invocation_app(factory: Any, **options: Any) -> Dispatcher:
    routes = Routes()

    @routes.on(Order)
    def handler(change: Change[Order], value: Annotated[int, Depends(factory, scope="invocation")]) -> None:
        if change.image.status == "REJECT":
            raise Reject

    @routes.on(Customer)
    def other(change: Change[Customer]) -> None: ...

    return Dispatcher(routes, **options)


@pytest.mark.parametrize("factory", [failing_clean_up, failing_clean_up_async])
def test_an_invocations_clean_up_that_fails_fails_what_it_served(factory: Any) -> None:
    """What was done with a value that could not be cleaned up at the end of the invocation is failed."""
    report = invocation_app(factory).dispatch(batch(insert(1, entity="Customer"), insert(2), insert(3)))
    assert (statuses(report), report.response) == (["done", "failed", "failed"], failures(2))


def test_an_invocations_clean_up_leaves_parked_records_parked() -> None:
    """A parked record stays parked if a later clean-up fails."""
    app = invocation_app(failing_clean_up, parking=MemoryParking())
    report = app.dispatch(batch(insert(1, status="REJECT"), insert(2)))
    assert (statuses(report), report.response) == (["parked", "failed"], failures(2))


def test_an_invocations_clean_up_spoils_what_needed_it_indirectly() -> None:
    """A record's value that needs the invocation's is spoiled with it."""

    def inner(value: Annotated[int, Depends(failing_clean_up, scope="invocation")]) -> int:
        return value

    def handler(change: Change[Order], value: Annotated[int, Depends(inner)]) -> None: ...

    assert dispatcher(handler)(inserts(1)) == failures(1)


def test_what_a_failed_clean_up_spoiled_runs_again() -> None:
    """Records that failed with the invocation's clean-up are not remembered as finished."""
    calls, fail = [], True

    def factory() -> Iterator[int]:
        yield 1
        if fail:
            raise ConnectionError

    def handler(change: Change[Order], value: Annotated[int, Depends(factory, scope="invocation")]) -> None:
        calls.append(change.record.sequence_number)

    app = dispatcher(handler)
    app(inserts(1, 2))
    fail = False
    assert (app(inserts(1, 2)), calls) == (SUCCESS, ["1", "2", "1", "2"])


class Stop(BaseException):
    """Ends a process, not a record."""


@pytest.mark.parametrize("scope", ["record", "invocation"])
def test_generators_are_cleaned_up_when_the_invocation_is_ended(scope: Any) -> None:
    """An end from within still cleans up what was made."""
    trace: Trace = []
    get_bus = opened("bus", trace)

    def handler(change: Change[Order], bus: Annotated[str, Depends(get_bus, scope=scope)]) -> None:
        raise Stop

    with pytest.raises(Stop):
        dispatcher(handler)(inserts(1))
    assert trace == ["open bus", "close bus"]


def test_a_generator_that_yields_twice_fails_the_record() -> None:
    """A factory that yields twice is broken, and its record is not done."""

    def twice() -> Iterator[int]:
        yield 1
        yield 2

    def handler(change: Change[Order], value: Annotated[int, Depends(twice)]) -> None: ...

    assert dispatcher(handler)(inserts(1)) == failures(1)


def test_a_generator_that_yields_nothing_fails_the_record() -> None:
    """A factory that returns before it yields has made no value."""

    def nothing() -> Iterator[int]:
        yield from ()

    def handler(change: Change[Order], value: Annotated[int, Depends(nothing)]) -> None: ...

    assert dispatcher(handler)(inserts(1)) == failures(1)


class Opening:
    """An instance that is called for a generator."""

    def __init__(self) -> None:
        self.closed = 0

    def __call__(self) -> Iterator[str]:
        yield "value"
        self.closed += 1


def test_an_instance_that_yields_is_a_generator_factory() -> None:
    """An object whose __call__ yields is cleaned up like a generator function."""
    opening, seen = Opening(), []

    def handler(change: Change[Order], value: Annotated[str, Depends(opening)]) -> None:
        seen.append(value)

    dispatcher(handler)(inserts(1))
    assert (seen, opening.closed) == (["value"], 1)


def test_lanes_clean_up_their_own() -> None:
    """With concurrency, each call's generator is cleaned up after that call."""
    open_now: set[str] = set()

    def get(record: Record) -> Iterator[str]:
        name = str(record.sequence_number)
        open_now.add(name)
        yield name
        open_now.remove(name)

    async def handler(change: Change[Order], value: Annotated[str, Depends(get)]) -> None:
        await asyncio.sleep(0)
        assert value in open_now
        assert value == change.record.sequence_number

    assert (dispatcher(handler, concurrency=4)(inserts(*range(12))), open_now) == (SUCCESS, set())


def kept_app(trace: Trace, during: Callable[[Dispatcher], None] = lambda app: None) -> Dispatcher:
    get_bus = opened("bus", trace)

    async def get_pool() -> AsyncIterator[str]:
        yield "pool"
        await asyncio.sleep(0)
        trace.append("close pool")

    def handler(
        change: Change[Order],
        bus: Annotated[str, Depends(get_bus, scope="cold_start")],
        pool: Annotated[str, Depends(get_pool, scope="cold_start")],
    ) -> None:
        during(app)
        trace.append("handled")

    app = dispatcher(handler)
    return app


def test_close_cleans_up_what_the_container_keeps() -> None:
    """Values of scope cold_start are cleaned up by close(), newest first; a later event makes new ones."""
    trace: Trace = []
    app = kept_app(trace)
    app(inserts(1))
    app.close()
    app.close()
    assert trace == ["open bus", "handled", "close pool", "close bus"]
    assert (app(inserts(2)), trace[4:]) == (SUCCESS, ["open bus", "handled"])


def test_close_leaves_an_invocation_its_values() -> None:
    """What an invocation uses is cleaned up at its end, as where a signal arrives within it."""
    trace: Trace = []
    app = kept_app(trace, Dispatcher.close)
    assert (app(inserts(1, 2)), trace) == (SUCCESS, ["open bus", "handled", "handled", "close pool", "close bus"])


def test_close_raises_what_a_clean_up_raises() -> None:
    """A clean-up that fails at the end of the process is an error of close()."""

    def handler(
        change: Change[Order], value: Annotated[int, Depends(failing_clean_up, scope="cold_start")]
    ) -> None: ...

    app = dispatcher(handler)
    app(inserts(1))
    with pytest.raises(ConnectionError):
        app.close()
