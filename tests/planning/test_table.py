"""The table leads from an entity and an event to the routes, and refuses routes that cannot all be right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

import pytest
from pydantic import BaseModel, ConfigDict

from router import Change, Dispatcher, Event, Modify, RegistrationError, Routes, changed, where
from router.discriminators import Discriminator, attribute, chain, folded, prefix
from router.planning.lookup import entity_reader, images_of
from router.planning.table import RouteTable
from router.record import Record
from router.sources import receive
from router.stream_view import View, carried
from tests.builders import Customer, Order, batch, insert, modify, record

VIEWS: tuple[View, ...] = get_args(View)
BOTH: View = "NEW_AND_OLD_IMAGES"


class Purchase(BaseModel):
    EntityType: Literal["Order", "Purchase"]


class Lower(BaseModel):
    EntityType: Literal["order"]


class Unnamed(BaseModel):
    total: int


class OrderV1(BaseModel):
    pk: str


class Later(BaseModel):
    order: OnlyHere | None = None


class OnlyHere(BaseModel):
    pk: str


def anything(change: Change[Any]) -> None: ...


def anything_else(change: Change[Any]) -> None: ...


def anything_many(changes: Sequence[Change[Any]]) -> None: ...


def table(
    *decorators: Any, discriminator: Discriminator | None = None, view: View = BOTH, handler: Any = anything
) -> RouteTable:
    """A table of routes, each given as a function that makes its decorator."""
    routes = Routes()
    for decorator in decorators:
        decorator(routes)(handler)
    return RouteTable(tuple(routes), discriminator or attribute("EntityType"), view)


def on(model: Any, *terms: Any, **options: Any) -> Callable[[Routes], Any]:
    return lambda routes: routes.on(model, *terms, **options)


def of(raw: dict[str, Any]) -> Record:
    return receive(batch(raw)).records[0]


def entities(table: RouteTable) -> set[str]:
    by_entity, _ = table.steps(lambda route: lambda change: None, None)
    return set(by_entity)


# ------------------------------------------------------------------------------------------------------------- entities


@pytest.mark.parametrize(
    ("decorator", "names"),
    [
        (on(Order), {"Order"}),
        (on(Purchase), {"Order", "Purchase"}),
        (on(Unnamed), {"Unnamed"}),
        (on(Unnamed, entity="Order"), {"Order"}),
        (on(Unnamed, entity=("Order", "Purchase")), {"Order", "Purchase"}),
        (on(Purchase, entity="Purchase"), {"Purchase"}),
        (on(dict[str, Any], entity="Order"), {"Order"}),
        (on(None, entity="Order"), {"Order"}),
        (on(Order | Customer), {"Order", "Customer"}),
    ],
)
def test_names_of_entities(decorator: Any, names: set[str]) -> None:
    """A route's entities are those of ``entity=``, else of the model's Literal, else its class name."""
    assert entities(table(decorator)) == names


def test_literal_on_the_attribute_that_is_read() -> None:
    """A Literal counts on the discriminator's attribute alone."""
    assert entities(table(on(Purchase), discriminator=attribute("type"))) == {"Purchase"}
    assert entities(table(on(Purchase), discriminator=prefix("pk"))) == {"Purchase"}
    assert entities(table(on(Purchase), discriminator=chain("type", "EntityType"))) == {"Order", "Purchase"}


def test_folded_names() -> None:
    """Where upper and lower case are the same, so are the entities that differ in nothing else."""
    made = table(on(Order), discriminator=folded("EntityType"))
    assert [len(made.routes_of(name)) for name in ("Order", "ORDER", "order", "orders", None)] == [1, 1, 1, 0, 0]


def test_exact_names() -> None:
    """Otherwise they are not."""
    made = table(on(Order))
    assert [len(made.routes_of(name)) for name in ("Order", "ORDER")] == [1, 0]


def test_two_models_of_one_entity() -> None:
    """Two models may not claim one entity without knowing of each other."""
    with pytest.raises(RegistrationError, match="claims entity 'Order'"):
        table(on(Order), on(Purchase))
    with pytest.raises(RegistrationError, match="claims entity 'order'"):
        table(on(Order), on(Lower), discriminator=folded("EntityType"))
    assert entities(table(on(Order), on(Lower))) == {"Order", "order"}


@pytest.mark.parametrize(
    "decorators",
    [
        (on(Order), on(Purchase, entity="Order")),
        (on(Purchase, entity="Order"), on(Order)),
        (on(Order), on(dict[str, Any], entity="Order"), on(None, entity="Order")),
        (on(dict[str, Any], entity="Order"), on(dict[str, Any], Event.INSERT, entity="Order")),
        (on(Order), on(Order, old=OrderV1)),
        (on(Order), on(Order, Event.INSERT)),
    ],
)
def test_models_that_share_an_entity(decorators: Any) -> None:
    """Who says ``entity=`` means to share it; routes of one model share it anyway."""
    assert len(table(*decorators).routes_of("Order")) == len(decorators)


