"""Every source gives the same records, and is answered as it expects."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import Change, Dispatcher, MalformedRecordError, MemoryParking, Record, Reject, Routes, UnknownEventError
from router.errors import RouterError
from router.parking import Parked
from router.parking.base import record_digest
from router.sources import receive
from tests.builders import Handled, Json, Order, dispatcher, statuses
from tests.sources.deliveries import (
    change,
    failure_document,
    in_pipe,
    kinesis_record,
    message,
    notification,
    on_kinesis,
    sns_record,
)
from tests.sources.fuzz import check, generated
from tests.strategies import SECRET, junk


def reported(response: Json) -> list[str]:
    return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]


def failing(*numbers: int) -> Handled:
    return Handled({number: TimeoutError() for number in numbers})


def by_key(*failing_keys: str, **options: Any) -> tuple[Dispatcher, list[str]]:
    """A dispatcher whose handler fails for the items with these keys, and the keys of those that it has handled."""
    handled: list[str] = []
    routes = Routes()

    @routes.on(Order)
    def handle(order: Change[Order]) -> None:
        if order.image.pk in failing_keys:
            raise TimeoutError
        handled.append(order.image.pk)

    return Dispatcher(routes, **options), handled


parked = json.dumps(Parked(change(1), "Order", None, "decode", "DecodeError", "", datetime.now(UTC)).to_dict())

CARRIED: dict[str, tuple[Any, str]] = {
    "a record of a stream": ({"Records": [change(1)]}, "dynamodb-streams"),
    "a record of Kinesis": ({"Records": [on_kinesis(change(1), 7)]}, "kinesis"),
    "a record in a pipe": ([change(1)], "pipes"),
    "a record of Kinesis in a pipe": ([in_pipe(on_kinesis(change(1), 7))], "pipes"),
    "a message in a pipe": ([message(change(1), 1)], "pipes"),
    "a message with a record": ({"Records": [message(change(1), 1)]}, "sqs"),
    "a message with a list": ({"Records": [message([change(1)], 1)]}, "sqs"),
    "a message with an event": ({"Records": [message({"Records": [change(1)]}, 1)]}, "sqs"),
    "a message with a parked record": ({"Records": [message(parked, 1)]}, "sqs"),
    "a message with a failure document": ({"Records": [message(failure_document(change(1)), 1)]}, "sqs"),
    "a message with an object as payload": (
        {"Records": [message(failure_document(change(1), payload="object"), 1)]},
        "sqs",
    ),
    "a message from SNS": ({"Records": [message(notification(json.dumps(change(1))), 1)]}, "sqs"),
    "a failure document from SNS": (
        {"Records": [message(notification(json.dumps(failure_document(change(1)))), 1)]},
        "sqs",
    ),
    "a message from EventBridge": ({"Records": [message({"detail-type": "x", "detail": change(1)}, 1)]}, "sqs"),
    "a message of a FIFO queue": ({"Records": [message(change(1), 1, "g")]}, "sqs"),
    "a failure document": (failure_document(change(1)), "failure-document"),
    "a failure document with an object": (failure_document(change(1), payload="object"), "failure-document"),
    "SNS": ({"Records": [sns_record(json.dumps(failure_document(change(1))))]}, "failure-document"),
}


@pytest.mark.parametrize(("event", "source"), CARRIED.values(), ids=CARRIED)
@pytest.mark.parametrize("concurrency", [1, 4])
def test_every_source_gives_the_change(event: Any, source: str, concurrency: int) -> None:
    """The handler is given the item, and its record says who delivered it."""
    seen: list[Record] = []
    routes = Routes()

    @routes.on_insert(Order)
    def handle(order: Change[Order], record: Record) -> None:
        assert order.image.pk == "k1"
        seen.append(record)

    assert Dispatcher(routes, concurrency=concurrency)(event) == {"batchItemFailures": []}
    assert [(record.source, record.event_id, record.keys) for record in seen] == [(source, "e1", {"pk": "k1"})]


def test_a_record_of_kinesis() -> None:
    """Its sequence number is that of Kinesis, its time that of the change, and ``raw`` is what was delivered."""
    delivered = on_kinesis(change(1), 7)
    (record,) = receive({"Records": [delivered]}).records
    assert (record.sequence_number, record.raw) == ("7", delivered)
    assert record.created_at == datetime(2023, 11, 14, 22, 13, 20, 7_000, tzinfo=UTC)


# ------------------------------------------------------------------------------------------------------------- response


def test_kinesis_reports_the_lowest_number_and_stops() -> None:
    """Lambda delivers every record from there again."""
    app, handled = by_key("k2")
    event = {"Records": [on_kinesis(change(number), 100 + number) for number in (1, 2, 3)]}
    assert (reported(app(event)), handled) == (["102"], ["k1"])


def test_a_standard_queue_goes_on() -> None:
    """Each failed message is reported, and the others are done."""
    app, handled = by_key("k1", "k3")
    event = {"Records": [message(change(number), number) for number in (1, 2, 3, 4)]}
    assert (reported(app(event)), handled) == (["m1", "m3"], ["k2", "k4"])


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_group_of_a_fifo_queue_stops(concurrency: int) -> None:
    """The rest of a failed group is reported unhandled; other groups go on."""
    app, handled = by_key("k2", concurrency=concurrency)
    groups = [(1, "a"), (2, "a"), (3, "b"), (4, "a"), (5, "b")]
    event = {"Records": [message(change(number), number, group) for number, group in groups]}
    assert (reported(app(event)), sorted(handled)) == (["m2", "m4"], ["k1", "k3", "k5"])


def test_a_standard_queue_with_message_groups_goes_on() -> None:
    """Message groups of a standard queue are for fairness, not for order."""
    app, handled = by_key("k1")
    messages = [message(change(number), number, "g") for number in (1, 2)]
    event = {"Records": [each | {"eventSourceARN": "arn:aws:sqs:eu-west-1:1:plain"} for each in messages]}
    assert (reported(app(event)), handled) == (["m1"], ["k2"])


def test_a_message_with_several_records() -> None:
    """After one that fails none of the message starts; on its redelivery those that are done are skipped."""
    app, handled = by_key("k2")
    event = {"Records": [message(failure_document(*map(change, (1, 2, 3))), 1), message(change(4), 2)]}
    assert (reported(app(event)), handled) == (["m1"], ["k1", "k4"])
    assert [outcome.status for outcome in app.dispatch({"Records": event["Records"][:1]})] == [
        "skipped",
        "failed",
        "deferred",
    ]


def test_a_pipe_reports_all_that_is_not_done() -> None:
    """A pipe delivers only what is reported: the failed record, and those behind it that did not start."""
    app, handled = by_key("k2")
    assert (reported(app([change(number) for number in (1, 2, 3)])), handled) == (["e2", "e3"], ["k1"])


def test_a_pipe_of_kinesis_reports_event_ids() -> None:
    """The identifier is the ``eventID`` of the record of Kinesis."""
    app, _ = by_key("k1")
    assert reported(app([in_pipe(on_kinesis(change(1), 7))])) == ["shardId-000000000000:7"]


def test_a_failure_document_of_kinesis_reports_the_number_there() -> None:
    """The changes inside it have no number of their own."""
    app, _ = by_key("k2")
    document = failure_document(on_kinesis(change(1), 7), on_kinesis(change(2), 8))
    assert "KinesisBatchInfo" in document
    assert reported(app(document)) == ["8"]


def test_a_record_of_a_pipe_by_itself() -> None:
    """Tools give an app one record; the fields of Kinesis stand beside ``eventSource``."""
    app, _ = by_key("k1")
    assert reported(app({"Records": [in_pipe(on_kinesis(change(1), 7))]})) == ["7"]


def test_a_fifo_queue_without_message_groups_is_one_group() -> None:
    """A test event may leave them out; the queue keeps its order nevertheless."""
    app, handled = by_key("k1")
    messages = [message(change(number), number, "g") | {"attributes": {}} for number in (1, 2)]
    assert (reported(app({"Records": messages})), handled) == (["m1", "m2"], [])


def test_a_failure_document_reports_the_number_in_the_stream() -> None:
    """Who invokes the function with a failure document is answered as its stream."""
    app, _ = by_key("k2")
    assert reported(app(failure_document(change(1), change(2)))) == ["2"]


def test_sns_is_answered_with_an_error() -> None:
    """Nothing reads the response of a function that SNS invokes, so the invocation fails."""
    app, _ = by_key("k1")
    with pytest.raises(RouterError, match="found 1 records that are not done in an event of SNS"):
        app({"Records": [sns_record(json.dumps(change(1)))]})


def test_mixed_sources_are_answered_each_by_its_own() -> None:
    """A batch of several sources stops and reports by source."""
    app, handled = by_key("k1", "k3")
    event = {
        "Records": [
            change(1),
            message(change(2), 2),
            change(5),
            message(change(3), 3),
            on_kinesis(change(4), 44),
        ]
    }
    assert (reported(app(event)), handled) == (["1", "m3"], ["k2", "k4"])


@pytest.mark.parametrize(
    "event", [[change(1) | {"eventID": None}], {"Records": [message(change(1), 1) | {"messageId": ""}]}]
)
def test_no_identifier_fails_the_batch(event: Any) -> None:
    """A failed record without identifier fails the invocation: an empty one would mean the whole batch."""
    app, _ = by_key("k1")
    with pytest.raises(MalformedRecordError, match=r"found no (eventID or )?messageId"):
        app(event)


# ------------------------------------------------------------------------------------------------------- what is broken


BROKEN: dict[str, tuple[Json, str]] = {
    "no JSON": (message("{", 1), "a text that is no JSON"),
    "another document": (message({"order": SECRET}, 1), "an object that is no change of a table"),
    "an empty body": (message("", 1), "a text that is no JSON"),
    "a list of nothing": (message([], 1), "an empty list"),
    "a number": (message("7", 1), "a value of type int"),
    "a failure document without payload": (
        message(failure_document(change(1), payload="none"), 1),
        "a failure document without payload and without sequence numbers",
    ),
    "bytes": (kinesis_record(b"\xff", 1), "data that is no base64 of a text"),
    "an aggregate": (kinesis_record(b"\xf3\x89\x9a\xc2\n", 1), "an aggregate of the Kinesis Producer Library"),
    "another record": (kinesis_record("{}", 1), "an object that is no change of a table"),
}


@pytest.mark.parametrize(("entry", "found"), BROKEN.values(), ids=BROKEN)
def test_nothing_but_what_is_broken_raises(entry: Json, found: str) -> None:
    """An event in which nothing is a change is a wrong wiring."""
    with pytest.raises(
        UnknownEventError, match=f"^record 0: found {found} in (sqs|kinesis), expected a change"
    ) as caught:
        by_key()[0]({"Records": [entry, entry]})
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(("entry", "found"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken_fails_alone(entry: Json, found: str) -> None:
    """Beside changes it is parked, as delivered, and the others are handled."""
    place = MemoryParking()
    app, handled = by_key(parking=place)
    good = on_kinesis(change(9), 9) if "kinesis" in entry else message(change(9), 9)
    report = app.dispatch({"Records": [entry, good]})
    assert (statuses(report), handled) == (["parked", "done"], ["k9"])
    (kept,) = place
    assert kept.record == entry
    assert found in kept.reason


def test_what_is_broken_fails_alone_within_a_document_too() -> None:
    """The record for which Lambda gave up a batch of Kinesis does not keep the others of its document back."""
    app, handled = by_key()
    document = failure_document(
        on_kinesis(change(1), 1), kinesis_record(b"\xf3\x89\x9a\xc2", 2), on_kinesis(change(3), 3)
    )
    report = app.dispatch({"Records": [message(document, 1), message(change(4), 4)]})
    assert (statuses(report), handled) == (["done", "failed", "deferred", "done"], ["k1", "k4"])
    parking, handled = by_key(parking=MemoryParking())
    assert (reported(parking({"Records": [message(document, 1)]})), handled) == ([], ["k1", "k3"])


def test_a_source_that_delivers_nothing_but_what_is_broken_raises_beside_others() -> None:
    """It is wired wrongly, and no handler runs for the records of the other source."""
    app, handled = by_key()
    with pytest.raises(UnknownEventError, match="found a text that is no JSON"):
        app({"Records": [change(1), message("{", 1)]})
    assert handled == []


def test_a_parked_change_of_a_message_is_the_change_alone() -> None:
    """What is parked of a message with several records is the one that failed."""
    place = MemoryParking()
    app, _ = by_key(parking=place)
    bad = change(2, total="x")
    app({"Records": [message(failure_document(change(1), bad), 1)]})
    assert [kept.record for kept in place] == [bad]


def parks_and_fails() -> tuple[Dispatcher, MemoryParking, Handled]:
    """A dispatcher with two routes that has handled change 1: the first parked it, and the second always fails."""
    place, rejecting = MemoryParking(), Handled({1: Reject("not now")})
    routes = Routes()

    @routes.on(Order)
    def first(change: Change[Order]) -> None:
        rejecting(change)

    @routes.on(Order)
    def second(change: Change[Order]) -> None:
        raise TimeoutError

    app = Dispatcher(routes, parking=place)
    app({"Records": [change(1)]})
    rejecting.fail.clear()
    return app, place, rejecting


def test_a_parked_record_is_handled_although_its_stream_still_redelivers_it() -> None:
    """Where a record was parked, its stream must not deliver it again. Its document comes to be handled there."""
    app, place, rejecting = parks_and_fails()
    app({"Records": [message(place.parked[0].to_dict(), 1)]})
    assert rejecting.numbers == ["1"]
    app({"Records": [change(1)]})
    assert rejecting.numbers == ["1"]


def test_a_record_that_is_parked_again_is_another_message() -> None:
    """A FIFO queue and a bucket would else take it for the message that is gone, and it would be lost."""
    place = MemoryParking()
    app = dispatcher(Handled({1: Reject("never")}), parking=place)
    app({"Records": [change(1)]})
    for _ in range(2):
        app({"Records": [message(place.parked[0].to_dict(), 1)]})
    first, again, redelivered = map(record_digest, place)
    assert first != again
    assert again == redelivered


def test_a_parked_record_that_is_redelivered_skips_what_is_completed() -> None:
    """The document of a parked record is one unit of redelivery like any other message."""
    app, place, rejecting = parks_and_fails()
    parked = {"Records": [message([place.parked[0].to_dict(), change(2)], 1)]}
    for _ in range(3):
        assert reported(app(parked)) == ["m1"]
    assert rejecting.numbers == ["1", "2"]


@given(
    st.lists(
        st.builds(
            dict, eventSource=st.sampled_from(["aws:sqs", "aws:kinesis", "aws:dynamodb"]), body=junk(), kinesis=junk()
        )
        | junk()
    )
)
def test_anything_is_an_event_or_unknown(entries: list[Any]) -> None:
    """Entries of any form are records or an unknown event, and nothing of them is in the error."""
    for event in (entries, {"Records": entries}):
        assert SECRET not in error_of(event)


def error_of(event: Any) -> str:
    try:
        dispatcher(Handled(), parking=MemoryParking())(event)
    except RouterError as error:
        return str(error)
    return ""


@given(st.integers(min_value=0))
def test_no_fault_of_a_delivery_escapes(seed: int) -> None:
    """A delivery with faults in it is answered or refused, no record is lost, and no value is in an error."""
    random = Random(seed)  # noqa: S311 - to be repeatable
    check(generated(random), random)
