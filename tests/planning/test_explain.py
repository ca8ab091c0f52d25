"""Explaining tells which routes a record reaches, and why not the others, and runs nothing."""

from collections.abc import Sequence
from typing import Annotated, Any

import pytest

from router import (
    Change,
    Depends,
    Dispatcher,
    Event,
    Insert,
    Modify,
    Record,
    Remove,
    Routes,
    UnknownEventError,
    all_of,
    changed,
    discriminators,
    not_,
    where,
)
from router.planning.explain import Verdict
from tests.builders import TTL, Customer, Handled, Json, Order, batch, dispatcher, insert, modify, record, remove

CALLS: list[str] = []


def get_bus() -> str:
    CALLS.append("factory")
    return "bus"


def large(change: Change[Order]) -> bool:
    CALLS.append("predicate")
    return True


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order], bus: Annotated[str, Depends(get_bus)]) -> None:
    CALLS.append("place")


@routes.on_modify(Order, changed("status", to="SHIPPED"))
def ship(change: Modify[Order]) -> None:
    CALLS.append("ship")


@routes.on_modify(Order, where(large))
def review(change: Modify[Order]) -> None:
    CALLS.append("review")


@routes.on_remove(Order, cause="ttl")
def expire(change: Remove[Order]) -> None:
    CALLS.append("expire")


@routes.on(Customer)
def greet(change: Change[Customer]) -> None:
    CALLS.append("greet")


@routes.on_batch(Order)
def index(changes: Sequence[Change[Order]]) -> None:
    CALLS.append("index")


@routes.fallback
def unknown(change: Change[dict[str, Any]]) -> None:
    CALLS.append("unknown")


def middleware(call: Any) -> Any:
    def around(change: Any) -> Any:
        CALLS.append("middleware")
        return call(change)

    return around


app = Dispatcher(routes, middleware=[middleware])


def verdict(raw: Json, handler: Any) -> Verdict:
    (found,) = [entry for entry in app.explain(raw).verdicts if entry.route.handler is handler]
    return found


RECORDS = [
    insert(1),
    modify(1, status="SHIPPED", old={"status": "NEW"}),
    modify(1),
    remove(1),
    {**remove(1), "userIdentity": TTL},
    insert(1, entity="Customer"),
    insert(1, entity="Stranger"),
    insert(1, total={"N": "abc"}),
    {**insert(1), "eventName": "EXPLODED"},
]


@pytest.mark.parametrize("raw", RECORDS)
def test_nothing_runs(raw: Json) -> None:
    """No handler, factory, predicate or middleware is called."""
    CALLS.clear()
    app.explain(raw)
    assert CALLS == []


@pytest.mark.parametrize("raw", RECORDS)
def test_every_route_has_a_verdict(raw: Json) -> None:
    """Each route is spoken of once, in the order of registration, unless the record cannot be routed at all."""
    explanation = app.explain(raw)
    handlers = [entry.route.handler for entry in explanation.verdicts]
    assert handlers == ([] if explanation.problem else [place, ship, review, expire, greet, index, unknown])


@pytest.mark.parametrize("raw", RECORDS)
def test_what_is_explained_is_what_happens(raw: Json) -> None:
    """The routes that an explanation calls matching are those that the record reaches."""
    matching = [route.handler for route in app.explain(raw).matching]
    reached = [outcome.route.handler for outcome in app.dispatch(batch(raw)) if outcome.route]
    assert reached == matching[: len(reached)]


def test_it_tells_what_the_discriminator_read() -> None:
    """The explanation names the entity and the image that it was read from."""
    explanation = app.explain(insert(1))
    assert (explanation.entity, explanation.read_from) == ("Order", "NewImage")


def test_a_removal_is_read_from_its_old_image() -> None:
    """Without a new image the entity comes from the old one."""
    assert app.explain(remove(1)).read_from == "OldImage"


def test_the_keys_are_read_last() -> None:
    """Where no image tells the entity the keys may."""
    by_key = Dispatcher(routes, discriminator=discriminators.prefix("pk"))
    explanation = by_key.explain(record(1, "REMOVE", "Order#1"))
    assert (explanation.entity, explanation.read_from) == ("Order", "Keys")


