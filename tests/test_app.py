"""The dispatcher takes a Lambda event and answers with what has to come again."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from pydantic import BaseModel

from router import (
    Batch,
    Change,
    DecodeError,
    Dispatcher,
    Event,
    Insert,
    MalformedRecordError,
    MemoryParking,
    Modify,
    Record,
    RegistrationError,
    Reject,
    Remove,
    RouterError,
    Routes,
    UnknownEventError,
    UnroutedError,
    changed,
    discriminators,
)
from tests.builders import (
    SUCCESS,
    TTL,
    Context,
    Customer,
    Handled,
    Json,
    Order,
    batch,
    dispatcher,
    failures,
    insert,
    inserts,
    item,
    modify,
    record,
    remove,
    statuses,
    without,
)

EVENTS = Path(__file__).parent / "events"


def reasons(report: Any) -> list[tuple[str, str | None]]:
    return [(outcome.status, outcome.stage) for outcome in report]


# ------------------------------------------------------------------------------------------------------- the response


def test_success_is_an_empty_list() -> None:
    """A batch of which everything is done is answered with no failures."""
    assert dispatcher(Handled())(inserts(1, 2, 3), None) == SUCCESS


def test_an_empty_batch_is_success() -> None:
    """An event without records has nothing that could fail."""
    assert dispatcher(Handled())({"Records": []}, None) == SUCCESS


def test_the_context_may_be_left_out() -> None:
    """The dispatcher can be called with an event alone."""
    assert dispatcher(Handled())(inserts(1)) == SUCCESS


def test_a_failure_is_reported_by_its_sequence_number() -> None:
    """The response holds the sequence number of the record that failed."""
    assert dispatcher(Handled({2: TimeoutError()}))(inserts(1, 2, 3)) == failures(2)


def test_one_identifier_is_reported() -> None:
    """However many records are not done, Lambda is told the one from which it starts again."""
    app = dispatcher(Handled({2: TimeoutError(), 3: TimeoutError()}))
    assert len(app(inserts(1, 2, 3))["batchItemFailures"]) == 1


def test_nothing_runs_after_the_first_failure() -> None:
    """Records after a failure would be handled twice and out of order, so they are left for the replay."""
    handled = Handled({2: TimeoutError()})
    dispatcher(handled)(inserts(1, 2, 3, 4))
    assert list(handled) == ["1"]


def test_what_did_not_run_is_deferred() -> None:
    """Records after a failure are deferred, not failed."""
    report = dispatcher(Handled({2: TimeoutError()})).dispatch(inserts(1, 2, 3))
    assert statuses(report) == ["done", "failed", "deferred"]


def test_sequence_numbers_are_compared_as_integers() -> None:
    """Of numbers with 22 and 23 digits the one with fewer digits is lower, though its text sorts higher."""
    shorter, longer = "9" * 22, "1" + "0" * 22
    assert dispatcher(Handled({longer: TimeoutError()}))(inserts(longer, shorter)) == failures(shorter)


def test_the_lowest_is_reported_though_a_higher_one_failed() -> None:
    """In an event out of order, a deferred record with a lower number is where Lambda has to start."""
    assert dispatcher(Handled({7: TimeoutError()}))(inserts(7, 5, 6)) == failures(5)


def test_leading_zeros_do_not_make_a_number_higher() -> None:
    """A sequence number is an integer however it is padded, and is reported as it was delivered."""
    app = dispatcher(Handled({"0012": TimeoutError()}))
    assert app(inserts("0012", "9", "013")) == failures("9")


def test_a_record_done_below_the_checkpoint_is_not_reported() -> None:
    """In an event out of order a done record is never the one reported, whatever its number is."""
    assert dispatcher(Handled({7: TimeoutError()}))(inserts(5, 7, 6)) == failures(6)


def test_a_sequence_number_that_is_no_number_is_reported_as_delivered() -> None:
    """Where numbers cannot be compared, the first undone record's is reported."""
    assert dispatcher(Handled({"b": TimeoutError()}))(inserts("c", "b", "a")) == failures("b")


