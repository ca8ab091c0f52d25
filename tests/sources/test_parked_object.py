"""``router.sources.parked_object``: messages of parked records that are in a bucket, because they are too big."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from router import MemoryParking, Reject
from router.errors import RecordsGoneError, RecordsUnreadError
from router.parking.base import to_json
from router.sources import bucket_object
from tests.builders import SUCCESS, Handled, batch, dispatcher, insert
from tests.parking.parked import parked
from tests.sources.deliveries import message

PLACE = {"bucket": "shop", "key": "parked/2026/01/02/d.json"}
WHOLE = to_json(parked(1))
POINTER = to_json(parked(1), record_in=PLACE)


class Bucket:
    """A client of a bucket with one object."""

    def __init__(self, content: str = WHOLE, error: Exception | None = None) -> None:
        self.content, self.error = content, error

    def get(self) -> Bucket:
        return self

    def get_object(self, **request: str) -> dict[str, Any]:
        assert request == {"Bucket": "shop", "Key": PLACE["key"]}
        if self.error is not None:
            raise self.error
        return {"Body": io.BytesIO(self.content.encode())}


def use(monkeypatch: pytest.MonkeyPatch, bucket: Bucket) -> None:
    monkeypatch.setattr(bucket_object, "_clients", [bucket])


def answered(code: str) -> Exception:
    return ClientError({"Error": {"Code": code, "Message": "s3cret"}}, "GetObject")


def test_record_is_handled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that names an object delivers the record in it."""
    use(monkeypatch, Bucket())
    handled = Handled()
    assert (dispatcher(handled)(batch(message(POINTER, 1))), [*handled]) == (SUCCESS, ["1"])


def test_record_that_fails_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record from a bucket that fails again is parked whole."""
    use(monkeypatch, Bucket())
    place = MemoryParking()
    dispatcher(Handled({1: Reject("never")}), parking=place)(batch(message(POINTER, 1)))
    assert [each.record for each in place] == [insert(1)]


@pytest.mark.parametrize(
    "bucket",
    [Bucket("[]"), Bucket("7"), Bucket("{}"), Bucket("no JSON"), Bucket(POINTER), Bucket(error=answered("NoSuchKey"))],
)
def test_object_that_is_gone(monkeypatch: pytest.MonkeyPatch, bucket: Bucket) -> None:
    """Where the object is gone, or is something else, the message is parked, because no retry can read it."""
    use(monkeypatch, bucket)
    (outcome,) = dispatcher(Handled(), parking=MemoryParking()).dispatch(batch(message(POINTER, 1)))
    assert (outcome.status, type(outcome.error), "s3cret" in str(outcome.error)) == ("parked", RecordsGoneError, False)


@pytest.mark.parametrize("error", [answered("AccessDenied"), EndpointConnectionError(endpoint_url="https://s3")])
def test_object_that_cannot_be_read_now(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Where the object cannot be read, the message comes again, and is not parked."""
    use(monkeypatch, Bucket(error=error))
    place = MemoryParking()
    (outcome,) = dispatcher(Handled(), parking=place).dispatch(batch(message(POINTER, 1)))
    assert (outcome.status, type(outcome.error), len(place)) == ("failed", RecordsUnreadError, 0)


@pytest.mark.parametrize("place", [None, "shop", {}, {"bucket": "shop"}, {"bucket": "shop", "key": 1}])
def test_place_that_is_none(place: Any) -> None:
    """A message that names no object fails, with an error that says so."""
    document = json.loads(POINTER) | {"recordIn": place}
    (outcome,) = dispatcher(Handled()).dispatch(batch(message(document, 1)))
    assert str(outcome.error).startswith(
        "found no bucket and key at recordIn, expected the document of a parked record"
    )
