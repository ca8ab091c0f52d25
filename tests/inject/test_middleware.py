"""Middleware runs around every handler, the first outermost, and sees it finish."""

import asyncio
import functools
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import pytest

from router import Change, Depends, Dispatcher, MemoryParking, RegistrationError, Reject, Routes
from router.inject.middleware import wrap
from tests.builders import SUCCESS, Order, batch, dispatcher, failures, insert, inserts, statuses

Call = Callable[[Any], Any]


def tracing(name: str, trace: list[str]) -> Callable[[Call], Call]:
    def middleware(call: Call) -> Call:
        def around(change: Any) -> Any:
            trace.append(f"{name} before")
            try:
                return call(change)
            finally:
                trace.append(f"{name} after")

        return around

    return middleware


def test_the_first_is_outermost() -> None:
    """Middleware nests in the order in which it is given."""
    trace: list[str] = []

    def handler(change: Change[Order]) -> None:
        trace.append("handler")

    dispatcher(handler, middleware=[tracing("a", trace), tracing("b", trace)])(inserts(1))
    assert trace == ["a before", "b before", "handler", "b after", "a after"]


def test_it_runs_around_each_call() -> None:
    """Middleware is called for every record and route, and made once."""
    made, calls = [], []

    def middleware(call: Call) -> Call:
        made.append(call)

        def around(change: Any) -> Any:
            calls.append(change.record.sequence_number)
            return call(change)

        return around

    routes = Routes()

    @routes.on(Order)
    def one(change: Change[Order]) -> None: ...

    @routes.on(Order)
    def two(change: Change[Order]) -> None: ...

    Dispatcher(routes, middleware=[middleware])(inserts(1, 2))
    assert (len(made), calls) == (2, ["1", "1", "2", "2"])


def test_it_is_given_what_the_handler_is() -> None:
    """Middleware gets the typed change."""
    seen = []

    def middleware(call: Call) -> Call:
        def around(change: Change[Order]) -> Any:
            seen.append((change.image.total, change.event))
            return call(change)

        return around

    def handler(change: Change[Order]) -> None: ...

    dispatcher(handler, middleware=[middleware])(batch(insert(1, total=5)))
    assert [total for total, _ in seen] == [5]


def test_a_batch_handler_has_it_too() -> None:
    """Around an on_batch handler middleware gets all changes of the call."""
    seen = []

    def middleware(call: Call) -> Call:
        def around(changes: Sequence[Change[Order]]) -> Any:
            seen.append(len(changes))
            return call(changes)

        return around

    routes = Routes()

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]]) -> None: ...

    Dispatcher(routes, middleware=[middleware])(inserts(1, 2))
    assert seen == [2]


def test_the_fallback_has_it_too() -> None:
    """Around the fallback middleware runs as around any handler."""
    trace: list[str] = []
    routes = Routes()

    @routes.fallback
    def unknown(change: Change[dict[str, Any]]) -> None:
        trace.append("fallback")

    Dispatcher(routes, middleware=[tracing("a", trace)])(inserts(1))
    assert trace == ["a before", "fallback", "a after"]


@pytest.mark.parametrize("concurrency", [1, 2])
def test_an_async_handler_has_finished_when_the_call_returns(concurrency: int) -> None:
    """Around an async handler, what stands after the call runs when the handler is done."""
    trace: list[str] = []

    async def handler(change: Change[Order]) -> None:
        await asyncio.sleep(0)
        trace.append("handler")

    dispatcher(handler, middleware=[tracing("a", trace)], concurrency=concurrency)(inserts(1))
    assert trace == ["a before", "handler", "a after"]


def test_an_awaitable_of_a_plain_handler_has_finished_too() -> None:
    """A coroutine that a plain function returns, as decorators make, is finished inside the middleware."""
    trace: list[str] = []

    async def work() -> None:
        await asyncio.sleep(0)
        trace.append("handler")

    def handler(change: Change[Order]) -> Any:
        return work()

    dispatcher(handler, middleware=[tracing("a", trace)])(inserts(1))
    assert trace == ["a before", "handler", "a after"]


def test_it_stands_around_dependencies() -> None:
    """What a handler needs is made and cleaned up inside of the middleware."""
    trace: list[str] = []

    def get() -> Any:
        trace.append("open")
        yield 1
        trace.append("close")

    def handler(change: Change[Order], value: Annotated[int, Depends(get)]) -> None:
        trace.append("handler")

    dispatcher(handler, middleware=[tracing("a", trace)])(inserts(1))
    assert trace == ["a before", "open", "handler", "close", "a after"]


def test_it_sees_what_the_handler_raises() -> None:
    """A handler's exception passes through the middleware to the record."""
    seen = []

    def middleware(call: Call) -> Call:
        def around(change: Any) -> Any:
            try:
                return call(change)
            except TimeoutError as error:
                seen.append(error)
                raise

        return around

    error = TimeoutError()

    async def handler(change: Change[Order]) -> None:
        raise error

    (outcome,) = dispatcher(handler, middleware=[middleware]).dispatch(inserts(1))
    assert (outcome.status, outcome.error, seen) == ("failed", error, [error])