def test_two_records_with_one_sequence_number_are_two_records() -> None:
    """Each of two records with the same sequence number is handled."""
    handled = Handled()
    report = dispatcher(handled).dispatch(batch(insert(5, "a"), {**insert(5, "b"), "eventID": "other"}))
    assert (list(handled), statuses(report)) == (["5", "5"], ["done", "done"])


def test_two_records_with_one_event_id_are_two_records() -> None:
    """Each of two records with the same eventID is handled."""
    handled = Handled()
    dispatcher(handled)(batch(insert(5), {**insert(6), "eventID": "e5"}))
    assert list(handled) == ["5", "6"]


def test_two_records_with_one_identity_are_two_records() -> None:
    """Of two records alike in every identifier one can be done while the other fails, and the number is reported."""
    seen: list[str] = []

    def handler(change: Change[Order]) -> None:
        if change.keys["pk"] == "b":
            raise TimeoutError
        seen.append(change.keys["pk"])

    report = dispatcher(handler).dispatch(batch(insert(5, "a"), insert(5, "b")))
    assert (seen, statuses(report), report.response) == (["a"], ["done", "failed"], failures(5))


# ----------------------------------------------------------------------------------------- without a sequence number


def test_a_failure_that_nothing_identifies_raises() -> None:
    """A failed record without a sequence number fails the whole batch, which is what Lambda would make of it anyway."""
    with pytest.raises(MalformedRecordError):
        dispatcher(Handled({"": TimeoutError()}))(batch(without(insert(1), "SequenceNumber")))


@pytest.mark.parametrize("number", ["", None, 5, [], {"S": "5"}])
def test_an_identifier_that_lambda_would_not_take_raises(number: Any) -> None:
    """Empty, null and other values that are no text are no sequence number to report a failure by."""
    with pytest.raises(MalformedRecordError):
        dispatcher(Handled({"": TimeoutError()}))(batch(record(1, "INSERT", SequenceNumber=number, NewImage=item())))


def test_success_needs_no_sequence_number() -> None:
    """A record without a sequence number that is done is done."""
    assert dispatcher(Handled())(batch(without(insert(1), "SequenceNumber"))) == SUCCESS


def test_a_numbered_failure_reports_for_those_after_it() -> None:
    """A deferred record without a number comes again with the numbered one that failed before it."""
    event = batch(insert(1), without(insert(2), "SequenceNumber"))
    assert dispatcher(Handled({1: TimeoutError()}))(event) == failures(1)


def test_what_finished_before_the_raise_is_remembered() -> None:
    """When the whole batch comes again, what was finished in it does not run again."""
    handled = Handled({"": TimeoutError()})
    app = dispatcher(handled)
    event = batch(insert(1), without(insert(2), "SequenceNumber"))
    with pytest.raises(MalformedRecordError):
        app(event)
    handled.fail.clear()
    assert (app(event), list(handled)) == (SUCCESS, ["1", ""])


# --------------------------------------------------------------------------------------------------------- envelopes

SQS = {"messageId": "m", "eventSource": "aws:sqs", "body": "{}"}
UNKNOWN: list[Any] = [
    None,
    [],
    "",
    "Records",
    0,
    True,
    {},
    {"Records": None},
    {"Records": {}},
    {"Records": "aws:dynamodb"},
    {"Records": [None]},
    {"Records": [[]]},
    {"Records": [{}]},
    {"Records": [{"EventSource": "aws:dynamodb"}]},
    {"Records": [{"eventSource": None}]},
    {"Records": [{"eventSource": ["aws:dynamodb"]}]},
    {"records": [insert()]},
    {"detail-type": "Scheduled Event", "source": "aws.events"},
    [insert()],
    batch(SQS),
    batch(SQS, insert()),
    batch(insert(), SQS),
    batch(insert(), None),
    batch(insert(), insert(), {}),
    insert(),
]


@pytest.mark.parametrize("event", UNKNOWN, ids=lambda event: str(event)[:60])
def test_an_unknown_event_raises(event: Any) -> None:
    """What is no event of a known source is an error: a wrong wiring must never look like success."""
    with pytest.raises(UnknownEventError):
        dispatcher(Handled())(event, None)


