"""The routes of a record run one after the other; each has its condition and its failure."""

from typing import Any

import pytest
from pydantic import field_validator

from router import (
    Dispatcher,
    Insert,
    MemoryParking,
    Modify,
    Outcome,
    Reject,
    Routes,
    changed,
    where,
)
from tests.builders import (
    SUCCESS,
    Handled,
    Json,
    Order,
    batch,
    dispatcher,
    failures,
    insert,
    inserts,
    modify,
    statuses,
)
from tests.dispatch.cases import two_routes

# ----------------------------------------------------------------------------------------------------------- conditions


def conditional(condition: Any, raw: Json, **options: Any) -> Outcome:
    routes = Routes()

    @routes.on_modify(Order, condition)
    def handler(change: Modify[Order]) -> None: ...

    (outcome,) = Dispatcher(routes, **options).dispatch(batch(raw))
    return outcome


def test_a_predicate_that_raises_fails_the_record() -> None:
    """What a where() predicate raises is a failure at stage handler: it is the user's code."""

    def broken(change: Modify[Order]) -> bool:
        raise TimeoutError

    outcome = conditional(where(broken), modify(1))
    assert (outcome.status, outcome.stage, type(outcome.error)) == ("failed", "handler", TimeoutError)


def test_a_condition_of_the_users_own_that_raises_fails_the_record() -> None:
    """A user's own condition that raises on the wire images is a failure at stage handler."""

    class Broken:
        compares = False

        def wire(self, old: Any, new: Any) -> bool:
            raise TimeoutError

        def typed(self, change: Any, old: Any, new: Any) -> bool:
            return True

    outcome = conditional(Broken(), modify(1))
    assert (outcome.status, outcome.stage) == ("failed", "handler")


def over_five(change: Modify[Order]) -> bool:
    return change.new.total > 5


def test_a_predicate_that_says_no_skips_the_record() -> None:
    """A record that does not meet where() is skipped."""
    outcome = conditional(where(over_five), modify(1, total=5))
    assert (outcome.status, outcome.route) == ("skipped", None)


def test_a_record_that_none_of_several_routes_lets_through_is_one_outcome() -> None:
    """A record that meets no route's condition is skipped once, without a route."""
    routes = Routes()

    @routes.on_modify(Order, changed("status"))
    def one(change: Modify[Order]) -> None: ...

    @routes.on_modify(Order, changed("total"))
    def two(change: Modify[Order]) -> None: ...

    (outcome,) = Dispatcher(routes).dispatch(batch(modify(1)))
    assert (outcome.status, outcome.route) == ("skipped", None)


def test_what_no_condition_lets_through_is_not_decoded() -> None:
    """A record that does not meet changed() is skipped, even with malformed images."""
    raw = modify(1, total={"N": "abc"}, old={"total": {"N": "abc"}})
    assert conditional(changed("status"), raw).status == "skipped"


def test_what_where_has_to_see_is_decoded() -> None:
    """A malformed record under where() is a failure, not an unmet condition."""
    assert conditional(where(lambda change: False), modify(1, total={"N": "abc"})).stage == "decode"


@pytest.mark.parametrize(
    "wire", [{"N": "abc"}, {"X": "1"}, {}, None, [], {"N": "1", "S": "1"}, {"SS": [1]}, {"L": None}]
)
def test_a_malformed_value_that_a_condition_compares_is_no_handler_failure(wire: Any) -> None:
    """A malformed attribute under changed() fails at stage decode, where failures are permanent."""
    outcome = conditional(changed("total"), modify(1, total=wire, old={"total": 5}))
    assert (outcome.status, outcome.stage) == ("failed", "decode")


# ----------------------------------------------------------------------------------------------- several routes, replay


def test_each_route_is_its_own_unit_of_success() -> None:
    """Of two routes of a record one is done although the other failed."""
    assert statuses(two_routes(Handled(), Handled({1: TimeoutError()})).dispatch(inserts(1))) == ["done", "failed"]


