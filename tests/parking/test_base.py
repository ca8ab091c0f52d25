"""A parked record is a JSON document, and its repr shows no values."""

from router import MemoryParking
from tests.builders import insert
from tests.parking.parked import parked


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


def test_memory_keeps_the_order() -> None:
    """A MemoryParking has a length, and iterates in the order of parking."""
    place = MemoryParking()
    place.park(parked(1))
    place.park(parked(2))
    assert ([entry.record["eventID"] for entry in place], len(place)) == (["e1", "e2"], 2)
