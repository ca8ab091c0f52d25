"""Each record reaches the routes of its entity and event; a record without a route is unrouted."""

from typing import Any
from unittest.mock import MagicMock

import pytest
from pydantic import BaseModel

from router import (
    Change,
    Dispatcher,
    Event,
    Insert,
    MemoryParking,
    Modify,
    Remove,
    Routes,
    UnroutedError,
    changed,
    discriminators,
)
from tests.builders import (
    SUCCESS,
    TTL,
    Customer,
    Handled,
    Json,
    Order,
    batch,
    dispatcher,
    failures,
    insert,
    modify,
    record,
    remove,
    statuses,
)


def reasons(report: Any) -> list[tuple[str, str | None]]:
    return [(outcome.status, outcome.stage) for outcome in report]


# -------------------------------------------------------------------------------------------------------------- routing


def test_each_event_reaches_its_own_route() -> None:
    """An insert, a modification and a removal go to the routes of these events, with the images these promise."""
    routes, seen = Routes(), []

    @routes.on_insert(Order)
    def inserted(change: Insert[Order]) -> None:
        seen.append(("insert", change.new.total))

    @routes.on_modify(Order)
    def modified(change: Modify[Order]) -> None:
        seen.append(("modify", change.new.total - change.old.total))

    @routes.on_remove(Order)
    def removed(change: Remove[Order]) -> None:
        seen.append(("remove", change.old.total))

    Dispatcher(routes)(batch(insert(1, total=1), modify(2, old={"total": 1}, total=3), remove(3, total=3)))
    assert seen == [("insert", 1), ("modify", 2), ("remove", 3)]


def cause_of(raw: Json) -> list[str]:
    routes, seen = Routes(), []

    @routes.on_remove(Order, cause="ttl")
    def expired(change: Remove[Order]) -> None:
        seen.append("ttl")

    @routes.on_remove(Order, cause="user")
    def deleted(change: Remove[Order]) -> None:
        seen.append("user")

    Dispatcher(routes)(batch(raw))
    return seen


def test_a_removal_by_the_service_is_an_expiry() -> None:
    """A REMOVE whose userIdentity is DynamoDB's service principal is a TTL expiry."""
    assert cause_of({**remove(1), "userIdentity": TTL}) == ["ttl"]


@pytest.mark.parametrize(
    "identity",
    [
        None,
        {},
        [],
        "dynamodb.amazonaws.com",
        {"type": "Service"},
        {"principalId": "dynamodb.amazonaws.com"},
        {"type": "service", "principalId": "dynamodb.amazonaws.com"},
        {"type": "Service", "principalId": "DYNAMODB.amazonaws.com"},
        {"type": "Service", "principalId": "replication.dynamodb.amazonaws.com"},
        {"type": "Service", "principalId": "dynamodb.amazonaws.com.evil.example"},
        {"type": "AssumedRole", "principalId": "dynamodb.amazonaws.com"},
        {"type": ["Service"], "principalId": ["dynamodb.amazonaws.com"]},
    ],
)
def test_a_removal_by_anybody_else_is_a_deletion(identity: Any) -> None:
    """A removal with any other identity than the service principal's is a user's deletion."""
    assert cause_of({**remove(1), "userIdentity": identity}) == ["user"]


def test_a_removal_with_an_identity_of_get_records_runs_no_handler() -> None:
    """Saved output of the API has such names; the deletion may be an expiry, so it is a failure."""
    assert cause_of({**remove(1), "userIdentity": {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}}) == []


@pytest.mark.parametrize("raw", [insert(1), modify(1)])
def test_the_service_identity_expires_removals_only(raw: Json) -> None:
    """The service principal on an insert or a modification makes it no expiry."""
    events = []

    def handler(change: Change[Order]) -> None:
        events.append(change.event)

    dispatcher(handler)(batch({**raw, "userIdentity": TTL}))
    assert events == [Event[raw["eventName"]]]


