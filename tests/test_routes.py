"""Routes are values that decorators fill, and a decorator returns the function unchanged."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, Literal

import pytest
from pydantic import BaseModel, RootModel

from router import (
    Change,
    Dispatcher,
    Drop,
    Event,
    Insert,
    Modify,
    Park,
    RegistrationError,
    Retry,
    Route,
    Routes,
    all_of,
    changed,
    where,
)
from tests.builders import Customer, Order


class OrderV1(BaseModel):
    pk: str


class Total(RootModel[dict[str, int]]):
    pass


def place(change: Insert[Order]) -> None: ...


def ship(change: Modify[Order]) -> None: ...


def audit(change: Change[Order]) -> None: ...


def anything(change: Change[Any]) -> None: ...


def index(changes: Sequence[Change[Order]]) -> None: ...


def unknown(change: Change[dict[str, Any]]) -> None: ...


def only(routes: Routes) -> Route:
    (route,) = routes
    return route


# ----------------------------------------------------------------------------------------------------------- decorators


def test_the_function_comes_back() -> None:
    """Every decorator returns its function."""
    routes = Routes()
    assert routes.on_insert(Order)(place) is place
    assert routes.on_modify(Order)(ship) is ship
    assert routes.on_remove(Order)(audit) is audit
    assert routes.on(Order)(audit) is audit
    assert routes.on_batch(Order)(index) is index
    assert routes.fallback(unknown) is unknown
    assert [route.handler for route in routes] == [place, ship, audit, audit, index, unknown]


def test_instances_and_methods_come_back() -> None:
    """Every decorator returns an instance, a method or a partial unchanged."""

    class Handlers:
        def place(self, change: Insert[Order]) -> None: ...

        def __call__(self, change: Insert[Order]) -> None: ...

    handlers = Handlers()
    method, partial = handlers.place, functools.partial(place)
    for handler in (handlers, method, partial):
        returned: Any = Routes().on_insert(Order)(handler)
        assert returned is handler


@pytest.mark.parametrize(
    ("decorate", "events"),
    [
        (lambda routes: routes.on_insert(Order), Event.INSERT),
        (lambda routes: routes.on_modify(Order), Event.MODIFY),
        (lambda routes: routes.on_remove(Order), Event.REMOVE),
        (lambda routes: routes.on_remove(Order, cause=None), Event.REMOVE),
        (lambda routes: routes.on_remove(Order, cause="ttl"), Event.EXPIRE),
        (lambda routes: routes.on_remove(Order, cause="user"), Event.DELETE),
        (lambda routes: routes.on(Order), Event.ANY),
        (lambda routes: routes.on(Order, Event.INSERT | Event.REMOVE), Event.INSERT | Event.REMOVE),
        (lambda routes: routes.on(Order, Event.EXPIRE), Event.EXPIRE),
        (lambda routes: routes.on(Order, changed("status"), Event.MODIFY), Event.MODIFY),
    ],
)
def test_events(decorate: Any, events: Event) -> None:
    """Each decorator selects its events."""
    routes = Routes()
    decorate(routes)(anything)
    assert only(routes).events == events


def test_models() -> None:
    """Old images have the model of new ones unless ``old=`` names another."""
    routes = Routes()

    @routes.on_modify(Order)
    @routes.on_modify(Order, old=OrderV1)
    def migrate(change: Modify[Order, Any]) -> None: ...

    assert [(route.model, route.old) for route in routes] == [(Order, OrderV1), (Order, Order)]


def test_conditions() -> None:
    """Several conditions are combined with ``all_of``."""
    routes = Routes()
    status, total = changed("status"), changed("total")
    routes.on_modify(Order)(ship)
    routes.on_modify(Order, status)(ship)
    routes.on_modify(Order, status, total)(ship)
    assert [route.condition for route in routes] == [None, status, all_of(status, total)]


@pytest.mark.parametrize(
    ("entity", "names"), [(None, ()), ("Order", ("Order",)), (["Order", "Purchase"], ("Order", "Purchase"))]
)
def test_entities(entity: Any, names: tuple[str, ...]) -> None:
    """``entity=`` takes one name or several."""
    routes = Routes()
    routes.on_insert(Order, entity=entity)(place)
    assert only(routes).entities == names


@pytest.mark.parametrize("policy", [Retry(), Park(), Drop(), {ValueError: Drop()}, None])
def test_on_error(policy: Any) -> None:
    """A route holds its own policy."""
    routes = Routes()
    routes.on_insert(Order, on_error=policy)(place)
    assert only(routes).on_error == policy


@pytest.mark.parametrize("model", [dict[str, Any], Total, Order | Customer, None])
def test_models_of_other_kinds(model: Any) -> None:
    """Every type that pydantic can validate an item into is a model, if ``entity=`` names the entity."""
    routes = Routes()
    routes.on(model, entity="Order")(anything)
    assert only(routes).model == model


def test_stacked_decorators() -> None:
    """A function may have several routes, each with its own model."""
    routes = Routes()

    @routes.on_insert(Order)
    @routes.on_insert(Customer)
    def both(change: Insert[Order] | Insert[Customer]) -> None: ...

    assert [route.model for route in routes] == [Customer, Order]
    assert {route.handler for route in routes} == {both}


def test_the_same_route_twice() -> None:
    """One decorator on one handler is refused the second time, and the collection stays as it is."""
    routes = Routes()
    routes.on_insert(Order)(place)
    again: Any = routes.on_insert(Order)
    with pytest.raises(RegistrationError, match="is there twice"):
        again(place)
    assert len(routes) == 1


def test_routes_of_one_decorator_in_two_collections_are_equal() -> None:
    """Routes are values."""
    one, other = Routes(), Routes()
    one.on_insert(Order)(place)
    other.on_insert(Order)(place)
    assert one == other


class TestAfterTheDispatcher:
    """A Dispatcher takes the routes that there are when it is made; its collections take no more."""

    @pytest.mark.parametrize(
        "compose",
        [
            lambda routes: (routes,),
            lambda routes: (routes, Routes()),
            lambda routes: (routes + Routes(),),
            lambda routes: (Routes() + (Routes() + routes),),
            lambda routes: (_including(_including(routes)),),
            lambda routes: (_including(routes + Routes()),),
        ],
    )
    def test_a_decorator_names_the_dispatcher(self, compose: Any) -> None:
        """At any depth of composition the error says where the Dispatcher was made."""
        routes = Routes()
        routes.on_insert(Order)(place)
        Dispatcher(*compose(routes))
        late: Any = routes.on_modify(Order)
        with pytest.raises(RegistrationError, match=r"a Dispatcher has been made at .*test_routes.py:\d+"):
            late(ship)

    def test_a_collection_that_was_empty_takes_none(self) -> None:
        """The usual mistake: the Dispatcher is made before the modules of handlers are imported."""
        routes = Routes()
        Dispatcher(routes)
        late: Any = routes.fallback
        with pytest.raises(RegistrationError, match="comes too late"):
            late(unknown)

    def test_two_dispatchers_of_one_collection(self) -> None:
        """A collection may have many Dispatchers."""
        routes = Routes()
        routes.on_insert(Order)(place)
        assert [len(Dispatcher(routes).routes) for _ in range(2)] == [1, 1]

    def test_more_routes_for_another_dispatcher(self) -> None:
        """A new collection may be made of the finished one and more."""
        routes, more = Routes(), Routes()
        routes.on_insert(Order)(place)
        Dispatcher(routes)
        more.on_modify(Order)(ship)
        assert len(Dispatcher(routes + more).routes) == 2

    def test_a_dispatcher_that_was_refused_finishes_nothing(self) -> None:
        """After an error the routes can be corrected."""
        routes = Routes()
        routes.on_insert(Order)(place)
        with pytest.raises(RegistrationError):
            Dispatcher(routes, view="KEYS_ONLY")
        routes.on_modify(Order)(ship)
        assert len(routes) == 2

    @pytest.mark.parametrize("name", ["on_insert", "on_modify", "on_remove", "on", "on_batch", "fallback", "include"])
    def test_a_decorator_of_the_app_says_who_has_it(self, name: str) -> None:
        """Frameworks for the web register at the app; this one names the way that works."""
        with pytest.raises(AttributeError, match=rf"routes = Routes\(\), then @routes.{name}, then app = Dispatcher"):
            getattr(Dispatcher(), name)

    def test_other_attributes_are_absent_as_usual(self) -> None:
        """The text is Python's own."""
        with pytest.raises(AttributeError, match=r"^'Dispatcher' object has no attribute 'on_create'$"):
            getattr(Dispatcher(), "on_create")  # noqa: B009 - type checkers refuse the attribute
        assert not hasattr(Dispatcher(), "on_insert")