@pytest.mark.parametrize("event", UNKNOWN, ids=lambda event: str(event)[:60])
def test_no_handler_runs_for_an_unknown_event(event: Any) -> None:
    """An unknown event is found before any handler runs, even where its first record looks right."""
    handled = Handled()
    with pytest.raises(UnknownEventError):
        dispatcher(handled)(event, None)
    assert list(handled) == []


@pytest.mark.parametrize(
    ("malformed", "stage"),
    [
        ({"eventName": "EXPLODED"}, "envelope"),
        ({"eventName": None}, "envelope"),
        ({"eventName": ["INSERT"]}, "envelope"),
        ({"eventName": "insert"}, "envelope"),
        ({"dynamodb": []}, "envelope"),
    ],
)
def test_a_malformed_envelope_fails_its_record(malformed: Json, stage: str) -> None:
    """A record without an event or a body fails alone, at stage envelope."""
    bad = {**insert(2), **malformed}
    if not isinstance(bad["dynamodb"], dict):
        with pytest.raises(MalformedRecordError):
            dispatcher(Handled())(batch(bad))
        return
    report = dispatcher(Handled()).dispatch(batch(insert(1), bad))
    assert (reasons(report)[1], report.response) == (("failed", stage), failures(2))


@pytest.mark.parametrize("name", ["eventName", "dynamodb"])
def test_a_missing_part_of_the_envelope_fails_its_record(name: str) -> None:
    """A record without its eventName or its dynamodb section is a MalformedRecordError of that record."""
    place = MemoryParking()
    bad = {field: value for field, value in insert(2).items() if field != name}
    report = dispatcher(Handled(), parking=place).dispatch(batch(insert(1), bad, insert(3)))
    assert (reasons(report)[1], place.parked[0].error) == (("parked", "envelope"), "MalformedRecordError")


@pytest.mark.parametrize("image", ["NewImage", "OldImage"])
@pytest.mark.parametrize("value", [None, [], "text", 1])
def test_an_image_that_is_no_object_fails_at_decode(image: str, value: Any) -> None:
    """An image that is null, or anything but an object, is found before it is routed and is a DecodeError."""
    bad = modify(2)
    bad["dynamodb"][image] = value
    (outcome,) = dispatcher(Handled()).dispatch(batch(bad))
    assert (outcome.status, outcome.stage, type(outcome.error)) == ("failed", "decode", DecodeError)


def test_extra_fields_do_no_harm() -> None:
    """Fields that nobody knows of, in the event, the record or its body, are left alone."""
    extra = insert(1, SomethingNew="x")
    event = {**batch({**extra, "invented": {"deep": [1]}, "dynamodb": {**extra["dynamodb"], "more": None}}), "x": 1}
    assert dispatcher(Handled())(event) == SUCCESS


def test_the_event_is_left_as_it_came() -> None:
    """Dispatching changes nothing in the event."""
    event = batch(insert(1), modify(2, total=5), remove(3), {**insert(4), "eventName": "?"})
    before = json.dumps(event)
    dispatcher(Handled({2: TimeoutError()}), parking=MemoryParking())(event)
    assert json.dumps(event) == before


# ----------------------------------------------------------------------------------------------------- tumbling windows


def test_the_state_of_a_window_goes_back() -> None:
    """A tumbling window's state is returned as it came, for a response without it would be a failed invocation."""
    assert dispatcher(Handled())(batch(insert(1), state={"sum": 5}, window={})) == {**SUCCESS, "state": {"sum": 5}}


def test_the_state_goes_back_beside_a_failure() -> None:
    """A window's state is returned with a partial failure too."""
    app = dispatcher(Handled({1: TimeoutError()}))
    assert app(batch(insert(1), state={})) == {**failures(1), "state": {}}


def test_a_window_ends_without_records() -> None:
    """The last invocation of a window may hold no records, and still gets its state back."""
    event = batch(state={"sum": 5}, isFinalInvokeForWindow=True)
    assert dispatcher(Handled())(event) == {**SUCCESS, "state": {"sum": 5}}


def test_without_a_window_there_is_no_state() -> None:
    """A response holds a state only if the event does."""
    assert "state" not in dispatcher(Handled())(batch(insert(1)))


