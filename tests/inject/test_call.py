"""Handlers and factories get what they declare, for as long as its scope lives, and what was made is cleaned up."""

import asyncio
import functools
import gc
import json
import math
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from typing import Annotated, Any

import pytest
import structlog
from aws_lambda_powertools.utilities.typing import LambdaContext as PowertoolsContext

from router import (
    Batch,
    Change,
    Deadline,
    Depends,
    Dispatcher,
    LambdaContext,
    MemoryParking,
    Record,
    RegistrationError,
    Reject,
    Routes,
)
from tests.builders import (
    SUCCESS,
    Context,
    Customer,
    Order,
    batch,
    dispatcher,
    failures,
    insert,
    inserts,
    statuses,
)

Log = structlog.typing.FilteringBoundLogger


class Counter:
    """A factory that counts its calls."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> int:
        self.made += 1
        return self.made


# --------------------------------------------------------------------------------------------------- what can be declared


def test_a_handler_gets_the_record() -> None:
    """A parameter annotated Record is the change's own record."""
    seen = []

    def handler(change: Change[Order], record: Record) -> None:
        seen.append(record is change.record)

    dispatcher(handler)(inserts(1))
    assert seen == [True]


def test_a_handler_gets_the_context() -> None:
    """A parameter annotated LambdaContext is the object that Lambda passed."""
    seen: list[Any] = []

    def handler(change: Change[Order], context: LambdaContext) -> None:
        seen.append(context)

    context = Context()
    dispatcher(handler)(inserts(1), context)
    assert seen == [context]


def test_powertools_context_class_does_as_well() -> None:
    """Any class of the name LambdaContext stands for the context."""
    seen: list[Any] = []

    def handler(change: Change[Order], context: PowertoolsContext) -> None:
        seen.append(context)

    context = Context()
    dispatcher(handler)(inserts(1), context)
    assert seen == [context]


def test_a_handler_gets_the_deadline() -> None:
    """A parameter annotated Deadline tells how long it is until the reserve begins."""
    seen: list[float] = []

    def handler(change: Change[Order], deadline: Deadline) -> None:
        seen.append(deadline.remaining)

    dispatcher(handler, reserve=1)(inserts(1), Context(remaining=60_000))
    assert seen == [pytest.approx(59, abs=5)]


def test_there_is_no_deadline_where_nobody_tells_the_time() -> None:
    """As in tests, where handlers have all the time there is."""
    seen: list[Any] = []

    def handler(change: Change[Order], deadline: Deadline | None) -> None:
        assert deadline is not None
        seen.append((deadline.remaining, deadline.timeout))

    dispatcher(handler)(inserts(1))
    assert seen == [(math.inf, None)]


@pytest.mark.parametrize("concurrency", [1, 4])
def test_all_of_an_invocation_have_one_deadline(concurrency: int) -> None:
    """Factories as well as handlers, those of batches too, in whatever lane."""
    seen: list[Deadline] = []

    def get_client(deadline: Deadline) -> str:
        seen.append(deadline)
        return "client"

    routes = Routes()

    @routes.on(Order)
    def place(
        change: Change[Order], deadline: Deadline, client: Annotated[str, Depends(get_client, scope="invocation")]
    ) -> None:
        seen.append(deadline)

    @routes.on_batch(Order)
    async def index(changes: Sequence[Change[Order]], deadline: Deadline) -> None:
        seen.append(deadline)

    Dispatcher(routes, concurrency=concurrency)(inserts(1, 2), Context())
    assert len(seen) == 4
    assert len(set(seen)) == 1


def test_the_deadline_that_handlers_see_is_the_one_that_defers() -> None:
    """Where it has passed inside a handler, nothing after it starts."""
    seen: list[bool] = []

    def handler(change: Change[Order], deadline: Deadline) -> None:
        while not deadline.passed:
            time.sleep(0.001)
        seen.append(deadline.passed)

    app = dispatcher(handler, reserve=0)
    assert (app(inserts(1, 2), Context(remaining=50)), seen) == (failures(2), [True])


def test_a_handler_gets_the_batch() -> None:
    """A parameter annotated Batch holds all records of the invocation, whatever becomes of them."""
    seen = []

    def handler(change: Change[Order], batch: Batch) -> None:
        seen.append((batch.size, len(batch), batch[0].event_id, [record.sequence_number for record in batch[1:]]))

    dispatcher(handler)(batch(insert(1), insert(2, entity="Stranger")))
    assert seen == [(2, 2, "e1", ["2"])]


