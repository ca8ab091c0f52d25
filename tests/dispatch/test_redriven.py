"""``router.dispatch.redriven``: a record that comes back in its document runs at the route at which it was parked."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from router import Change, Dispatcher, MemoryParking, Reject, Routes
from router.sources.bucket_object import objects_of
from tests.builders import SUCCESS, Json, Order, batch, insert, statuses
from tests.sources.deliveries import message, sns_record


class Shop:
    """An app with three routes, the second of which rejects until it is mended."""

    def __init__(self, **options: Any) -> None:
        self.calls: list[str] = []
        self.is_mended = False
        self.place = MemoryParking()
        routes = Routes()
        routes.on(Order)(self.first)
        routes.on_insert(Order)(self.second)
        routes.on(Order)(self.third)
        self.app = Dispatcher(routes, parking=self.place, **options)

    def first(self, change: Change[Order]) -> None:
        self.calls.append("first")

    def second(self, change: Change[Order]) -> None:
        self.calls.append("second")
        if not self.is_mended:
            msg = "not now"
            raise Reject(msg)

    def third(self, change: Change[Order]) -> None:
        self.calls.append("third")

    def parked(self) -> Json:
        """The document of a record that was parked at the second route; the calls until then are forgotten."""
        self.app(batch(insert(1)))
        assert self.calls == ["first", "second", "third"]
        self.calls.clear()
        (document,) = [each.to_dict() for each in self.place]
        return json.loads(json.dumps(document))  # type: ignore[no-any-return]  # the document, as JSON has it


class Bucket:
    """A client of a bucket with one object."""

    def __init__(self, document: Json) -> None:
        self.document = document

    def get(self) -> Bucket:
        return self

    def get_object(self, **_: str) -> Json:
        return {"Body": BytesIO(json.dumps(self.document).encode())}


DELIVERIES: dict[str, Callable[[Json], Any]] = {
    "as the event": lambda document: document,
    "in a list": batch,
    "in a message": lambda document: batch(message(document, 1)),
    "in a message from a topic": lambda document: batch(
        message({"Type": "Notification", "Message": json.dumps(document)}, 1)
    ),
    "by a topic": lambda document: batch(sns_record(json.dumps(document))),
    "in a message that names the bucket": lambda document: batch(
        message(
            {name: value for name, value in document.items() if name != "record"}
            | {"recordIn": {"bucket": "shop", "key": "parked/d.json"}},
            1,
        )
    ),
    "beside a change of another source": lambda document: batch(document, message({"Event": "s3:TestEvent"}, 2)),
}


@pytest.mark.parametrize("delivered", DELIVERIES.values(), ids=DELIVERIES)
def test_only_the_route_runs_at_which_the_record_was_parked(delivered: Callable[[Json], Any]) -> None:
    """Those that had succeeded do not run again, however the document is delivered."""
    shop = Shop()
    document = shop.parked()
    shop.is_mended = True
    with objects_of(Bucket(document)):
        report = shop.app.dispatch(delivered(document))
    assert (report.response, shop.calls) == (SUCCESS, ["second"])
    assert statuses(report) == ["skipped", "done", "skipped"]


def test_lanes_keep_to_the_route_too() -> None:
    """With concurrency the same routes run."""
    shop = Shop(concurrency=2)
    document = shop.parked()
    shop.is_mended = True
    shop.app(batch(message(document, 1), message(document, 2)))
    assert shop.calls == ["second", "second"]


def test_other_records_of_the_event_run_at_every_route() -> None:
    """The restriction is that of one record."""
    shop = Shop()
    document = shop.parked()
    shop.is_mended = True
    shop.app(batch(message(document, 1), message(insert(2), 2)))
    assert shop.calls == ["second", "first", "second", "third"]


def test_a_record_that_reached_no_route_runs_at_every_route() -> None:
    """None of them had succeeded."""
    shop = Shop()
    document = shop.parked() | {"route": None}
    shop.is_mended = True
    shop.app(document)
    assert shop.calls == ["first", "second", "third"]


def test_a_route_that_the_app_no_longer_has_restricts_nothing() -> None:
    """A handler that runs twice is better than a record that no handler sees."""
    shop = Shop()
    document = shop.parked() | {"route": "handlers.gone"}
    shop.is_mended = True
    shop.app(document)
    assert shop.calls == ["first", "second", "third"]


def test_a_record_that_fails_again_is_parked_with_its_route() -> None:
    """So the next time, too, only that route runs."""
    shop = Shop()
    document = shop.parked()
    assert shop.app(document) == SUCCESS
    again = shop.place.parked[-1].to_dict()
    assert (again["route"], shop.calls) == (document["route"], ["second"])
    assert again["id"] != document["id"]


def test_a_route_that_the_app_does_not_have_is_not_written_into_a_document() -> None:
    """It is a text of unknown origin, which may be a value of an item."""
    shop = Shop()
    shop.app(shop.parked() | {"route": "s3cret"})
    assert "s3cret" not in str([each.to_dict() for each in shop.place])


def test_a_record_whose_document_is_held_is_reported_and_not_parked_again() -> None:
    """Its sender keeps the document until the record is done, so a second one would be handled twice."""
    shop = Shop()
    document = shop.parked() | {"held": True}
    response = shop.app(batch(message(document, 1)))
    assert (response, len(shop.place)) == ({"batchItemFailures": [{"itemIdentifier": "m1"}]}, 1)


def test_a_held_record_without_a_route_is_reported_too() -> None:
    """Also where the app parks what is unrouted."""
    place = MemoryParking()
    app = Dispatcher(unrouted="park", parking=place)
    app(batch(insert(1)))
    document = place.parked[0].to_dict() | {"held": True}
    assert statuses(app.dispatch(document)) == ["failed"]
    assert len(place) == 1
