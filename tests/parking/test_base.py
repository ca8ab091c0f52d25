"""A parked record is a JSON document, and its repr shows no values."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from router import Change, Dispatcher, MemoryParking, Parked, RegistrationError, Reject, Routes
from router.parking.base import to_json
from tests.builders import Handled, Json, batch, dispatcher, insert, inserts, without
from tests.parking.parked import parked, parked_record
from tests.sources.deliveries import change, failure_document, message


def test_document() -> None:
    """The document of a parked record states why, where and when it was parked, and the record as delivered."""
    changed_at = datetime(2026, 1, 2, 3, tzinfo=UTC)
    place = parked_record(insert(1), source="sqs", changed_at=changed_at, attempts=3, version="7")
    assert place.to_dict() == {
        "id": place.id,
        "parkedAt": "2026-01-02T03:04:05+00:00",
        "changedAt": "2026-01-02T03:00:00+00:00",
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