def test_an_optional_parameter_is_supplied_too() -> None:
    """A parameter annotated Record | None is supplied."""
    seen = []

    def handler(change: Change[Order], record: Record | None = None) -> None:
        seen.append(record)

    dispatcher(handler)(inserts(1))
    assert seen[0] is not None


def test_a_default_is_left_alone() -> None:
    """A parameter that nothing supplies keeps its default."""
    seen = []

    def handler(change: Change[Order], limit: int = 5) -> None:
        seen.append(limit)

    dispatcher(handler)(inserts(1))
    assert seen == [5]


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_the_logger_is_bound_to_the_record(capsys: pytest.CaptureFixture[str]) -> None:
    """A handler's log lines carry entity, event, event ID, sequence number and route, and the request."""

    def handler(change: Change[Order], log: Log) -> None:
        log.info("hello", total=change.image.total)

    dispatcher(handler)(batch(insert(1, total=5)), Context())
    line = next(line for line in lines(capsys.readouterr().out) if line["event"] == "hello")
    del line["timestamp"]
    assert line == {
        "event": "hello",
        "level": "info",
        "total": 5,
        "entity": "Order",
        "event_name": "INSERT",
        "event_id": "e1",
        "sequence_number": "1",
        "route": f"{__name__}.test_the_logger_is_bound_to_the_record.handler",
        "request_id": "req-1",
    }


def test_the_logger_of_a_dependency_is_bound_to_the_record(capsys: pytest.CaptureFixture[str]) -> None:
    """A factory of scope record logs in the name of the record that it serves."""

    def factory(log: Log) -> int:
        log.info("made")
        return 1

    def handler(change: Change[Order], value: Annotated[int, Depends(factory)]) -> None: ...

    dispatcher(handler)(inserts(1))
    line = next(line for line in lines(capsys.readouterr().out) if line["event"] == "made")
    assert line["sequence_number"] == "1"


@pytest.mark.parametrize("scope", ["invocation", "cold_start"])
def test_the_logger_of_what_outlives_the_record_names_none(scope: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A factory of a wider scope does not log in the name of the record that happened to come first."""

    def factory(log: Log) -> int:
        log.info("made")
        return 1

    def handler(change: Change[Order], value: Annotated[int, Depends(factory, scope=scope)]) -> None: ...

    dispatcher(handler)(inserts(1))
    line = next(line for line in lines(capsys.readouterr().out) if line["event"] == "made")
    assert {"sequence_number", "event_id", "entity", "route"}.isdisjoint(line)


def test_the_logger_of_a_cold_start_names_no_request(capsys: pytest.CaptureFixture[str]) -> None:
    """What lives as long as the container does not log in the name of the first request."""

    def factory(log: Log) -> Log:
        return log

    def handler(change: Change[Order], log: Annotated[Log, Depends(factory, scope="cold_start")]) -> None:
        log.info("hello")

    app = dispatcher(handler)
    app(inserts(1), Context(request_id="req-1"))
    app(inserts(2), Context(request_id="req-2"))
    hellos = [line for line in lines(capsys.readouterr().out) if line["event"] == "hello"]
    assert [line.get("request_id") for line in hellos] == [None, None]


def test_the_logger_of_a_batch_names_the_route(capsys: pytest.CaptureFixture[str]) -> None:
    """An on_batch handler's lines carry the route and no record."""
    routes = Routes()

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]], log: Log) -> None:
        log.info("indexed")

    Dispatcher(routes)(inserts(1, 2))
    line = next(line for line in lines(capsys.readouterr().out) if line["event"] == "indexed")
    assert (line["route"].endswith("index"), "sequence_number" in line) == (True, False)


# ------------------------------------------------------------------------------------------------------------------ scopes


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


def test_nothing_is_made_that_nobody_needs() -> None:
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
    barrier = threading.Barrier(4, timeout=10)

    def wait() -> None:
        barrier.wait()

    def slow() -> int:
        import time

        time.sleep(0.02)
        made.append(1)
        return len(made)

    def handler(
        change: Change[Order], here: Annotated[None, Depends(wait)], value: Annotated[int, Depends(slow, scope=scope)]
    ) -> None: ...

    assert (dispatcher(handler, concurrency=4)(inserts(1, 2, 3, 4)), made) == (SUCCESS, [1])


@pytest.mark.timeout(20)
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
    """What a factory raises goes the way of what a handler raises."""

    def factory() -> int:
        raise Reject("no tenant")

    def handler(change: Change[Order], value: Annotated[int, Depends(factory)]) -> None: ...

    (outcome,) = dispatcher(handler, parking=MemoryParking()).dispatch(inserts(1))
    assert (outcome.status, outcome.stage) == ("parked", "handler")


