"""A bucket keeps each parked record as one object."""

import json
from datetime import UTC, datetime
from typing import Any

from router import Parked, Reject, S3Parking
from tests.builders import Handled, Json, dispatcher, failures, insert, inserts, without
from tests.parking.parked import parked, parked_record


class Bucket:
    """A client that validates the parameters of a call, and keeps the object."""

    def __init__(self) -> None:
        import boto3
        from botocore.stub import Stubber

        self.client: Any = boto3.client(
            "s3", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        self.stubber = Stubber(self.client)
        self.stubber.activate()
        self.objects: dict[str, Any] = {}
        self.client.meta.events.register_first("before-parameter-build.s3.PutObject", self._keep)

    def _keep(self, params: Json, **_: Any) -> None:
        self.objects[f"{params['Bucket']}/{params['Key']}"] = json.loads(params["Body"])

    def park(self, *places: Parked) -> None:
        for place in places:
            self.stubber.add_response("put_object", {})
            S3Parking("shop", client=self.client).park(place)


def test_object() -> None:
    """An object contains the document, under the day of the change."""
    bucket = Bucket()
    dated = parked_record(insert(1), changed_at=datetime(2026, 1, 1, 3, tzinfo=UTC))
    bucket.park(dated)
    ((key, document),) = bucket.objects.items()
    assert (key.startswith("shop/parked/2026/01/01/"), key.endswith(".json")) == (True, True)
    assert document == dated.to_dict()


def test_record_is_stored_once() -> None:
    """A record that is parked twice on one day is one object."""
    bucket = Bucket()
    bucket.park(parked(1), parked(1), parked(2))
    assert len(bucket.objects) == 2


def test_record_is_stored_once_on_another_day() -> None:
    """A record that another container parks the day after is the same object, that of the day of its change."""
    bucket = Bucket()
    changed_at = datetime(2026, 1, 1, 23, 59, tzinfo=UTC)
    for day in (1, 2):
        bucket.park(parked_record(insert(1), changed_at=changed_at, parked_at=datetime(2026, 1, day, 4, tzinfo=UTC)))
    (key,) = bucket.objects
    assert key.startswith("shop/parked/2026/01/01/")


def test_record_without_a_time_is_stored_once() -> None:
    """A record without a time that is parked on two days is one object."""
    bucket = Bucket()
    bucket.park(*[parked_record(insert(1), parked_at=datetime(2026, 1, day, tzinfo=UTC)) for day in (1, 2)])
    (key,) = bucket.objects
    assert key.startswith("shop/parked/undated/")


def test_records_without_identity() -> None:
    """Records with neither an event ID nor a sequence number are all kept."""
    bucket = Bucket()
    bucket.park(*[parked_record(without(insert(1), "eventID", "SequenceNumber")) for _ in range(2)])
    assert len(bucket.objects) == 2


def test_error_of_s3() -> None:
    """An error of S3 makes the record fail."""
    bucket = Bucket()
    bucket.stubber.add_client_error("put_object", "AccessDenied")
    app = dispatcher(Handled({1: Reject("never")}), parking=S3Parking("shop", client=bucket.client))
    assert app(inserts(1)) == failures(1)


def test_repr() -> None:
    """The repr shows the bucket and the prefix."""
    assert repr(S3Parking("shop", prefix="p/")) == "S3Parking('shop', prefix='p/')"
