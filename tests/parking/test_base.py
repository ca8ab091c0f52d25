"""A parked record is a JSON document, and its repr shows no values."""

import json

from pydantic import BaseModel

from router import Change, Dispatcher, MemoryParking, Routes
from router.parking.base import to_json
from tests.builders import Handled, batch, dispatcher, insert
from tests.parking.parked import parked, parked_record


def test_document() -> None:
    """The document of a parked record states why, where and when it was parked, and the record as delivered."""
    assert parked().to_dict() == {
        "parkedAt": "2026-01-02T03:04:05+00:00",
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
