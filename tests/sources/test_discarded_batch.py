"""``router.sources.discarded_batch``: failure documents without payload, whose records are read from their stream."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError

from router import Drop, MemoryParking, Park
from router.errors import RecordsGoneError, RecordsUnreadError
from router.sources import discarded_batch
from tests.builders import Json
from tests.sources.deliveries import change, failure_document, message, notification, sns_record
from tests.sources.test_received import by_key, reported

STREAM = "arn:aws:dynamodb:eu-west-1:111122223333:table/shop/stream/2026-01-01T00:00:00.000"
KINESIS = "arn:aws:kinesis:eu-west-1:111122223333:stream/changes"


class Shard:
    """A client of a stream whose only shard has these records, some of a page."""

    def __init__(self, *numbers: int, error: Exception | None = None, page: int = 2, closed: bool = False) -> None:
        self.numbers, self.error, self.page, self.closed = numbers, error, page, closed
        self.requests: list[Json] = []

    def get(self) -> Shard:
        return self

    def get_shard_iterator(self, **request: str) -> Json:
        self.requests.append(request)
        if self.error is not None:
            raise self.error
        start = int(request.get("SequenceNumber") or request["StartingSequenceNumber"])
        return {"ShardIterator": str(sum(number < start for number in self.numbers))}

    def get_records(self, ShardIterator: str, Limit: int = 1000) -> Json:  # noqa: N803 - names of the API
        start, size = int(ShardIterator), min(self.page, Limit)
        records = [self.record(number) for number in self.numbers[start : start + size]]
        following = None if self.closed and start + size >= len(self.numbers) else str(start + size)
        return {"Records": records, **({} if following is None else {"NextShardIterator": following})}

    def record(self, number: int) -> Json:
        if "StreamARN" in self.requests[-1]:
            return {
                "SequenceNumber": str(number),
                "PartitionKey": "p",
                "ApproximateArrivalTimestamp": datetime(2026, 1, 1, tzinfo=UTC),
                "Data": json.dumps(change(number)).encode(),
            }
        wire = change(number)
        return {"eventID": wire["eventID"], "eventName": wire["eventName"], "dynamodb": wire["dynamodb"]}


@pytest.fixture(autouse=True)
def clients(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The clients by service."""
    made: dict[str, Any] = {"dynamodbstreams": Shard(1, 2, 3, 4, 5), "kinesis": Shard(1, 2, 3, 4, 5)}
    monkeypatch.setattr(discarded_batch, "_clients", made)
    return made


def document(start: int, end: int, size: int = 0, **batch: Any) -> Json:
    """A failure document without payload."""
    made = failure_document(payload="none")
    made["DDBStreamBatchInfo"] = {
        "shardId": "shardId-00000001700000000000-00000001",
        "startSequenceNumber": str(start),
        "endSequenceNumber": str(end),
        "batchSize": size or end - start + 1,
        "streamArn": STREAM,
        **batch,
    }
    return made


def of_kinesis(start: int, end: int, arn: str = KINESIS) -> Json:
    made = document(start, end, streamArn=arn)
    made["KinesisBatchInfo"] = made.pop("DDBStreamBatchInfo")
    return made


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "s3cret"}}, "GetRecords")


@pytest.mark.parametrize(
    "event",
    [
        {"Records": [message(document(2, 4), 1)]},
        {"Records": [message(notification(json.dumps(document(2, 4))), 1)]},
        {"Records": [sns_record(json.dumps(document(2, 4)))]},
        {"Records": [message(of_kinesis(2, 4), 1)]},
        [message(document(2, 4), 1)],
        document(2, 4),
        of_kinesis(2, 4),
        document(2, 4, size=1),
    ],
)
def test_the_records_of_the_range_are_handled(event: Any) -> None:
    """From the first to the last, over several pages; what was given up is handled as it would have been."""
    app, handled = by_key()
    assert (app(event), handled) == ({"batchItemFailures": []}, ["k2", "k3", "k4"])


def test_the_first_record_is_where_reading_starts(clients: dict[str, Any]) -> None:
    """The iterator is at the first sequence number of the batch, in its shard and stream."""
    by_key()[0](document(2, 4))
    assert clients["dynamodbstreams"].requests == [
        {
            "StreamArn": STREAM,
            "ShardId": "shardId-00000001700000000000-00000001",
            "ShardIteratorType": "AT_SEQUENCE_NUMBER",
            "SequenceNumber": "2",
        }
    ]