def _including(routes: Routes) -> Routes:
    outer = Routes()
    outer.include(routes)
    return outer


def test_a_refused_handler_leaves_no_route() -> None:
    """A handler that is refused adds no route."""
    routes = Routes()
    on_insert: Any = routes.on_insert(Order)
    with pytest.raises(RegistrationError):
        on_insert(ship)
    assert len(routes) == 0


# --------------------------------------------------------------------------------------------------------------- values


def orders() -> Routes:
    routes = Routes()
    routes.on_insert(Order)(place)
    routes.on_modify(Order, changed("status", to="SHIPPED"))(ship)
    return routes


def test_equality() -> None:
    """Routes with the same routes in the same order are equal."""
    assert orders() == orders()
    assert orders() != Routes(*reversed(list(orders())))
    assert orders() != list(orders())


def test_inequality() -> None:
    """Routes that differ in one field are unequal."""
    routes = Routes()
    routes.on_insert(Order)(audit)
    routes.on_insert(Order)(place)
    routes.on_insert(Order, entity="Order")(place)
    routes.on_insert(Order, on_error=Drop())(place)
    routes.on_insert(Order, changed("status"))(place)
    routes.on_batch(Order)(index)
    routes.on(Order)(audit)
    routes.on_modify(Order)(audit)
    assert not any(one == other for one in routes for other in routes if one is not other)