# -------------------------------------------------------------------------------------------------------- sub-dependencies


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


# ---------------------------------------------------------------------------------------------------------------- clean-up

Trace = list[str]


def opened(name: str, trace: Trace) -> Callable[[], Iterator[str]]:
    def factory() -> Iterator[str]:
        trace.append(f"open {name}")
        try:
            yield name
        except Exception as error:
            trace.append(f"{name} saw {type(error).__name__}")
            raise
        finally:
            trace.append(f"close {name}")

    return factory


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
    """A record that was parked is finished with, whatever a clean-up says later."""
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


# ----------------------------------------------------------------------------------------------------------- sync and async


def test_an_async_handler_has_finished_when_the_dispatcher_answers() -> None:
    """An async handler is run to its end before the next record starts."""
    trace = []

    async def handler(change: Change[Order]) -> None:
        trace.append(f"start {change.record.sequence_number}")
        await asyncio.sleep(0)
        trace.append(f"end {change.record.sequence_number}")

    dispatcher(handler)(inserts(1, 2))
    assert trace == ["start 1", "end 1", "start 2", "end 2"]


def test_an_async_failure_is_a_failure() -> None:
    """What an async handler raises after an await is the failure of its record."""

    async def handler(change: Change[Order]) -> None:
        await asyncio.sleep(0)
        raise TimeoutError

    assert dispatcher(handler)(inserts(1)) == failures(1)


def test_a_plain_handler_may_return_an_awaitable() -> None:
    """A coroutine that a plain function returns is awaited."""
    done = []

    async def work() -> None:
        done.append(1)

    def handler(change: Change[Order]) -> Any:
        return work()

    assert (dispatcher(handler)(inserts(1)), done) == (SUCCESS, [1])


def test_what_a_handler_returns_is_ignored() -> None:
    """A handler may return anything."""

    def handler(change: Change[Order]) -> Any:
        return {"batchItemFailures": [{"itemIdentifier": "x"}]}

    assert dispatcher(handler)(inserts(1)) == SUCCESS


class Async:
    async def __call__(self, change: Change[Order]) -> None:
        await asyncio.sleep(0)
        raise TimeoutError


def test_an_instance_with_an_async_call_is_an_async_handler() -> None:
    """An object whose __call__ is async is awaited."""
    assert dispatcher(Async())(inserts(1)) == failures(1)


def test_async_factories_are_awaited() -> None:
    """A handler gets the value of an async factory, plain handlers too."""

    async def make() -> int:
        await asyncio.sleep(0)
        return 5

    seen = []

    def handler(change: Change[Order], value: Annotated[int, Depends(make)]) -> None:
        seen.append(value)

    dispatcher(handler)(inserts(1))
    assert seen == [5]


@pytest.mark.parametrize("concurrency", [1, 3])
def test_async_generators_are_cleaned_up(concurrency: int) -> None:
    """What stands after an async generator's yield is awaited after the handler."""
    trace: Trace = []

    async def get() -> AsyncIterator[str]:
        await asyncio.sleep(0)
        trace.append("open")
        try:
            yield "value"
        except TimeoutError:
            trace.append("saw it")
            raise
        finally:
            await asyncio.sleep(0)
            trace.append("close")

    async def handler(change: Change[Order], value: Annotated[str, Depends(get)]) -> None:
        trace.append(value)
        raise TimeoutError

    dispatcher(handler, concurrency=concurrency)(inserts(1))
    assert trace == ["open", "value", "saw it", "close"]


