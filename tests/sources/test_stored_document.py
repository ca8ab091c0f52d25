"""``router.sources.stored_document``: failure documents in a bucket, of which S3 notifies the function."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from router import MemoryParking, Reject, UnknownEventError
from router.errors import RecordsGoneError, RecordsUnreadError, RouterError
from router.sources import bucket_object, receive
from router.sources.bucket_object import objects_of
from router.testing import s3_event, sqs_event
from tests.builders import Handled, Json, batch, dispatcher, statuses
from tests.sources.deliveries import change, failure_document, message, notification, s3_notification, sns_record
from tests.sources.test_received import by_key, reported

DOCUMENT = failure_document(change(1), change(2))
TEST_MESSAGE = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-01-02T00:00:00.000Z", "Bucket": "b"}


class Bucket:
    """A client of a bucket with one object, and the requests that it got."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.requests = error, list[tuple[str, str]]()

    def get(self) -> Bucket:
        return self

    def get_object(self, Bucket: str, Key: str) -> Json:  # noqa: N803 - as boto3 names them
        self.requests.append((Bucket, Key))
        if self.error is not None:
            raise self.error
        return {"Body": io.BytesIO(json.dumps(DOCUMENT).encode())}


def answered(code: str) -> Exception:
    return ClientError({"Error": {"Code": code, "Message": "s3cret"}}, "GetObject")


@pytest.mark.parametrize("event_bridge", [False, True])
@pytest.mark.parametrize(
    ("carry", "source"),
    [
        (lambda event: event, "failure-document"),
        (lambda event: batch(sns_record(json.dumps(event))), "failure-document"),
        (sqs_event, "sqs"),
        (lambda event: sqs_event(event, group="g"), "sqs"),
        (lambda event: batch(message(notification(json.dumps(event)), 1)), "sqs"),
        (lambda event: sqs_event(event)["Records"], "pipes"),
    ],
)
def test_the_records_of_the_document_are_handled(carry: Any, source: str, event_bridge: bool) -> None:
    """S3 itself, EventBridge, SNS, SQS and a pipe may deliver the notification."""
    app, handled = by_key()
    with s3_event(DOCUMENT, event_bridge=event_bridge) as event:
        report = app.dispatch(carry(event))
    assert (handled, {outcome.record.source for outcome in report}) == (["k1", "k2"], {source})


def test_the_key_of_a_notification_is_decoded() -> None:
    """S3 encodes it as in a URL."""
    bucket = Bucket()
    with objects_of(bucket):
        by_key()[0](batch(s3_notification("a+b%3D%C3%BC/c%2Bd")))
    assert bucket.requests == [("b", "a b=ü/c+d")]


def test_the_key_of_event_bridge_is_taken_as_it_is() -> None:
    """EventBridge does not encode it."""
    bucket, detail = Bucket(), {"bucket": {"name": "b"}, "object": {"key": "a+b%3D"}}
    with objects_of(bucket):
        by_key()[0]({"source": "aws.s3", "detail-type": "Object Created", "detail": detail})
    assert bucket.requests == [("b", "a+b%3D")]


def test_a_failure_raises_after_the_records_of_other_items() -> None:
    """Nothing reads the response, and Lambda runs the invocation only twice again: the records of other items are done."""
    app, handled = by_key("k1")
    document = failure_document(change(1), change(2), change(3, "k1"), change(4))
    with s3_event(document) as event, pytest.raises(RouterError, match="found 2 records that are not done in an event"):
        app(event)
    assert handled == ["k2", "k4"]


def test_what_is_done_does_not_run_in_the_next_attempt() -> None:
    """The whole invocation comes again, so all that is done is remembered, also what was before the failure."""
    handled = Handled({2: TimeoutError()})
    app = dispatcher(handled)
    with s3_event(failure_document(change(1), change(2), change(3))) as event:
        for _ in range(2):
            with pytest.raises(RouterError, match="S3, which reads no response"):
                app(event)
    assert [*handled] == ["1", "3"]


def test_a_queue_is_answered_with_the_message() -> None:
    """A message about the document is one unit of redelivery."""
    app, _ = by_key("k2")
    with s3_event(DOCUMENT) as event:
        assert reported(app(batch(message(event, 7)))) == ["m7"]


def test_a_record_that_fails_for_ever_is_parked() -> None:
    """The change alone is parked, and the invocation succeeds."""
    place = MemoryParking()
    with s3_event(DOCUMENT) as event:
        report = dispatcher(Handled({1: Reject("never")}), parking=place).dispatch(event)
    assert (statuses(report), [each.record for each in place]) == (["parked", "done"], [change(1)])