def test_routes_that_are_alike() -> None:
    """One handler is not called twice for the same records, whether ``entity=`` says what the model says or not."""
    with pytest.raises(RegistrationError, match="is there twice"):
        table(on(Order), on(Order, entity="Order"))


def test_entity_that_the_model_does_not_have() -> None:
    """``entity=`` may choose among the names of a model's Literal, not contradict it."""
    with pytest.raises(RegistrationError, match="says that it is 'Order' or 'Purchase'"):
        table(on(Purchase, entity="Customer"))


def test_model_that_names_no_entity() -> None:
    """A model without a name of its own needs ``entity=``."""
    with pytest.raises(RegistrationError, match=r"dict\[str, Any\], whose class names no entity"):
        table(on(dict[str, Any]))


def test_order_of_registration() -> None:
    """Routes of an entity run in the order of registration, over all collections."""
    orders, customers = Routes(), Routes()
    orders.on(Order)(anything)
    customers.on(Customer)(anything)
    customers.on(Order)(anything_else)
    made = RouteTable((*orders, *customers), attribute("EntityType"), BOTH)
    assert [route.handler for route in made.routes_of("Order")] == [anything, anything_else]


def test_one_route_twice() -> None:
    """A collection that is given twice would run its handlers twice."""
    routes = Routes()
    routes.on(Order)(anything)
    with pytest.raises(RegistrationError, match=r"on\(Order\) is there twice"):
        RouteTable((*routes, *routes), attribute("EntityType"), BOTH)


def test_second_fallback() -> None:
    """There is one fallback at the most."""
    with pytest.raises(RegistrationError, match="fallback is there twice"):
        table(lambda routes: routes.fallback, lambda routes: routes.fallback)


# ---------------------------------------------------------------------------------------------------------------- keys


def test_keys_tell_routes_apart() -> None:
    """Every route has a name of its own, also those of handlers that have one name."""
    routes = Routes()
    for handler in (_named_alike(), _named_alike()):
        routes.on(Order)(handler)
        routes.on(Order, Event.INSERT)(handler)
    made = RouteTable(tuple(routes), attribute("EntityType"), BOTH)
    name = f"{__name__}._named_alike.handler"
    assert list(made.keys.values()) == [
        f"on(Order) {name}",
        f"on(Order, INSERT) {name}",
        f"on(Order) {name} #2",
        f"on(Order, INSERT) {name} #2",
    ]


def _named_alike() -> Any:
    def handler(change: Change[Any]) -> None: ...

    return handler


# --------------------------------------------------------------------------------------------------------------- models


def test_model_finished_after_its_registration() -> None:
    """A model may name a class that is defined after it was registered, if not after the dispatcher is made."""
    assert entities(table(on(Later))) == {"Later"}


def test_model_that_is_never_finished() -> None:
    """A model that names what does not exist could validate nothing."""

    class Never(BaseModel):
        order: Missing  # type: ignore[name-defined]  # noqa: F821 - it is the mistake

    with pytest.raises(RegistrationError, match="'Missing'"):
        table(on(Never))


# --------------------------------------------------------------------------------------------------------------- events


def test_steps_by_event() -> None:
    """Each kind of event leads to the routes that take it; a removal has two causes."""
    routes = Routes()
    routes.on_insert(Order)(anything)
    routes.on_modify(Order)(anything)
    routes.on_remove(Order, cause="ttl")(anything)
    routes.on_remove(Order)(anything)
    made = RouteTable(tuple(routes), attribute("EntityType"), BOTH)
    by_entity, _ = made.steps(lambda route: lambda change: None, None)
    assert {event: [step.position for step in steps] for event, steps in by_entity["Order"].items()} == {
        Event.INSERT: [0],
        Event.MODIFY: [1],
        Event.DELETE: [3],
        Event.EXPIRE: [2, 3],
    }


# ---------------------------------------------------------------------------------------------------------------- views


def works(decorator: Any, view: View, handler: Any = anything) -> bool:
    try:
        table(decorator, view=view, handler=handler)
    except RegistrationError:
        return False
    return True


def modified(change: Modify[Order]) -> None: ...