def test_a_consumer_of_kinesis_reads_its_stream(clients: dict[str, Any]) -> None:
    """With enhanced fan-out Lambda gives the consumer's ARN, which GetShardIterator does not take."""
    by_key()[0](of_kinesis(2, 2, f"{KINESIS}/consumer/c:1"))
    assert clients["kinesis"].requests[0]["StreamARN"] == KINESIS


def test_one_that_fails_is_reported_by_its_message() -> None:
    """A handler that fails leaves its message in the queue."""
    app, handled = by_key("k3")
    assert (reported(app({"Records": [message(document(2, 4), 1)]})), handled) == (["m1"], ["k2"])


GONE = {
    "trimmed": Shard(error=refused("TrimmedDataAccessException")),
    "deleted": Shard(error=refused("ResourceNotFoundException")),
    "refused by boto3": Shard(error=ParamValidationError(report="s3cret")),
    "trimmed without a word": Shard(3, 4, 5),
    "ended": Shard(1, 2, 3, closed=True),
    "past": Shard(6),
}


@pytest.mark.parametrize("shard", GONE.values(), ids=GONE)
def test_what_is_gone_fails_its_message(shard: Shard, clients: dict[str, Any]) -> None:
    """The error names stream, shard and range; the message is parked where there is a place, and others are handled."""
    clients["dynamodbstreams"] = shard
    event = {"Records": [message(document(2, 4), 1), message(change(9), 2)]}
    app, handled = by_key()
    failed, done = app.dispatch(event)
    assert (failed.status, failed.stage, done.status, handled) == ("failed", "envelope", "done", ["k9"])
    assert isinstance(failed.error, RecordsGoneError)
    assert f"records 2 to 4 of shard shardId-00000001700000000000-00000001 of {STREAM}" in str(failed.error)
    assert "s3cret" not in str(failed.error)
    place = MemoryParking()
    assert reported(by_key(parking=place)[0](event)) == []
    assert [kept.record for kept in place] == event["Records"][:1]


UNREAD = {
    "throttled": Shard(error=refused("ThrottlingException")),
    "not allowed": Shard(error=refused("AccessDeniedException")),
    "unreachable": Shard(error=EndpointConnectionError(endpoint_url="https://example")),
    "silent": Shard(1, 2, 3),
}


@pytest.mark.parametrize("shard", UNREAD.values(), ids=UNREAD)
@pytest.mark.parametrize("policy", [None, Park(), Drop()])
def test_what_cannot_be_read_now_comes_again(shard: Shard, policy: Any, clients: dict[str, Any]) -> None:
    """The message is reported, under every policy: it is neither parked nor dropped, and a retry reads it."""
    clients["dynamodbstreams"] = shard
    place = MemoryParking()
    app, handled = by_key(parking=place, **({} if policy is None else {"on_error": policy}))
    event = {"Records": [message(document(2, 4), 1)]}
    (failed,) = app.dispatch(event)
    assert (failed.status, len(place), reported(app(event))) == ("failed", 0, ["m1"])
    assert isinstance(failed.error, RecordsUnreadError)
    clients["dynamodbstreams"] = Shard(1, 2, 3, 4)
    assert (reported(app(event)), handled) == ([], ["k2", "k3", "k4"])


def test_a_document_that_is_the_event_fails_openly(clients: dict[str, Any]) -> None:
    """Nothing identifies what was not read, so the invocation fails."""
    clients["dynamodbstreams"] = UNREAD["throttled"]
    with pytest.raises(Exception, match="found no SequenceNumber"):
        by_key()[0](document(2, 4))


@pytest.mark.parametrize(
    "batch",
    [
        {"startSequenceNumber": None},
        {"endSequenceNumber": "x"},
        {"endSequenceNumber": "9" * 5000},
        {"streamArn": "s3cret"},
        {"shardId": 1},
        {"shardId": "x" * 5000},
        {"streamArn": KINESIS},
        {"streamArn": f"{STREAM}{'x' * 5000}"},
    ],
)
def test_a_document_without_a_range(batch: Json) -> None:
    """That of a window's last invocation has no sequence numbers: it has no records."""
    app, handled = by_key()
    failed, _ = app.dispatch({"Records": [message(document(2, 4, **batch), 1), message(change(9), 2)]})
    assert handled == ["k9"]
    assert "found a failure document without payload and without sequence numbers" in str(failed.error)


def test_explain_reads_the_records() -> None:
    """A tool sees what the function would be given."""
    explanation = by_key()[0].explain(message(document(2, 4), 1))
    assert (explanation.record.keys, explanation.entity) == ({"pk": "k2"}, "Order")
