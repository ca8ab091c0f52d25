"""``router.local.event_source_mapping.failure_documents``: AWS's fields in AWS's order."""

import json
from typing import Any

import pytest

from router.local.event_source_mapping import EventSourceMapping, FunctionError, Invoke, MappingSettings
from tests.local.driver import REPORT, SHARD, START, Driver, fail, record, report

QUALIFIED = "arn:aws:lambda:us-east-1:123456789012:function:NAME:ALIAS"
STREAM = "arn:aws:dynamodb:us-east-1:123456789012:table/Shop/stream/2026-09-17T13:26:53.746"


def discarded_by_alias() -> Any:
    mapping = EventSourceMapping(
        MappingSettings(maximum_retry_attempts=0),
        function_arn=QUALIFIED,
        stream_arn=STREAM,
        executed_version="1",
        uuid="5b2ad2a5-0000-4000-8000-000000000001",
        new_id=lambda: "6a7a",
    )
    mapping.add_shard(SHARD)
    mapping.feed(SHARD, [record(2900, START + 38), record(3400, START + 40)], START)
    (invoke,) = (action for action in mapping.poll(START + 149) if isinstance(action, Invoke))
    discard, _ = mapping.complete(invoke, FunctionError(), START + 149.967)
    return discard


DOCUMENT = {
    "requestContext": {
        "requestId": "6a7a",
        "functionArn": QUALIFIED,
        "condition": "RetryAttemptsExhausted",
        "approximateInvokeCount": 1,
    },
    "responseContext": {"statusCode": 200, "executedVersion": "1", "functionError": "Unhandled"},
    "version": "1.0",
    "timestamp": "2026-09-17T13:29:29.967Z",
    "DDBStreamBatchInfo": {
        "shardId": SHARD,
        "startSequenceNumber": "2900",
        "endSequenceNumber": "3400",
        "approximateArrivalOfFirstRecord": "2026-09-17T13:27:38Z",
        "approximateArrivalOfLastRecord": "2026-09-17T13:27:40Z",
        "batchSize": 2,
        "streamArn": STREAM,
    },
}


def test_document() -> None:
    """A queue and a topic receive the documented keys in their order."""
    assert json.dumps(discarded_by_alias().document) == json.dumps(DOCUMENT)


def test_s3_document() -> None:
    """A bucket also receives the event as text, between version and timestamp."""
    discard = discarded_by_alias()
    document = discard.s3_document
    assert list(document) == [
        "requestContext",
        "responseContext",
        "version",
        "payload",
        "timestamp",
        "DDBStreamBatchInfo",
    ]
    assert json.loads(document.pop("payload")) == discard.event
    assert document == DOCUMENT


def test_s3_key() -> None:
    """The object's key holds the mapping, the shard and the time of the document."""
    assert discarded_by_alias().s3_key("11111111") == (
        f"aws/lambda/5b2ad2a5-0000-4000-8000-000000000001/{SHARD}/2026/09/17/2026-09-17T13.29.29-11111111"
    )


def test_event_beside_the_document() -> None:
    """The event is that of the last attempt."""
    driver = Driver(fail, maximum_retry_attempts=0).feed(record(1)).run()
    assert driver.discards[0].event == driver.invokes[-1].event


def test_record_age() -> None:
    """For a record that is too old the document counts one invocation and has a request ID, but no response."""
    driver = Driver(maximum_record_age_in_seconds=60).feed(record(1)).advance(61).run()
    (discard,) = driver.discards
    assert list(discard.document) == ["requestContext", "version", "timestamp", "DDBStreamBatchInfo"]
    assert discard.document["requestContext"] == {
        "requestId": "00000000-0000-4000-8000-000000000001",
        "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:handler",
        "condition": "RecordAgeExceeded",
        "approximateInvokeCount": 1,
    }
    assert discard.event == {"Records": [record(1)]}


@pytest.mark.parametrize(("answer", "error"), [(fail, "Unhandled"), (report(1), None)])
def test_function_error(answer: Any, error: str | None) -> None:
    """The function error is Unhandled after an exception, and null after a response that fails the batch."""
    driver = Driver(answer, maximum_retry_attempts=0, function_response_types=REPORT).feed(record(1)).run()
    assert driver.discards[0].document["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": error,
    }


def test_record_without_a_sequence_number() -> None:
    """A missing sequence number is null in the document."""
    driver = Driver(fail, maximum_retry_attempts=0)
    driver.mapping.feed(SHARD, [{"eventName": "INSERT"}], driver.now)
    (invoke,) = (action for action in driver.mapping.poll(driver.now) if isinstance(action, Invoke))
    (discard,) = driver.mapping.complete(invoke, FunctionError(), driver.now)
    info = discard.document["DDBStreamBatchInfo"]  # type: ignore[union-attr]  # there is no checkpoint to tell of
    assert info["startSequenceNumber"] is None
    assert info["approximateArrivalOfFirstRecord"] == "2026-09-17T13:27:00Z"