def test_a_record_without_an_entity_reaches_the_fallback() -> None:
    """Where nothing tells the entity the fallback matches, and only it."""
    explanation = app.explain(record(1, "INSERT", NewImage={"x": {"S": "y"}}))
    assert (explanation.entity, explanation.read_from, [route.handler for route in explanation.matching]) == (
        None,
        None,
        [unknown],
    )


def test_a_match_says_so() -> None:
    """A route without a condition matches by entity and event."""
    assert verdict(insert(1), place) == Verdict(verdict(insert(1), place).route, True, "entity and event match")


def test_another_entity_is_named() -> None:
    """A route of another entity says which it takes."""
    found = verdict(insert(1), greet)
    assert (found.matches, found.reason) == (False, "it takes entity 'Customer'")


def test_another_event_is_named() -> None:
    """A route of another event says which it takes."""
    found = verdict(insert(1), ship)
    assert (found.matches, found.reason) == (False, "it takes MODIFY")


def test_another_cause_is_named() -> None:
    """A route for expiries says of a user's deletion that it takes only those."""
    found = verdict(remove(1), expire)
    assert (found.matches, found.reason) == (False, "it takes EXPIRE, of all removals only those")


def test_a_condition_that_is_met_is_named() -> None:
    """A route whose condition the wire images meet says so."""
    found = verdict(modify(1, status="SHIPPED", old={"status": "NEW"}), ship)
    assert (found.matches, found.reason) == (True, "entity and event match, and changed('status', to='SHIPPED') is met")


def test_a_condition_that_is_not_met_is_named() -> None:
    """A route whose condition fails names it."""
    found = verdict(modify(1), ship)
    assert (found.matches, found.reason) == (False, "changed('status', to='SHIPPED') is not met")


def test_a_condition_on_the_typed_change_is_left_open() -> None:
    """A predicate is not run: whether its route matches depends on it."""
    found = verdict(modify(1), review)
    assert (found.matches, found.reason) == (None, "entity and event match; where(large) depends on the typed change")


def test_conditions_that_combine_are_as_open_as_they_have_to_be() -> None:
    """A combination that the wire images decide is decided though a part of it is not."""
    combined = Routes()

    @combined.on_modify(Order, all_of(where(large), changed("status")))
    def one(change: Modify[Order]) -> None: ...

    @combined.on_modify(Order, not_(changed("status")))
    def two(change: Modify[Order]) -> None: ...

    found = Dispatcher(combined).explain(modify(1)).verdicts
    assert [entry.matches for entry in found] == [False, True]


def test_a_condition_that_raises_is_left_open() -> None:
    """The explanation names the type of the error that a user's own condition raises."""

    class Broken:
        compares = False

        def wire(self, old: Any, new: Any) -> bool:
            raise KeyError("s3cret")

        def typed(self, change: Any, old: Any, new: Any) -> bool:
            return True

        def __repr__(self) -> str:
            return "broken"

    one = Routes()

    @one.on_insert(Order, Broken())
    def handler(change: Insert[Order]) -> None: ...

    (found,) = Dispatcher(one).explain(insert(1)).verdicts
    assert (found.matches, found.reason) == (None, "broken raises KeyError")


def test_the_fallback_matches_what_nobody_takes() -> None:
    """The fallback says whether the entity has routes."""
    assert (verdict(insert(1, entity="Stranger"), unknown).matches, verdict(insert(1), unknown).matches) == (
        True,
        False,
    )


def test_a_record_that_cannot_be_routed_says_why() -> None:
    """A malformed envelope is the problem, and no route is spoken of."""
    explanation = app.explain({**insert(1), "eventName": "EXPLODED"})
    assert explanation.problem is not None
    assert "eventName" in explanation.problem


def test_a_discriminator_that_raises_is_the_problem() -> None:
    """The explanation names the type of the error that a discriminator function raises."""

    def broken(image: Any) -> str:
        raise KeyError("s3cret")

    explanation = Dispatcher(routes, discriminator=broken).explain(insert(1))
    assert (explanation.problem, explanation.matching) == ("the discriminator raised KeyError", ())