@pytest.mark.parametrize("concurrency", [1, 3])
def test_one_loop_serves_every_invocation(concurrency: int) -> None:
    """Handlers, factories and clean-ups of all invocations run on one and the same event loop."""
    loops = []

    async def get() -> AsyncIterator[int]:
        loops.append(asyncio.get_running_loop())
        yield 1
        loops.append(asyncio.get_running_loop())

    async def handler(change: Change[Order], value: Annotated[int, Depends(get)]) -> None:
        loops.append(asyncio.get_running_loop())

    app = dispatcher(handler, concurrency=concurrency)
    app(inserts(1, 2))
    app(inserts(3))
    assert len(loops) == 9
    assert len(set(map(id, loops))) == 1


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_client_made_on_the_loop_stays_usable(concurrency: int) -> None:
    """What a cold start's async factory bound to the loop works in later invocations."""

    async def make() -> asyncio.Queue[int]:
        queue: asyncio.Queue[int] = asyncio.Queue()
        await queue.put(1)
        return queue

    async def handler(
        change: Change[Order], queue: Annotated[asyncio.Queue[int], Depends(make, scope="cold_start")]
    ) -> None:
        await asyncio.wait_for(queue.get(), 5)
        await queue.put(1)

    app = dispatcher(handler, concurrency=concurrency)
    assert [app(inserts(1, 2)), app(inserts(3))] == [SUCCESS, SUCCESS]


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_dispatcher_can_be_called_inside_a_running_loop(concurrency: int) -> None:
    """An async test, or any code on a loop, can call the dispatcher; async handlers run all the same."""
    loops = []

    async def make() -> int:
        return 1

    async def handler(change: Change[Order], value: Annotated[int, Depends(make, scope="invocation")]) -> None:
        await asyncio.sleep(0)
        loops.append(asyncio.get_running_loop())

    app = dispatcher(handler, concurrency=concurrency)

    async def test() -> list[Any]:
        return [app(inserts(1, 2)), app(inserts(3))]

    assert asyncio.run(test()) == [SUCCESS, SUCCESS]
    assert app(inserts(4)) == SUCCESS
    assert len(set(map(id, loops))) == 1


def test_plain_handlers_inside_a_running_loop_stay_in_their_thread() -> None:
    """Without anything async a dispatcher inside a loop runs where it was called."""
    threads = []

    def handler(change: Change[Order]) -> None:
        threads.append(threading.current_thread())

    async def test() -> None:
        dispatcher(handler)(inserts(1))

    asyncio.run(test())
    assert threads == [threading.current_thread()]


def test_an_async_failure_inside_a_running_loop_is_a_failure() -> None:
    """What an async handler raises while the caller's loop runs is its record's failure."""

    async def handler(change: Change[Order]) -> None:
        raise TimeoutError

    async def test() -> Any:
        return dispatcher(handler)(inserts(1))

    assert asyncio.run(test()) == failures(1)


@pytest.mark.timeout(20)
def test_threads_that_call_one_dispatcher_take_turns() -> None:
    """A dispatcher called from several threads, as local tools may, answers each of them."""
    answers: list[Any] = []
    under_way = threading.Event()

    async def handler(change: Change[Order]) -> None:
        under_way.set()
        await asyncio.sleep(0.1 if change.keys["pk"] == "key-1" else 0.3)

    app = dispatcher(handler)

    def call(number: int) -> None:
        answers.append(app(inserts(number)))

    # Daemons, so that a thread which waits for ever fails this test and not the whole run.
    threads = [threading.Thread(target=call, args=(number,), daemon=True) for number in (1, 2)]
    threads[0].start()
    under_way.wait()
    threads[1].start()
    for thread in threads:
        thread.join(timeout=3)
    assert answers == [SUCCESS, SUCCESS]


def test_a_background_task_goes_on_in_the_next_invocation() -> None:
    """A task that a handler started is not lost with its invocation: the loop stays."""
    done = []

    async def background() -> None:
        await asyncio.sleep(0)
        done.append(1)

    tasks: list[asyncio.Future[None]] = []

    async def handler(change: Change[Order]) -> None:
        if not tasks:
            tasks.append(asyncio.ensure_future(background()))
        else:
            await tasks[0]

    app = dispatcher(handler)
    app(inserts(1))
    app(inserts(2))
    assert done == [1]


def test_the_loop_is_closed_with_the_dispatcher() -> None:
    """A dispatcher that nobody holds any more leaves no loop open."""
    loops = []

    async def handler(change: Change[Order]) -> None:
        loops.append(asyncio.get_running_loop())

    dispatcher(handler)(inserts(1))
    gc.collect()
    assert loops[0].is_closed()


def test_no_loop_without_anything_async() -> None:
    """Plain handlers one after the other make no event loop."""

    def handler(change: Change[Order]) -> None: ...

    app = dispatcher(handler)
    app(inserts(1, 2))
    assert app._container.loop._loop is None


# --------------------------------------------------------------------------------------------------------------- overrides


def get_bus() -> str:
    return "real"


def bus_app(scope: Any = "record") -> tuple[Dispatcher, list[str]]:
    seen: list[str] = []

    def handler(change: Change[Order], bus: Annotated[str, Depends(get_bus, scope=scope)]) -> None:
        seen.append(bus)

    return dispatcher(handler), seen