# ------------------------------------------------------------------------------------------------------------- routing


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
        {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"},
    ],
)
def test_a_removal_by_anybody_else_is_a_deletion(identity: Any) -> None:
    """Any identity but exactly the service principal is a user's deletion."""
    assert cause_of({**remove(1), "userIdentity": identity}) == ["user"]


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
    """A record of a routed entity whose event nobody wants is skipped, not unrouted."""
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
        ({}, {"pk": "a"}, Change),
        ({"NewImage": {"x": {"N": "1"}}}, {"x": 1}, Insert),
        ({"OldImage": {"x": {"N": "1"}}}, {"x": 1}, Remove),
        ({"NewImage": {"x": {"N": "1"}}, "OldImage": {"x": {"N": "2"}}}, {"x": 1}, Modify),
    ],
)
def test_the_fallback_sees_what_the_stream_carries(body: Json, image: Json, kind: type) -> None:
    """A fallback is given the change class that the images there are allow, and the keys where there are none."""
    routes, seen = Routes(), []

    @routes.fallback
    def unknown(change: Change[dict[str, Any]]) -> None:
        seen.append((change.image, type(change)))

    name = "REMOVE" if kind is Remove else "MODIFY" if kind is Modify else "INSERT"
    Dispatcher(routes)(batch(record(1, name, **body)))
    assert seen == [(image, kind)]


def test_a_discriminator_of_the_users_own_is_used() -> None:
    """A function of the wire image can tell the entity."""
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
    """What a discriminator function returns beside a text or None does not take the batch down."""
    app = dispatcher(Handled(), discriminator=lambda image: strange)
    assert app(batch(insert(1))) in (SUCCESS, failures(1))


# ----------------------------------------------------------------------------------------------------------- unrouted


def test_unrouted_records_are_skipped_by_default() -> None:
    """A record whose entity has no route is counted as unrouted, and the batch is a success."""
    report = dispatcher(Handled()).dispatch(batch(insert(1, entity="Stranger"), insert(2)))
    assert (statuses(report), report.response) == (["unrouted", "done"], SUCCESS)


def test_unrouted_records_can_fail() -> None:
    """With unrouted="fail" such a record is reported, and what comes after it is deferred."""
    report = dispatcher(Handled(), unrouted="fail").dispatch(batch(insert(1, entity="Stranger"), insert(2)))
    assert (statuses(report), report.response) == (["failed", "deferred"], failures(1))


def test_an_unrouted_failure_has_no_stage() -> None:
    """An unrouted record went wrong at no stage; its error is an UnroutedError."""
    (outcome,) = dispatcher(Handled(), unrouted="fail").dispatch(batch(insert(1, entity="Stranger")))
    assert (outcome.stage, type(outcome.error)) == (None, UnroutedError)


def test_unrouted_records_can_be_parked() -> None:
    """With unrouted="park" such a record is put aside and the stream moves on."""
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
    """What nobody asked for is not looked at: malformed attributes of an unrouted entity are no failure."""
    report = dispatcher(Handled()).dispatch(batch(insert(1, entity="Stranger", total={"N": "abc"})))
    assert statuses(report) == ["unrouted"]


# ----------------------------------------------------------------------------------------------------------- deadline


def test_nothing_starts_when_the_time_is_up() -> None:
    """With less time left than the reserve, records are deferred and the first of them reported."""
    handled = Handled()
    report = dispatcher(handled, reserve=1).dispatch(inserts(1, 2), Context(remaining=999))
    assert (list(handled), statuses(report), report.response) == ([], ["deferred", "deferred"], failures(1))


def test_time_that_runs_out_on_the_way_defers_the_rest() -> None:
    """Records are handled until the time runs out, and the first not started is reported."""
    import time

    seen = []

    def slow(change: Change[Order]) -> None:
        seen.append(change.record.sequence_number)
        time.sleep(0.2)

    app = dispatcher(slow, reserve=0)
    assert (app(inserts(1, 2, 3), Context(remaining=100)), seen) == (failures(2), ["1"])


def test_the_reserve_is_kept() -> None:
    """The same time left is enough for a smaller reserve."""
    assert dispatcher(Handled(), reserve=0.1)(inserts(1), Context(remaining=999)) == SUCCESS