def test_an_event_unknown_to_an_sdk_is_a_removal() -> None:
    """What DynamoDB Local 3 calls a deletion by time to live reaches the routes of removals."""
    raw = {**remove(1), "eventName": "UNKNOWN_TO_SDK_VERSION"}
    assert (cause_of(raw), cause_of({**raw, "userIdentity": TTL})) == (["user"], ["ttl"])


def test_each_entity_reaches_its_own_route() -> None:
    """Records go by the entity that their image names, in one batch."""
    routes, seen = Routes(), []

    @routes.on_insert(Order)
    def order(change: Insert[Order]) -> None:
        seen.append("order")

    @routes.on_insert(Customer)
    def customer(change: Insert[Customer]) -> None:
        seen.append("customer")

    Dispatcher(routes)(batch(insert(1), insert(2, entity="Customer"), insert(3)))
    assert seen == ["order", "customer", "order"]


def test_several_routes_run_in_the_order_of_registration() -> None:
    """All routes of one record run, across collections, in the order in which they were registered."""
    first, second, seen = Routes(), Routes(), []

    @first.on(Order)
    def one(change: Change[Order]) -> None:
        seen.append("one")

    @first.on_insert(Order)
    def two(change: Insert[Order]) -> None:
        seen.append("two")

    @second.on(Order)
    def three(change: Change[Order]) -> None:
        seen.append("three")

    report = Dispatcher(first, second).dispatch(batch(insert(1)))
    assert (seen, [outcome.route and outcome.route.handler for outcome in report]) == (
        ["one", "two", "three"],
        [one, two, three],
    )


def test_a_condition_keeps_records_out() -> None:
    """A record whose condition is not met is skipped and its handler not called."""
    routes, seen = Routes(), []

    @routes.on_modify(Order, changed("status", to="SHIPPED"))
    def ship(change: Modify[Order]) -> None:
        seen.append(change.record.sequence_number)

    report = Dispatcher(routes).dispatch(batch(modify(1, total=1), modify(2, status="SHIPPED")))
    assert (seen, statuses(report)) == (["2"], ["skipped", "done"])


def test_an_event_that_no_route_takes_is_skipped() -> None:
    """A record of a routed entity with an event that no route takes is skipped, not unrouted."""
    routes = Routes()

    @routes.on_insert(Order)
    def handler(change: Insert[Order]) -> None: ...

    (outcome,) = Dispatcher(routes, unrouted="fail").dispatch(batch(remove(1)))
    assert (outcome.status, outcome.route) == ("skipped", None)


def test_the_fallback_takes_unrouted_records() -> None:
    """Records without an entity route go to the fallback, exactly decoded, and are done."""
    routes, seen = Routes(), []

    @routes.fallback
    def unknown(change: Change[dict[str, Any]]) -> None:
        seen.append(change.image)

    report = Dispatcher(routes, unrouted="fail").dispatch(batch(insert(1, entity="Stranger", total=5)))
    assert (seen, statuses(report)) == ([{"pk": "a", "EntityType": "Stranger", "total": 5}], ["done"])


@pytest.mark.parametrize(
    ("body", "image", "kind"),
    [
        ({"StreamViewType": "KEYS_ONLY"}, {"pk": "a"}, Insert),
        ({"NewImage": {"x": {"N": "1"}}}, {"x": 1}, Insert),
        ({"OldImage": {"x": {"N": "1"}}}, {"x": 1}, Remove),
        ({"NewImage": {"x": {"N": "1"}}, "OldImage": {"x": {"N": "2"}}}, {"x": 1}, Modify),
    ],
)
def test_the_fallback_sees_what_the_stream_carries(body: Json, image: Json, kind: type) -> None:
    """A fallback is given the change class of the event, and the keys where the stream carries no image."""
    routes, seen = Routes(), []

    @routes.fallback
    def unknown(change: Change[dict[str, Any]]) -> None:
        seen.append((change.image, type(change)))

    name = "REMOVE" if kind is Remove else "MODIFY" if kind is Modify else "INSERT"
    Dispatcher(routes)(batch(record(1, name, **body)))
    assert seen == [(image, kind)]