@pytest.mark.parametrize(
    ("decorator", "handler", "views"),
    [
        (lambda routes: routes.on_insert(Order), anything, {"NEW_AND_OLD_IMAGES", "NEW_IMAGE"}),
        (lambda routes: routes.on_modify(Order), modified, {"NEW_AND_OLD_IMAGES"}),
        (lambda routes: routes.on_modify(Order), anything, {"NEW_AND_OLD_IMAGES", "NEW_IMAGE", "OLD_IMAGE"}),
        (lambda routes: routes.on_remove(Order), anything, {"NEW_AND_OLD_IMAGES", "OLD_IMAGE"}),
        (on(Order), anything, {"NEW_AND_OLD_IMAGES"}),
        (on(Order, Event.INSERT | Event.MODIFY), anything, {"NEW_AND_OLD_IMAGES", "NEW_IMAGE"}),
        (on(Order, Event.MODIFY | Event.REMOVE), anything, {"NEW_AND_OLD_IMAGES", "OLD_IMAGE"}),
        (lambda routes: routes.on_batch(Order), anything_many, {"NEW_AND_OLD_IMAGES"}),
        (on(None, entity="Order"), anything, set(VIEWS)),
        (on(None, where(bool), entity="Order"), anything, set(VIEWS)),
        (on(None, changed("total"), entity="Order"), anything, {"NEW_AND_OLD_IMAGES"}),
        (on(Order, Event.MODIFY, changed("total")), anything, {"NEW_AND_OLD_IMAGES"}),
        (on(Order, Event.INSERT, changed("total")), anything, {"NEW_AND_OLD_IMAGES", "NEW_IMAGE"}),
        (on(None, Event.EXPIRE, changed("total"), entity="Order"), anything, {"NEW_AND_OLD_IMAGES", "OLD_IMAGE"}),
        (on(Order, Event.MODIFY, where(bool)), anything, {"NEW_AND_OLD_IMAGES", "NEW_IMAGE", "OLD_IMAGE"}),
        (lambda routes: routes.fallback, anything, set(VIEWS)),
    ],
)
def test_views(decorator: Any, handler: Any, views: set[str]) -> None:
    """A route works with the views that carry every image it cannot do without."""
    assert {view for view in VIEWS if works(decorator, view, handler)} == views


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("event", Event)
def test_carried(view: View, event: Event) -> None:
    """A view carries the images that it names, where the event has them."""
    named = {"NEW_AND_OLD_IMAGES": {"NewImage", "OldImage"}, "NEW_IMAGE": {"NewImage"}, "OLD_IMAGE": {"OldImage"}}
    has = {Event.INSERT: {"NewImage"}, Event.MODIFY: {"NewImage", "OldImage"}}
    assert set(carried(view, event)) == named.get(view, set()) & has.get(event, {"OldImage"})


# ----------------------------------------------------------------------------------------------------------- the entity


def by_name(entity: str) -> dict[str, Any]:
    return {"pk": {"S": "ORDER#1"}, "EntityType": {"S": entity}}


@pytest.mark.parametrize("rule", [attribute("EntityType"), chain("EntityType")])
@pytest.mark.parametrize(
    ("body", "entity"),
    [
        ({"NewImage": by_name("New"), "OldImage": by_name("Old"), "Keys": by_name("Key")}, "New"),
        ({"NewImage": {"pk": {"S": "1"}}, "OldImage": by_name("Old"), "Keys": by_name("Key")}, "Old"),
        ({"OldImage": by_name("Old"), "Keys": by_name("Key")}, "Old"),
        ({"NewImage": by_name(""), "Keys": by_name("Key")}, "Key"),
        ({"NewImage": {"EntityType": {"N": "1"}}, "Keys": by_name("Key")}, "Key"),
        ({"Keys": by_name("Key")}, "Key"),
        ({"Keys": {"pk": {"S": "1"}}}, None),
    ],
)
def test_where_the_entity_is_read(rule: Discriminator, body: dict[str, Any], entity: str | None) -> None:
    """The new image is asked first, then the old one, then the keys."""
    assert entity_reader(rule)(of(record(1, "MODIFY", **body))) == entity


def test_images_of_a_record() -> None:
    """Only images that are there are asked."""
    assert [name for name, _ in images_of(of(insert()))] == ["NewImage", "Keys"]
    assert [name for name, _ in images_of(of(modify()))] == ["NewImage", "OldImage", "Keys"]


def test_a_dispatcher_checks_its_routes() -> None:
    """The dispatcher makes the table, so it raises what the table does."""
    routes = Routes()
    routes.on(Order)(anything)
    with pytest.raises(RegistrationError, match="cannot work with view='KEYS_ONLY'"):
        Dispatcher(routes, view="KEYS_ONLY")


class DeferredLine(BaseModel):
    model_config = ConfigDict(defer_build=True)
    sku: str


class Deferred(BaseModel):
    model_config = ConfigDict(defer_build=True)
    order_id: str
    lines: list[DeferredLine] | None = None
    follows: Deferred | None = None


def test_a_deferred_model_is_not_built() -> None:
    """A model with defer_build is built at its first record, not by the Dispatcher."""
    routes = Routes()

    @routes.on(Deferred)
    def handle(change: Change[Deferred]) -> None: ...

    Dispatcher(routes)
    assert not Deferred.__pydantic_complete__
    assert not DeferredLine.__pydantic_complete__


def test_a_deferred_model_that_can_never_be_built() -> None:
    """A name that is missing inside a deferred model is still found by the Dispatcher."""

    class Part(BaseModel):
        model_config = ConfigDict(defer_build=True)
        other: NothingOfThatName  # type: ignore[name-defined]  # what is tested  # noqa: F821

    class Whole(BaseModel):
        model_config = ConfigDict(defer_build=True)
        parts: list[Part]

    routes = Routes()

    @routes.on(Whole)
    def handle(change: Change[Whole]) -> None: ...

    with pytest.raises(RegistrationError, match="'NothingOfThatName', which its module does not define"):
        Dispatcher(routes)