def test_routes_of_one_record_that_the_time_does_not_reach_come_again() -> None:
    """The first handler uses the time up, so the second does not start; Lambda's replay runs it alone."""
    import time

    seen: list[str] = []
    routes = Routes()

    @routes.on(Order)
    def slow(change: Change[Order]) -> None:
        seen.append("slow")
        time.sleep(0.05)

    @routes.on(Order)
    def late(change: Change[Order]) -> None:
        seen.append("late")

    app = Dispatcher(routes, reserve=0)
    assert (app(inserts(1), Context(remaining=20)), seen) == (failures(1), ["slow"])
    assert (app(inserts(1)), seen) == (SUCCESS, ["slow", "late"])


@pytest.mark.parametrize("remaining", [None, "soon", MagicMock(), True, [], float("nan"), float("inf")])
def test_a_context_that_tells_no_time_sets_no_deadline(remaining: Any) -> None:
    """What is no number of milliseconds is no time left: handlers run."""
    assert dispatcher(Handled())(inserts(1), Context(remaining=lambda: remaining)) == SUCCESS


@pytest.mark.parametrize(
    "context", [None, MagicMock(), object(), {}, "context", type("C", (), {"get_remaining_time_in_millis": 5})()]
)
def test_any_context_will_do(context: Any) -> None:
    """A context that is a mock, nothing, or something else altogether does not stop the handlers."""
    assert dispatcher(Handled())(inserts(1), context) == SUCCESS


def test_negative_time_defers_everything() -> None:
    """A context whose time is over already starts nothing."""
    assert dispatcher(Handled(), reserve=0)(inserts(1), Context(remaining=-1)) == failures(1)


# -------------------------------------------------------------------------------------------------------- the report


def test_a_report_has_an_outcome_for_each_record_and_route() -> None:
    """Iterating a report gives each record's outcomes in the order of the records."""
    report = dispatcher(Handled()).dispatch(inserts(1, 2))
    assert [outcome.record.sequence_number for outcome in report] == ["1", "2"]


def test_a_report_counts() -> None:
    """A report counts its outcomes by status."""
    report = dispatcher(Handled({2: TimeoutError()})).dispatch(inserts(1, 2, 3, 4))
    assert (report.counts(), len(report), repr(report)) == (
        {"done": 1, "failed": 1, "deferred": 2},
        4,
        "<Report 1 done, 1 failed, 2 deferred>",
    )


def test_an_empty_report_says_so() -> None:
    """A report of no records prints as one."""
    assert repr(dispatcher(Handled()).dispatch(batch())) == "<Report no records>"


def test_an_outcome_holds_what_went_wrong() -> None:
    """A failed outcome has the route, the stage and the very error."""
    error = TimeoutError("late")
    app = dispatcher(Handled({1: error}))
    (outcome,) = app.dispatch(inserts(1))
    assert (outcome.stage, outcome.error, outcome.route) == ("handler", error, next(iter(app.routes)))


def test_an_outcome_prints_no_values() -> None:
    """An outcome prints its status, stage and error type, not the error's text."""
    (outcome,) = dispatcher(Handled({1: TimeoutError("s3cret")})).dispatch(inserts(1))
    assert "failed at handler: TimeoutError" in repr(outcome)
    assert "s3cret" not in repr(outcome)


def test_an_outcome_knows_how_long_it_took() -> None:
    """The duration of a handler that ran is told in seconds."""
    import time

    def slow(change: Change[Order]) -> None:
        time.sleep(0.02)

    (outcome,) = dispatcher(slow).dispatch(inserts(1))
    assert 0.02 <= outcome.duration < 5


def test_a_record_carries_its_identity() -> None:
    """The record of an outcome has what identifies it, and the dict as delivered."""
    raw = insert(1)
    (outcome,) = dispatcher(Handled()).dispatch(batch(raw))
    found: Record = outcome.record
    assert (found.event_id, found.sequence_number, found.event_name, found.entity, found.keys, found.source) == (
        "e1",
        "1",
        "INSERT",
        "Order",
        {"pk": "a"},
        "aws:dynamodb",
    )
    assert found.raw is raw


# ------------------------------------------------------------------------------------------------ construction, options