def test_a_record_object_can_be_explained() -> None:
    """A Record, as handlers have it, does as well as a dict."""
    (outcome, *_) = app.dispatch(batch(insert(1)))
    found: Record = outcome.record
    assert app.explain(found).entity == "Order"


@pytest.mark.parametrize("raw", [None, {}, [], "record", {"eventSource": "aws:sqs"}])
def test_what_is_no_record_cannot_be_explained(raw: Any) -> None:
    """Anything but a record of a known source is an UnknownEventError."""
    with pytest.raises(UnknownEventError):
        app.explain(raw)


def test_explaining_leaves_the_record_alone() -> None:
    """A record that is explained first is dispatched as if it had not been."""
    raw = insert(1)
    before = repr(raw)
    app.explain(raw)
    assert repr(raw) == before


def test_an_explanation_prints_for_people() -> None:
    """Printed, an explanation is a line for the entity and one for each route, with a mark."""
    text = str(app.explain(modify(1)))
    first, *rest = text.splitlines()
    assert first == "attribute('EntityType') reads entity 'Order' from NewImage; the event is MODIFY"
    assert [line[0] for line in rest] == ["-", "-", "?", "-", "-", "+", "-"]


def test_an_explanation_prints_the_problem() -> None:
    """Printed, the explanation of a record that cannot be routed says why."""
    raw = {**insert(1), "eventName": "EXPLODED"}
    assert "cannot be routed: " in str(app.explain(raw))


def test_an_explanation_of_no_entity_says_so() -> None:
    """Printed, a record without an entity has none."""
    assert "reads no entity" in str(app.explain(record(1, "INSERT")))


@pytest.mark.parametrize(
    ("image", "found"),
    [
        ({"pk": {"S": "secret"}, "type": {"S": "Order"}}, "no EntityType; the item has: pk, type"),
        ({"EntityType": {"N": "42"}}, "EntityType is an N"),
        ({"EntityType": {"BOOL": True}}, "EntityType is a BOOL"),
        ({"EntityType": {"S": ""}}, "EntityType is an empty S"),
        ({"EntityType": "Order"}, "EntityType is no attribute value"),
        ({f"a{n:02}": {"S": "secret"} for n in range(12)}, ", a08, a09, ..."),
    ],
)
def test_it_names_what_stands_where_the_discriminator_looked(image: Json, found: str) -> None:
    """Names of attributes and types, and no values."""
    explanation = dispatcher(Handled()).explain(record(1, "INSERT", NewImage=image))
    assert explanation.found is not None
    assert found in explanation.found
    assert f"no entity ({explanation.found})" in str(explanation)
    assert "secret" not in str(explanation)


def test_it_names_the_attributes_of_an_item_without_a_discriminating_one() -> None:
    """A rule that reads no single attribute leaves the names of the item to look at."""
    app = dispatcher(Handled(), discriminator=lambda image: None)
    assert app.explain(record(1, "INSERT", NewImage={"pk": {"S": "a"}})).found == "the item has: pk"


def test_it_says_that_a_record_has_nothing_to_read() -> None:
    """A record with neither image nor keys is no item at all."""
    raw = record(1, "INSERT", Keys={})
    made_by_hand = Record(raw, raw["dynamodb"], Event.INSERT)
    assert dispatcher(Handled()).explain(made_by_hand).found == "the record has no image and no keys"
    assert dispatcher(Handled()).explain(raw).problem == (
        "record 0: found neither Keys nor an image, expected the keys of the item"
    )


def test_an_explanation_holds_no_values() -> None:
    """What is printed names attributes and types, never what an item holds."""
    raw = modify(1, total={"N": "s3cret"}, status="s3cret", old={"status": "s3cret-old"})
    assert "s3cret" not in str(app.explain(raw))


def test_folded_names_are_explained_as_they_are_routed() -> None:
    """A discriminator that folds case explains what it routes."""
    folding = Dispatcher(routes, discriminator=discriminators.folded("EntityType"))
    matching = folding.explain(insert(1, entity="oRDER")).matching
    assert [route.handler for route in matching] == [place, index]


def test_an_event_flag_is_told() -> None:
    """The event of an expiry is EXPIRE."""
    assert f"the event is {Event.EXPIRE}" in str(app.explain({**remove(1), "userIdentity": TTL}))