def test_a_discriminator_of_the_users_own_is_used() -> None:
    """A function of the wire image can name the entity."""
    handled = Handled()
    app = dispatcher(handled, discriminator=lambda image: "Order" if "total" in image else None)
    app(batch(record(1, "INSERT", NewImage={"total": {"N": "1"}}), record(2, "INSERT", NewImage={"x": {"N": "1"}})))
    assert list(handled) == ["1"]


class Parcel(BaseModel):
    weight: int = 0


def test_folded_names_meet() -> None:
    """A discriminator that folds case routes names that differ in it only."""
    routes, seen = Routes(), []

    @routes.on_insert(Parcel)
    def parcel(change: Insert[Parcel]) -> None:
        seen.append(change.record.entity)

    Dispatcher(routes, discriminator=discriminators.folded("EntityType"))(batch(insert(1, entity="PARCEL")))
    assert seen == ["PARCEL"]


def test_a_discriminator_that_raises_fails_its_record() -> None:
    """What a discriminator function raises is a failure of the record at stage envelope."""

    def broken(image: Any) -> str:
        raise KeyError("pk")

    report = dispatcher(Handled(), discriminator=broken).dispatch(batch(insert(1)))
    assert (reasons(report), report.response) == ([("failed", "envelope")], failures(1))


@pytest.mark.parametrize("strange", [5, ["Order"], {"S": "Order"}, b"Order", True])
def test_a_discriminator_that_returns_no_text_costs_one_record(strange: Any) -> None:
    """A discriminator function that returns neither a text nor None fails its record only."""
    app = dispatcher(Handled(), discriminator=lambda image: strange)
    assert app(batch(insert(1))) in (SUCCESS, failures(1))


# ------------------------------------------------------------------------------------------------------------- unrouted


def test_unrouted_records_are_skipped_by_default() -> None:
    """A record whose entity has no route is counted as unrouted, and the batch is a success."""
    report = dispatcher(Handled()).dispatch(batch(insert(1, entity="Stranger"), insert(2)))
    assert (statuses(report), report.response) == (["unrouted", "done"], SUCCESS)


def test_unrouted_records_can_fail() -> None:
    """With unrouted="fail" such a record is reported, and what comes after it is deferred."""
    report = dispatcher(Handled(), unrouted="fail").dispatch(batch(insert(1, entity="Stranger"), insert(2)))
    assert (statuses(report), report.response) == (["failed", "deferred"], failures(1))


def test_an_unrouted_failure_has_no_stage() -> None:
    """A failed unrouted record has no stage, and its error is an UnroutedError."""
    (outcome,) = dispatcher(Handled(), unrouted="fail").dispatch(batch(insert(1, entity="Stranger")))
    assert (outcome.stage, type(outcome.error)) == (None, UnroutedError)


def test_unrouted_records_can_be_parked() -> None:
    """With unrouted="park" such a record is parked and the stream moves on."""
    place = MemoryParking()
    app = dispatcher(Handled(), unrouted="park", parking=place)
    report = app.dispatch(batch(insert(1, entity="Stranger"), insert(2)))
    assert (statuses(report), place.parked[0].entity, place.parked[0].error) == (
        ["parked", "done"],
        "Stranger",
        "UnroutedError",
    )


def test_an_unrouted_record_that_cannot_be_parked_fails() -> None:
    """When the parking place refuses an unrouted record, it is reported."""
    place = MagicMock()
    place.park.side_effect = OSError
    report = dispatcher(Handled(), unrouted="park", parking=place).dispatch(batch(insert(1, entity="Stranger")))
    assert (reasons(report), report.response) == ([("failed", "park")], failures(1))


def test_a_record_without_an_entity_is_unrouted() -> None:
    """A record whose images and keys name no entity has no route."""
    report = dispatcher(Handled()).dispatch(batch(record(1, "INSERT", NewImage={"x": {"S": "y"}})))
    assert statuses(report) == ["unrouted"]


def test_an_unrouted_record_is_not_decoded() -> None:
    """Malformed attributes of an unrouted record are no failure, because they are not decoded."""
    report = dispatcher(Handled()).dispatch(batch(insert(1, entity="Stranger", total={"N": "abc"})))
    assert statuses(report) == ["unrouted"]