# ------------------------------------------------------------------------------------------------------- what is broken


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"\xff", "an object that is no JSON at s3://discarded-records/aws/lambda/"),
        (b"[" * 100_000, "an object that is no JSON at s3://discarded-records/aws/lambda/"),
        (b'{"order": "s3cret"}', "an object that is no failure document at s3://discarded-records/aws/lambda/"),
        (b"[]", "an object that is no failure document at s3://discarded-records/aws/lambda/"),
        (json.dumps(change(1)).encode(), "an object that is no failure document at"),
        (json.dumps({"parkedAt": "2026", "record": change(1)}).encode(), "an object that is no failure document at"),
    ],
)
def test_another_object_raises(content: bytes, found: str) -> None:
    """A bucket of other objects is a wrong wiring; one of parked records would park and notify without end."""
    with s3_event(content) as event, pytest.raises(UnknownEventError, match=f"^record 0: found {found}") as caught:
        by_key()[0](event)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        (s3_notification("k", "ObjectRemoved:Delete"), "the event 'ObjectRemoved:Delete' of S3"),
        (s3_notification("k", "s3cret"), "an unknown event of S3"),
        (s3_notification("k") | {"eventName": None}, "an unknown event of S3"),
        (s3_notification(""), "a notification of S3 without bucket and key"),
        (s3_notification("k") | {"s3": None}, "a notification of S3 without bucket and key"),
        (s3_notification("k") | {"s3": {"bucket": "b"}}, "a notification of S3 without bucket and key"),
        (
            {"source": "aws.s3", "detail-type": "Object Deleted", "detail": {}},
            "the event 'Object Deleted' of S3",
        ),
    ],
)
def test_another_notification_raises(entry: Json, found: str) -> None:
    """The error names the event, or what is missing."""
    with pytest.raises(UnknownEventError, match=f"^record 0: found {found} in failure-document, expected a failure"):
        by_key()[0](batch(entry))


@pytest.mark.parametrize("code", ["NoSuchKey", "NoSuchBucket"])
def test_an_object_that_is_gone_fails_for_ever(code: str) -> None:
    """It is parked where there is a place."""
    with objects_of(Bucket(answered(code))):
        (outcome,) = dispatcher(Handled(), parking=MemoryParking()).dispatch(batch(s3_notification("d")))
    assert (outcome.status, type(outcome.error)) == ("parked", RecordsGoneError)
    assert str(outcome.error) == f"found {code} at s3://b/d, expected a failure document"


def test_an_object_that_cannot_be_read_now_fails_the_invocation() -> None:
    """Lambda runs it again."""
    with objects_of(Bucket(answered("AccessDenied"))):
        event = batch(s3_notification("d"))
        (record,) = receive(event).records
        assert record.flaw is not None
        assert isinstance(record.flaw.error, RecordsUnreadError)
        with pytest.raises(RouterError, match="found 1 records that are not done in an event of S3"):
            dispatcher(Handled(), parking=MemoryParking())(event)


def test_an_object_that_is_too_big_is_not_kept_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but a failure document is read to the end."""
    monkeypatch.setattr(bucket_object, "_MOST_BYTES", 2**20)
    with s3_event(b" " * (2**20 + 1)) as event:
        (outcome,) = dispatcher(Handled(), parking=MemoryParking()).dispatch(event)
    assert str(outcome.error).startswith("found more than 1 MB at s3://")


# --------------------------------------------------------------------------------------------------------- test message


@pytest.mark.parametrize(
    "event", [TEST_MESSAGE, batch(TEST_MESSAGE), sqs_event(TEST_MESSAGE), batch(sns_record(json.dumps(TEST_MESSAGE)))]
)
def test_the_test_message_of_s3_has_no_record(event: Any) -> None:
    """S3 sends it to a queue and a topic when notifications are configured; it must not come again for ever."""
    report = dispatcher(Handled()).dispatch(event)
    assert (report.outcomes, report.response) == ([], {"batchItemFailures": []})


def test_the_test_message_keeps_no_other_message_back() -> None:
    """The other messages of its batch are handled."""
    app, handled = by_key()
    assert reported(app(batch(message(TEST_MESSAGE, 1), message(change(2), 2)))) == []
    assert handled == ["k2"]


def test_explain_of_the_test_message() -> None:
    """There is nothing to explain, and the error says so."""
    with pytest.raises(UnknownEventError, match=r"^found a message that has no record"):
        by_key()[0].explain(TEST_MESSAGE)


def test_explain_reads_the_object() -> None:
    """The explanation is that of the first record in it."""
    with s3_event(DOCUMENT) as event:
        assert by_key()[0].explain(event["Records"][0]).entity == "Order"