def test_a_place_that_cannot_park_is_refused() -> None:
    """parking= takes something with a park method."""
    with pytest.raises(RegistrationError, match="parking"):
        dispatcher(Handled(), parking=object())


def test_parking_without_a_place_is_refused() -> None:
    """unrouted="park" needs a parking place."""
    with pytest.raises(RegistrationError, match="parking="):
        dispatcher(Handled(), unrouted="park")


@pytest.mark.parametrize("routes", [Routes, [], None, Handled()])
def test_anything_but_routes_is_refused(routes: Any) -> None:
    """A dispatcher is made of Routes."""
    with pytest.raises(RegistrationError, match="expected Routes"):
        Dispatcher(routes)


# ------------------------------------------------------------------------------------------------ Powertools' processor


def powertools(app: Dispatcher, event: Json, context: Any = Context()) -> Any:  # noqa: B008 - it never changes
    processor = BatchProcessor(event_type=EventType.DynamoDBStreams)
    return process_partial_response(event, app.record_handler, processor, context)


def test_powertools_runs_the_handlers() -> None:
    """The record handler runs a record's routes under Powertools' BatchProcessor."""
    handled = Handled()
    assert (powertools(dispatcher(handled), inserts(1, 2)), list(handled)) == (SUCCESS, ["1", "2"])


def test_powertools_reports_what_failed() -> None:
    """A record that fails is one of Powertools' partial failures."""
    assert powertools(dispatcher(Handled({2: TimeoutError()})), inserts(1, 2, 3)) == failures(2)


def test_powertools_sees_the_handlers_own_exception() -> None:
    """When everything fails, what Powertools raises holds what the handler raised."""
    error = TimeoutError("late")
    with pytest.raises(BatchProcessingError) as caught:
        powertools(dispatcher(Handled({1: error})), inserts(1))
    assert caught.value.child_exceptions[0][1] is error


def test_powertools_moves_on_from_parked_records() -> None:
    """A record that is parked is done with as far as Powertools is concerned."""
    place = MemoryParking()
    app = dispatcher(Handled({1: Reject("never")}), parking=place)
    assert (powertools(app, inserts(1, 2)), len(place)) == (SUCCESS, 1)


def test_powertools_context_reaches_the_handler() -> None:
    """The context that Powertools passes on is the one that handlers get, deadline included."""
    with pytest.raises(BatchProcessingError):
        powertools(dispatcher(Handled()), inserts(1), Context(remaining=1))


def test_a_record_handler_takes_a_dict() -> None:
    """A record as a plain dict does as well as Powertools' data class."""
    handled = Handled()
    dispatcher(handled).record_handler(insert(1))
    assert list(handled) == ["1"]


def test_a_record_handler_raises_for_what_is_deferred() -> None:
    """A record for which there was no time is raised, so that it is reported."""
    with pytest.raises(RouterError, match="time"):
        dispatcher(Handled()).record_handler(insert(1), Context(remaining=1))


def test_a_record_handler_raises_for_what_is_no_record() -> None:
    """A record of no known source is an UnknownEventError."""
    with pytest.raises(UnknownEventError):
        dispatcher(Handled()).record_handler(SQS)


def test_a_batch_route_runs_for_the_single_record() -> None:
    """Under a record handler an on_batch route gets a batch of one."""
    routes, seen = Routes(), []

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]], batch: Batch) -> None:
        seen.append((len(changes), batch.size))

    Dispatcher(routes).record_handler(insert(1))
    assert seen == [(1, 1)]


# ----------------------------------------------------------------------------------------------------- recorded events


@pytest.mark.parametrize("path", sorted(EVENTS.glob("*.json")), ids=lambda path: path.stem)
@pytest.mark.parametrize("concurrency", [1, 4])
def test_recorded_events_are_taken(path: Path, concurrency: int) -> None:
    """Every event recorded from a real stream reaches the fallback, record by record."""
    routes, seen = Routes(), []

    @routes.fallback
    def unknown(change: Change[dict[str, Any]]) -> None:
        seen.append(change.image)

    event = json.loads(path.read_text("utf-8"))
    assert (Dispatcher(routes, concurrency=concurrency)(event), len(seen)) == (SUCCESS, len(event["Records"]))
