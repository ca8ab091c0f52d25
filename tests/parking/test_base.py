"""A parked record is a JSON document, and its repr shows no values."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from router import Change, Dispatcher, MemoryParking, Park, Parked, RegistrationError, Reject, Routes
from router.completed import MemoryCompleted
from router.context import Clock, Deadline, now, running_on
from router.parking.base import FirstFailures, to_json
from tests.builders import SUCCESS, Handled, Json, batch, dispatcher, insert, inserts, without
from tests.parking.parked import parked, parked_record
from tests.sources.deliveries import change, failure_document, in_pipe, message, on_kinesis


def test_document() -> None:
    """The document of a parked record states why, where and when it was parked, and the record as delivered."""
    changed_at = datetime(2026, 1, 2, 3, tzinfo=UTC)
    place = parked_record(insert(1), source="sqs", changed_at=changed_at, attempts=3, version="7")
    place = replace(place, first_attempt_at=changed_at.replace(minute=1))
    assert place.to_dict() == {
        "id": place.id,
        "parkedAt": "2026-01-02T03:04:05+00:00",
        "changedAt": "2026-01-02T03:00:00+00:00",
        "firstAttemptAt": "2026-01-02T03:01:00+00:00",
        "source": "sqs",
        "attempts": 3,
        "version": "7",
        "entity": "Order",
        "route": "handlers.orders.place",
        "stage": "handler",
        "error": "Reject",
        "reason": "never",
        "record": insert(1),
    }


def test_repr_shows_no_value() -> None:
    """The repr of a parked record, which may reach a log, shows no value of the item."""
    assert repr(parked(status="s3cret")) == "<Parked 'Order' at handler: Reject>"


def test_repr_without_a_registered_entity() -> None:
    """The repr of a record of a fallback does not show its entity, which is an unchecked value of the item."""
    assert repr(parked_record(insert(), is_registered=False)) == "<Parked record at handler: Reject>"


def test_memory_keeps_the_order() -> None:
    """A MemoryParking has a length, and iterates in the order of parking."""
    place = MemoryParking()
    place.park(parked(1))
    place.park(parked(2))
    assert ([entry.record["eventID"] for entry in place], len(place)) == (["e1", "e2"], 2)


def test_document_of_many_faults() -> None:
    """The document of an item with 40,000 bad elements is little longer than its record."""

    class Many(BaseModel):
        lines: list[int]

    routes = Routes()

    @routes.on(Many, entity="Order")
    def handler(change: Change[Many]) -> None: ...

    place = MemoryParking()
    raw = insert(1, lines={"L": [{"S": "x"}] * 40_000})
    Dispatcher(routes, parking=place)(batch(raw))
    (parked,) = place
    assert parked.reason.endswith("; and 39,990 more")
    assert len(to_json(parked)) - len(json.dumps(raw)) < 4_000


def test_document_of_a_long_entity() -> None:
    """A long entity is cut in the document; the record has it whole."""
    place = MemoryParking()
    raw = insert(1, entity="x" * 100_000)
    dispatcher(Handled(), unrouted="park", parking=place)(batch(raw))
    (parked,) = place
    assert len(parked.entity or "") == 256
    assert len(to_json(parked)) - len(json.dumps(raw)) < 4_000


def parked_of(event: Json, **options: Any) -> Parked:
    """The one record of an event that a dispatcher parks."""
    place = MemoryParking()
    dispatcher(Handled(dict.fromkeys(range(1, 9), Reject("never"))), unrouted="park", parking=place, **options)(event)
    (only,) = place
    return only


def test_id_is_that_of_record_and_route() -> None:
    """The ID of a parked record is the same at every delivery, and another one at another route and of another record."""
    later = parked_record(insert(1), parked_at=datetime(2027, 1, 1, tzinfo=UTC), attempts=9)
    others = {parked(2).id, parked_record(insert(1), route="handlers.orders.ship").id}
    assert (parked(1).id == later.id, len(others | {later.id})) == (True, 3)


@pytest.mark.parametrize(("names", "known"), [(("eventID",), True), (("eventID", "SequenceNumber"), False)])
def test_id_without_event_id(names: tuple[str, ...], *, known: bool) -> None:
    """A record without an event ID has an ID if it has a sequence number."""
    assert (parked_record(without(insert(1), *names)).id is not None) == known


def test_id_of_records_with_the_same_names() -> None:
    """Records with the same event ID and sequence number, as in recorded events, have IDs of their own."""
    place = MemoryParking()
    event = batch(insert(1, "a"), insert(1, "b"))
    dispatcher(Handled({1: Reject("never")}), parking=place)(event)
    assert len({each.id for each in place}) == 2


def test_id_of_such_records_at_each_delivery() -> None:
    """Such a record has the same ID where completed routes are remembered, which gives it an identity of its own."""

    def ids(completed: MemoryCompleted) -> set[str | None]:
        place = MemoryParking()
        event = batch(insert(1, "a"), insert(1, "b"))
        dispatcher(Handled({1: Reject("never")}), parking=place, completed=completed)(event)
        return {each.id for each in place}

    remembers = MemoryCompleted()
    remembers.remember([("another", "e9:9"), ("another", "e1:1")])
    assert ids(remembers) == ids(MemoryCompleted())


def test_id_of_a_message_without_a_record() -> None:
    """A message that carries no record has the same ID at each delivery, and another message another one."""

    def ids(number: int, receipt: str) -> set[str | None]:
        place = MemoryParking()
        raw = message("no change", number) | {"receiptHandle": receipt}
        dispatcher(Handled(), parking=place)(batch(raw, message(change(9), 9)))
        return {each.id for each in place}

    assert ids(1, "one") == ids(1, "two") != ids(2, "one")
    assert None not in ids(1, "one")


def test_id_after_a_redrive() -> None:
    """A record that comes back in its document and is parked again has another ID, the same for both copies of it."""
    first = parked_of(inserts(1))
    copies = [replace(first, parked_at=datetime(2026, 1, day, tzinfo=UTC)).to_dict() for day in (1, 2)]
    again = [parked_of(batch(message(copy, 1))) for copy in copies]
    assert again[0].id == again[1].id != first.id


def test_source_and_time_of_the_change() -> None:
    """A parked record has its source and the time of its change; the stream counts no attempts."""
    raw = insert(1)
    raw["dynamodb"]["ApproximateCreationDateTime"] = 1_767_323_045
    only = parked_of(batch(raw))
    assert (only.source, str(only.changed_at), only.attempts) == (
        "dynamodb-streams",
        "2026-01-02 03:04:05+00:00",
        None,
    )


def test_attempts_of_a_message() -> None:
    """A record of a message was delivered as often as SQS says."""
    raw = message(change(1), 1)
    raw["attributes"]["ApproximateReceiveCount"] = "4"
    only = parked_of(batch(raw))
    assert (only.source, only.attempts) == ("sqs", 4)


def test_attempts_of_a_failure_document() -> None:
    """A record of a failure document was delivered as often as Lambda says."""
    document = failure_document(change(1))
    document["requestContext"]["approximateInvokeCount"] = 5
    assert parked_of(document).attempts == 5


@pytest.mark.parametrize("count", [None, "", "many", "-1", True, 1.5, [], {}])
def test_attempts_that_are_no_number(count: Any) -> None:
    """A count that is none is no reason to fail."""
    raw = message(change(1), 1)
    raw["attributes"]["ApproximateReceiveCount"] = count
    assert parked_of(batch(raw)).attempts is None


@pytest.mark.parametrize(
    ("event", "attempts"),
    [
        (batch(change(1)), None),
        (batch(on_kinesis(change(1), 1)), None),
        ([in_pipe(on_kinesis(change(1), 1))], None),
        (batch(message(change(1), 1)), 1),
        (batch(message(change(1), 1, group="g")), 1),
        (failure_document(change(1)), 1),
    ],
    ids=["stream", "kinesis", "pipe", "sqs", "fifo", "failure document"],
)
def test_attempts_of_each_source(event: Any, attempts: int | None) -> None:
    """A parked record has the count of its source, where the source counts."""
    place = MemoryParking()
    dispatcher(always, parking=place)(event)
    assert [each.attempts for each in place] == [attempts]


def always(change: Change[Any]) -> None:
    raise Reject("never")


def test_first_attempt_at_a_queue() -> None:
    """The first attempt at a message is when SQS says that it was received first, also in another container."""
    raw = message(change(1), 1)
    raw["attributes"]["ApproximateFirstReceiveTimestamp"] = "1767323045678"
    assert str(parked_of(batch(raw)).first_attempt_at) == "2026-01-02 03:04:05.678000+00:00"


@pytest.mark.parametrize("time", [None, "", "soon", "-1", 10**400, "9" * 400, True, []])
def test_first_attempt_that_is_no_time(time: Any) -> None:
    """A time that is none is no reason to fail: the first attempt is the one that the container knows of."""
    raw = message(change(1), 1)
    raw["attributes"]["ApproximateFirstReceiveTimestamp"] = time
    assert parked_of(batch(raw)).first_attempt_at is not None


@pytest.mark.parametrize("event", [batch(change(1)), batch(on_kinesis(change(1), 1))], ids=["stream", "kinesis"])
def test_first_attempt_at_a_stream(event: Json) -> None:
    """The first attempt at a record of a stream is its first failure in this container."""
    place, times = MemoryParking(), iter(range(0, 1_000_000, 100))
    app = dispatcher(fails_once_more, parking=place, on_error={LookupError: Park()})
    with running_on(Clock(lambda: float(next(times)), lambda: 0.0)):
        fails_once_more.error = OSError()
        started = now()
        app(event)
        app(event)
        between = now()
        fails_once_more.error = LookupError()
        app(event)
    (only,) = place
    assert only.first_attempt_at is not None
    assert started < only.first_attempt_at < between < only.parked_at


class _Fails:
    error: Exception

    def __call__(self, change: Change[Any]) -> None:
        raise self.error


fails_once_more = _Fails()


def test_first_attempt_in_another_container() -> None:
    """A record that a container parks at its first attempt was first attempted then."""
    only = parked_of(inserts(1))
    assert only.first_attempt_at is not None
    assert 0 <= (only.parked_at - only.first_attempt_at).total_seconds() < 60


def test_first_failures_are_bounded() -> None:
    """A container remembers the first failures of so many records, and forgets the oldest."""
    first_failures, times = FirstFailures(most=2), iter(range(100))
    with running_on(Clock(lambda: float(next(times)), lambda: 0.0)):
        for identity in ("a", "b", "c"):
            first_failures.time(None, identity)
        b, a = (first_failures.time(None, identity) for identity in ("b", "a"))
    assert (b.timestamp() < a.timestamp(), len(first_failures._times)) == (True, 2)


def test_document_as_an_event() -> None:
    """The document of a parked record is an event, and so is a list of them under Records."""
    place, handled = MemoryParking(), Handled({1: Reject(), 2: Reject()})
    app = dispatcher(handled, parking=place)
    app(inserts(1, 2))
    handled.fail.clear()
    documents = [each.to_dict() for each in place]
    assert (app(documents[0]), app({"Records": documents}), list(handled)) == (SUCCESS, SUCCESS, ["1", "1", "2"])


class OneRefused(MemoryParking):
    """A place that takes several records with a call, and refuses the first one."""

    most = 10

    def park_bulk(self, parked: Sequence[Parked], deadline: Deadline) -> list[Exception | None]:
        self.parked += parked[1:]
        return [OSError(), *[None for _ in parked[1:]]]


def test_document_of_a_record_that_counts_as_completed() -> None:
    """A record that is remembered as parked is skipped as a record of its stream, and runs in its document."""
    place, handled = OneRefused(), Handled({1: Reject(), 2: Reject()})
    app = dispatcher(handled, parking=place)
    app(inserts(1, 2))
    handled.fail.clear()
    app(batch(inserts(1, 2)["Records"][1]))
    as_record = list(handled)
    app({"Records": [each.to_dict() for each in place]})
    assert (as_record, list(handled)) == ([], ["2"])


def test_version_of_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parked record has the version of the function, unless the app has one of its own."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_VERSION", "12")
    assert [parked_of(inserts(1)).version, parked_of(inserts(1), version="1.4.0").version] == ["12", "1.4.0"]


@pytest.mark.parametrize("version", ["", 1, 1.4])
def test_version_that_is_no_text(version: Any) -> None:
    """A version is a text that is not empty."""
    with pytest.raises(RegistrationError, match=r"Dispatcher\(version=\) found .*, expected a text"):
        Dispatcher(version=version)


def test_redelivered_record_is_parked_once() -> None:
    """A record of a document is parked once, however often its message is delivered again."""
    place = MemoryParking()
    app = dispatcher(Handled({1: Reject("never"), 2: OSError()}), parking=place)
    for _ in range(4):
        app(batch(message(failure_document(change(1), change(2)), 1)))
    assert [each.record["eventID"] for each in place] == ["e1"]
