"""Context variables that one record's handler sets are not seen by another record."""

import asyncio
import decimal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Annotated, Any

import pytest

from router import Change, Depends, Dispatcher, Routes
from tests.builders import SUCCESS, Order, batch, dispatcher, failures, insert, inserts

CONCURRENCY = pytest.mark.parametrize("concurrency", [1, 2])
variable: ContextVar[Any] = ContextVar("variable", default="unset")


@contextmanager
def variable_is(value: Any) -> Iterator[None]:
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


def noting(seen: list[Any]) -> Any:
    def handler(change: Change[Order]) -> None:
        seen.append(variable.get())
        variable.set(change.keys["pk"])

    return handler


@CONCURRENCY
@pytest.mark.parametrize("same_item", [True, False])
@pytest.mark.parametrize("is_async", [True, False])
def test_a_handler_does_not_see_what_another_records_has_set(concurrency: int, same_item: bool, is_async: bool) -> None:
    """Each record finds the variables as the invocation found them, also in the same lane."""
    seen: list[Any] = []
    plain = noting(seen)

    async def asynchronous(change: Change[Order]) -> None:
        plain(change)

    app = dispatcher(asynchronous if is_async else plain, concurrency=concurrency)
    event = batch(*(insert(number, "same" if same_item else f"key-{number}") for number in range(1, 6)))
    with variable_is("outside"):
        app(event)
        app(event)
        assert variable.get() == "outside"
    assert seen == ["outside"] * 10


@pytest.mark.parametrize(("before", "after"), [(1, True), ([], []), (0, decimal.Decimal(0)), (0, 0.0)])
def test_an_equal_value_is_another_value(before: Any, after: Any) -> None:
    """A variable that is set to an equal value has changed, too."""
    seen = []

    def handler(change: Change[Order]) -> None:
        seen.append(variable.get())
        variable.set(after)

    with variable_is(before):
        dispatcher(handler)(inserts(1, 2, 3))
    assert all(value is before for value in seen)


class Incomparable:
    def __eq__(self, other: object) -> bool:
        raise TimeoutError

    __hash__ = None  # type: ignore[assignment]  # as it is not comparable


@pytest.mark.parametrize("before", [None, Incomparable()])
def test_a_value_that_cannot_be_compared_fails_nothing(before: Any) -> None:
    """Values whose comparison raises are values like any others."""
    seen = []

    def handler(change: Change[Order]) -> None:
        seen.append(variable.get())
        variable.set(Incomparable())

    with variable_is(before):
        assert dispatcher(handler)(inserts(1, 2)) == SUCCESS
    assert all(value is before for value in seen)


def test_routes_of_one_record_share_its_variables() -> None:
    """The scope of a variable is the record: a later handler of the same record sees it."""
    seen: list[Any] = []
    routes = Routes()
    first = noting(seen)

    def second(change: Change[Order]) -> None:
        seen.append(variable.get())

    routes.on(Order)(first)
    routes.on(Order)(second)
    Dispatcher(routes)(inserts(1, 2))
    assert seen == ["unset", "key-1", "unset", "key-2"]


@CONCURRENCY
def test_a_middleware_sets_a_variable_for_its_record(concurrency: int) -> None:
    """What a middleware sets is seen by its handler, plain or async, and by no other record."""
    seen: list[Any] = []

    def middleware(call: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def around(change: Any) -> Any:
            seen.append(variable.get())
            variable.set(change.keys["pk"])
            return call(change)

        return around

    async def handler(change: Change[Order]) -> None:
        assert variable.get() == change.keys["pk"]

    assert dispatcher(handler, middleware=[middleware], concurrency=concurrency)(inserts(1, 2, 3)) == SUCCESS
    assert seen == ["unset"] * 3


@CONCURRENCY
def test_a_failure_leaves_no_variable(concurrency: int) -> None:
    """A handler that sets a variable and fails leaves nothing for the next invocation."""
    seen: list[Any] = []

    def handler(change: Change[Order]) -> None:
        noting(seen)(change)
        raise TimeoutError

    app = dispatcher(handler, concurrency=concurrency)
    assert (app(inserts(1)), app(inserts(1)), seen) == (failures(1), failures(1), ["unset", "unset"])


def test_batch_handlers_do_not_see_what_others_have_set() -> None:
    """A batch handler finds the variables of the invocation, as the records do."""
    seen = []
    routes = Routes()

    def index(changes: Sequence[Change[Order]]) -> None:
        seen.append(variable.get())
        variable.set("index")

    def search(changes: Sequence[Change[Order]]) -> None:
        index(changes)

    routes.on(Order)(noting([]))
    routes.on_batch(Order)(index)
    routes.on_batch(Order)(search)
    Dispatcher(routes)(inserts(1, 2))
    assert seen == ["unset", "unset"]


def test_a_decimal_context_is_the_records_own() -> None:
    """A handler that sets the context of decimal arithmetic sets it for its record."""
    seen = []

    def handler(change: Change[Order]) -> None:
        seen.append(decimal.getcontext().prec)
        decimal.setcontext(decimal.Context(prec=3))

    dispatcher(handler)(inserts(1, 2))
    assert len(set(seen)) == 1


def binding(seen: list[Any]) -> Callable[[], Iterator[int]]:
    def factory() -> Iterator[int]:
        seen.append(variable.get())
        token: Token[Any] = variable.set("set by the factory")
        try:
            yield 1
        finally:
            variable.reset(token)  # raises in another context than that of set()

    return factory


def binding_async(seen: list[Any]) -> Callable[[], AsyncIterator[int]]:
    async def factory() -> AsyncIterator[int]:
        seen.append(variable.get())
        token: Token[Any] = variable.set("set by the factory")
        await asyncio.sleep(0)
        try:
            yield 1
        finally:
            variable.reset(token)  # as above

    return factory


@CONCURRENCY
@pytest.mark.parametrize("scope", ["record", "invocation", "cold_start"])
@pytest.mark.parametrize("make", [binding, binding_async])
def test_a_factory_can_reset_what_it_has_set(make: Any, scope: Any, concurrency: int) -> None:
    """A generator's clean-up runs in the context of its set-up, whenever its scope ends."""
    seen: list[Any] = []
    factory = make(seen)

    def handler(change: Change[Order], value: Annotated[int, Depends(factory, scope=scope)]) -> None:
        if scope == "record" and make is binding:
            assert variable.get() == "set by the factory"
        else:
            assert variable.get() == "unset"

    app = dispatcher(handler, concurrency=concurrency)
    assert (app(inserts(1, 2)), app(inserts(3))) == (SUCCESS, SUCCESS)
    app.close()
    assert set(seen) == {"unset"}


def test_a_value_of_the_invocation_is_made_without_a_records_variables() -> None:
    """What serves all records of an invocation does not depend on which record needed it first."""
    seen = []

    def get() -> int:
        seen.append(variable.get())
        return 1

    def middleware(call: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def around(change: Any) -> Any:
            variable.set(change.keys["pk"])
            return call(change)

        return around

    def handler(change: Change[Order], value: Annotated[int, Depends(get, scope="invocation")]) -> None: ...

    dispatcher(handler, middleware=[middleware])(inserts(1, 2))
    assert seen == ["unset"]