def test_routes_after_a_failed_one_are_deferred() -> None:
    """The routes after the one that failed do not run for this record."""
    second = Handled()
    report = two_routes(Handled({1: TimeoutError()}), second).dispatch(inserts(1))
    assert (statuses(report), list(second)) == (["failed", "deferred"], [])


def test_a_parked_route_does_not_hold_up_the_next() -> None:
    """A route that parked its record lets the record's other routes run."""
    second = Handled()
    app = two_routes(Handled({1: Reject("never")}), second, parking=MemoryParking())
    assert (statuses(app.dispatch(inserts(1))), list(second)) == (["parked", "done"], ["1"])


def test_images_are_parsed_once_for_several_routes() -> None:
    """Two routes of one record are given copies of an instance that is validated once."""
    validated: list[str] = []

    class Counted(Order):
        @field_validator("pk")
        @classmethod
        def count(cls, pk: str) -> str:
            validated.append(pk)
            return pk

    seen: list[Counted] = []

    def first(change: Insert[Counted]) -> None:
        seen.append(change.new)

    def second(change: Insert[Counted]) -> None:
        seen.append(change.new)

    routes = Routes()
    routes.on_insert(Counted)(first)
    routes.on_insert(Counted)(second)
    Dispatcher(routes)(inserts(1))
    assert (seen[0], len(validated)) == (seen[1], 1)
    assert seen[0] is not seen[1]


# ------------------------------------------------------------------------------------------------------ base exceptions


class Stop(BaseException):
    """Ends a process, not a record."""


@pytest.mark.parametrize("concurrency", [1, 4])
def test_what_is_no_exception_ends_the_invocation(concurrency: int) -> None:
    """SystemExit and KeyboardInterrupt end the invocation, so the whole batch comes again."""
    with pytest.raises(Stop):
        dispatcher(Handled({2: Stop()}), concurrency=concurrency)(inserts(1, 2, 3))


def test_the_dispatcher_works_after_such_an_end() -> None:
    """After an invocation that a handler ended, the next one is handled."""
    handled = Handled({1: Stop()})
    app = dispatcher(handled)
    with pytest.raises(Stop):
        app(inserts(1))
    handled.fail.clear()
    assert app(inserts(1)) == SUCCESS


@pytest.mark.parametrize(
    "error", [RecursionError(), MemoryError(), StopIteration(), AssertionError(), ExceptionGroup("g", [OSError()])]
)
@pytest.mark.parametrize("concurrency", [1, 4])
def test_every_exception_is_a_failure_of_its_record(error: Exception, concurrency: int) -> None:
    """Any exception of a handler fails its record only."""
    assert dispatcher(Handled({2: error}), concurrency=concurrency)(inserts(1, 2)) == failures(2)


class UnprintableError(Exception):
    """An exception that cannot be printed."""

    def __str__(self) -> str:
        raise RuntimeError

    __repr__ = __str__


def test_an_exception_that_cannot_be_printed_costs_its_record() -> None:
    """An exception whose text raises fails its record like any other."""
    assert dispatcher(Handled({1: UnprintableError()}))(inserts(1)) == failures(1)


def test_a_validator_of_the_users_that_raises_costs_its_record() -> None:
    """A validator that raises something pydantic does not catch is a failure at stage validate."""
    from pydantic import BaseModel, field_validator

    class Strict(BaseModel):
        total: int

        @field_validator("total")
        @classmethod
        def refuse(cls, value: int) -> int:
            raise KeyError(value)

    routes = Routes()

    @routes.on_insert(Strict)
    def handler(change: Insert[Strict]) -> None: ...

    (outcome,) = Dispatcher(routes).dispatch(batch(insert(1, entity="Strict", total=1)))
    assert (outcome.stage, type(outcome.error)) == ("validate", KeyError)