def test_equal_however_written() -> None:
    """Routes of different decorators are equal if they do the same."""
    one, other = Routes(), Routes()
    one.on_insert(Order)(audit)
    other.on(Order, Event.INSERT)(audit)
    assert one == other


def test_hash() -> None:
    """A route can be hashed; a collection of routes cannot, because it can grow."""
    assert len({*orders(), *orders()}) == 2
    with pytest.raises(TypeError):
        hash(orders())


def test_addition() -> None:
    """Adding makes a new collection and leaves its parts unchanged."""
    one, other = orders(), Routes()
    other.on(Order)(audit)
    both = one + other
    assert list(both) == [*one, *other]
    assert (len(one), len(other)) == (2, 1)


def test_including() -> None:
    """``include`` appends the routes of another collection."""
    routes = Routes()
    routes.on(Order)(audit)
    routes.include(orders())
    assert [route.handler for route in routes] == [audit, place, ship]


def test_including_itself() -> None:
    """A collection can include itself."""
    routes = orders()
    routes.include(routes)
    assert len(routes) == 4


def large(change: Insert[Order]) -> bool:
    return change.new.total > 100


def test_repr() -> None:
    """A route prints as in its source, with the name of its handler."""
    routes = Routes()
    routes.on_insert(Order, where(large))(place)
    routes.on_modify(Order, changed("status", to="SHIPPED"), old=OrderV1)(anything)
    routes.on_remove(Order, cause="ttl", on_error=Retry(park_after=60))(anything)
    routes.on(Order, Event.INSERT | Event.MODIFY, entity=("Order", "Purchase"))(audit)
    routes.on_batch(dict[str, Any], entity="Order", on_error={ValueError: Drop()})(anything_many)
    routes.on_insert(None, entity="Order")(anything)
    routes.fallback(unknown)
    module = __name__
    assert [repr(route) for route in routes] == [
        f"on_insert(Order, where(large)) {module}.place",
        f"on_modify(Order, changed('status', to='SHIPPED'), old=OrderV1) {module}.anything",
        f"on_remove(Order, cause='ttl', on_error=Retry(park_after=60)) {module}.anything",
        f"on(Order, INSERT|MODIFY, entity=('Order', 'Purchase')) {module}.audit",
        f"on_batch(dict[str, Any], entity='Order', on_error={{ValueError: Drop()}}) {module}.anything_many",
        f"on_insert(None, entity='Order') {module}.anything",
        f"fallback {module}.unknown",
    ]
    assert repr(orders()).startswith(f"Routes(on_insert(Order) {module}.place, on_modify(")


def anything_many(changes: Sequence[Change[Any]]) -> None: ...


def test_name_and_place() -> None:
    """A route has the name and the place of its handler."""
    route = only(Routes(next(iter(orders()))))
    assert route.name == f"{__name__}.place"
    assert route.place == f"{__file__}:{place.__code__.co_firstlineno}"


def test_no_item_value_in_an_error() -> None:
    """The message about a model instance in place of a model shows no value of it."""
    on_insert: Any = Routes().on_insert
    with pytest.raises(RegistrationError) as raised:
        on_insert(Customer(name="Ada Lovelace"))
    assert "Ada" not in str(raised.value)


def test_models_with_a_literal() -> None:
    """The dispatcher, not the route, reads a model's Literal, because it knows the discriminator."""

    class Kind(BaseModel):
        kind: Literal["a", "b"]

    routes = Routes()
    routes.on_insert(Kind)(anything)
    assert only(routes).entities == ()