def test_it_may_turn_a_failure_into_another() -> None:
    """What a middleware raises instead is what the record failed with."""

    def middleware(call: Call) -> Call:
        def around(change: Any) -> Any:
            try:
                return call(change)
            except KeyError:
                raise Reject("known to be hopeless") from None

        return around

    def handler(change: Change[Order]) -> None:
        raise KeyError

    report = dispatcher(handler, middleware=[middleware], parking=MemoryParking()).dispatch(inserts(1))
    assert statuses(report) == ["parked"]


def test_it_may_swallow_a_failure() -> None:
    """A middleware that catches and returns has decided that the record is done."""

    def middleware(call: Call) -> Call:
        def around(change: Any) -> None:
            try:
                call(change)
            except KeyError:
                return

        return around

    def handler(change: Change[Order]) -> None:
        raise KeyError

    assert dispatcher(handler, middleware=[middleware])(inserts(1)) == SUCCESS


def test_it_may_keep_a_handler_from_running() -> None:
    """A middleware that does not call on has handled the record itself."""
    seen = []

    def handler(change: Change[Order]) -> None:
        seen.append(1)

    app = dispatcher(handler, middleware=[lambda call: lambda change: None])
    assert (app(inserts(1)), seen) == (SUCCESS, [])


def test_what_it_raises_is_a_failure_of_the_record() -> None:
    """A middleware that breaks fails its record at stage handler."""

    def middleware(call: Call) -> Call:
        def around(change: Any) -> None:
            raise TimeoutError

        return around

    def handler(change: Change[Order]) -> None: ...

    report = dispatcher(handler, middleware=[middleware]).dispatch(inserts(1))
    assert ([outcome.stage for outcome in report], report.response) == (["handler"], failures(1))


def test_it_does_not_run_for_what_cannot_be_decoded() -> None:
    """A record that never reaches a handler reaches no middleware."""
    trace: list[str] = []

    def handler(change: Change[Order]) -> None: ...

    dispatcher(handler, middleware=[tracing("a", trace)])(batch(insert(1, total="many")))
    assert trace == []


def test_an_awaitable_that_it_returns_is_awaited() -> None:
    """What a middleware returns is finished like what a handler returns."""
    done = []

    async def after() -> None:
        done.append(1)

    def handler(change: Change[Order]) -> None: ...

    dispatcher(handler, middleware=[lambda call: lambda change: after()])(inserts(1))
    assert done == [1]


@pytest.mark.parametrize(
    ("middleware", "found"),
    [
        (5, "a value of type int"),
        (None, "a value of type NoneType"),
        (lambda call: None, "which returns a value of type NoneType"),
        (lambda call: 5, "which returns a value of type int"),
    ],
)
def test_what_is_no_middleware_is_refused(middleware: Any, found: str) -> None:
    """Middleware is a function of a callable that returns a callable; anything else is an error at once."""

    def handler(change: Change[Order]) -> None: ...

    with pytest.raises(RegistrationError, match=found):
        dispatcher(handler, middleware=[middleware])


def test_an_async_middleware_is_refused() -> None:
    """An async function would return a coroutine in place of a callable."""

    async def middleware(call: Call) -> Call:
        return call

    def handler(change: Change[Order]) -> None: ...

    with pytest.raises(RegistrationError, match="async function"):
        dispatcher(handler, middleware=[middleware])


def test_an_async_callable_inside_is_refused() -> None:
    """A middleware whose callable is async is refused, because its coroutine would not be awaited."""

    def middleware(call: Call) -> Any:
        async def around(change: Any) -> Any:
            return call(change)

        return around

    def handler(change: Change[Order]) -> None: ...

    with pytest.raises(RegistrationError, match=r"middleware.*returns.* async function"):
        dispatcher(handler, middleware=[middleware])


def test_a_class_can_be_middleware() -> None:
    """A class whose instances are callable is middleware too, with slots and all."""

    class Counting:
        __slots__ = ("call",)
        count = 0

        def __init__(self, call: Call) -> None:
            self.call = call

        def __call__(self, change: Any) -> Any:
            Counting.count += 1
            return self.call(change)

    def handler(change: Change[Order]) -> None: ...

    dispatcher(handler, middleware=[Counting])(inserts(1, 2))
    assert Counting.count == 2


def test_what_wraps_says_what_it_wraps() -> None:
    """A middleware's callable has the next one as __wrapped__, its own where it set one."""

    def inner(change: Any) -> None: ...

    def plain(call: Call) -> Call:
        def around(change: Any) -> Any:
            return call(change)

        return around

    def marked(call: Call) -> Call:
        return functools.wraps(inner)(functools.partial(call))

    assert wrap(inner, [plain]).__wrapped__.__wrapped__ is inner  # type: ignore[attr-defined]  # what is tested
    assert wrap(inner, [marked]).__wrapped__ is inner  # type: ignore[attr-defined]  # what is tested


def test_without_middleware_a_call_is_itself() -> None:
    """No middleware costs no call."""

    def handler(change: Any) -> None: ...

    assert wrap(handler, []) is handler