@pytest.mark.parametrize("scope", ["record", "invocation", "cold_start"])
def test_an_override_replaces_a_dependency(scope: Any) -> None:
    """A factory in app.overrides is asked in place of the other."""
    app, seen = bus_app(scope)
    app.overrides[get_bus] = lambda: "fake"
    app(inserts(1))
    assert seen == ["fake"]


@pytest.mark.parametrize("scope", ["record", "invocation", "cold_start"])
def test_an_override_can_be_changed_and_removed(scope: Any) -> None:
    """Overrides set, changed and removed between invocations count from the next one on."""
    app, seen = bus_app(scope)
    app(inserts(1))
    app.overrides[get_bus] = lambda: "fake"
    app(inserts(2))
    app.overrides[get_bus] = lambda: "other"
    app(inserts(3))
    app.overrides.clear()
    app(inserts(4))
    assert seen == ["real", "fake", "other", "real"]


def test_an_override_reaches_what_needs_it() -> None:
    """An override of a sub-dependency of a cold_start value makes that value anew."""

    def client(bus: Annotated[str, Depends(get_bus, scope="cold_start")]) -> str:
        return f"client of {bus}"

    seen = []

    def handler(change: Change[Order], client: Annotated[str, Depends(client, scope="cold_start")]) -> None:
        seen.append(client)

    app = dispatcher(handler)
    app(inserts(1))
    app.overrides[get_bus] = lambda: "fake"
    app(inserts(2))
    del app.overrides[get_bus]
    app(inserts(3))
    assert seen == ["client of real", "client of fake", "client of real"]


def test_an_override_may_need_things_itself() -> None:
    """An override is a factory like any other: it gets what it declares, and is cleaned up."""
    closed = []

    def fake(record: Record) -> Iterator[str]:
        yield f"fake for {record.sequence_number}"
        closed.append(1)

    app, seen = bus_app()
    app.overrides[get_bus] = fake
    app(inserts(1))
    assert (seen, closed) == (["fake for 1"], [1])


def test_an_override_may_wrap_what_it_replaces() -> None:
    """A spy that needs the factory which it overrides gets the real value."""

    def spy(real: Annotated[str, Depends(get_bus)]) -> str:
        return f"spy on {real}"

    app, seen = bus_app()
    app.overrides[get_bus] = spy
    app(inserts(1))
    assert seen == ["spy on real"]


def test_an_override_cleans_up_what_the_other_had_made() -> None:
    """When overrides change, values of scope cold_start are cleaned up before new ones are made."""
    trace: Trace = []
    get = opened("bus", trace)

    def handler(change: Change[Order], bus: Annotated[str, Depends(get, scope="cold_start")]) -> None: ...

    app = dispatcher(handler)
    app(inserts(1))
    app.overrides[get] = lambda: "fake"
    app(inserts(2))
    assert trace == ["open bus", "close bus"]


def test_an_override_keeps_the_scope() -> None:
    """An override lives as long as what it replaces."""
    counter = Counter()
    app, _ = bus_app("invocation")
    app.overrides[get_bus] = counter
    app(inserts(1, 2, 3))
    assert counter.made == 1


def test_an_override_that_is_no_factory_is_refused() -> None:
    """An override has to be callable: the error says how to write one."""
    app, _ = bus_app()
    app.overrides[get_bus] = "fake"  # type: ignore[assignment]  # wrong on purpose
    with pytest.raises(RegistrationError, match="expected a factory"):
        app(inserts(1))


def test_an_override_that_needs_what_nothing_supplies_is_refused() -> None:
    """An override with a parameter that nothing supplies is refused like a handler with one."""

    def fake(region: str) -> str:
        return region

    app, _ = bus_app()
    app.overrides[get_bus] = fake
    with pytest.raises(RegistrationError, match=r"get_bus.*region"):
        app(inserts(1))


def test_an_override_that_failed_can_be_put_right() -> None:
    """After a refused override the next invocation works as soon as it is gone."""
    app, seen = bus_app()
    app.overrides[get_bus] = "fake"  # type: ignore[assignment]  # wrong on purpose
    with pytest.raises(RegistrationError):
        app(inserts(1))
    app.overrides.clear()
    app(inserts(2))
    assert seen == ["real"]


def test_a_handlers_own_default_survives_an_override_elsewhere() -> None:
    """Overriding one factory leaves the others alone."""
    app, seen = bus_app()
    app.overrides[Counter] = lambda: "unrelated"
    app(inserts(1))
    assert seen == ["real"]
