"""``router.local.streams.saved_output``: saved output of GetRecords becomes the event that Lambda would deliver."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar

import pytest

from router.local.streams.saved_output import lambda_event
from router.sources.lambda_record import lambda_record

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
IDENTITY = {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
IMAGE = {
    "pk": {"S": "b'1'"},
    "picture": {"B": b"\x00'\xff"},
    "pictures": {"BS": [b"a", b"b"]},
    "nested": {"L": [{"M": {"inner": {"B": b"c"}}}]},
    "tags": {"SS": ["x"]},
}


def saved(**more: Any) -> dict[str, Any]:
    """A record as the API answers it, with a time as AWS's command line writes it."""
    body = {"ApproximateCreationDateTime": MOMENT.isoformat(), "SequenceNumber": "1", "Keys": {"pk": {"S": "1"}}}
    record = {"eventID": "e1", "eventName": "REMOVE", "eventSource": "aws:dynamodb", "dynamodb": body}
    return {**record, **more}


def converted(record: dict[str, Any]) -> dict[str, Any]:
    (found,) = lambda_event({"Records": [record]})["Records"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-02T03:04:05+00:00",
        "2026-01-02T03:04:05.000Z",
        "2026-01-02 03:04:05+00:00",
        "2026-01-02T03:04:05",
        MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat(),
    ],
)
def test_an_iso_time_becomes_seconds(text: str) -> None:
    """In any zone; without a zone it is UTC."""
    record = saved(dynamodb={"ApproximateCreationDateTime": text})
    assert converted(record)["dynamodb"]["ApproximateCreationDateTime"] == MOMENT.timestamp()


def test_the_identity_of_a_ttl_delete_gets_lambdas_names() -> None:
    """Also where the time is a number, as version 1 of AWS's command line writes it."""
    record = saved(userIdentity=IDENTITY, dynamodb={"ApproximateCreationDateTime": 1.5})
    assert converted(record)["userIdentity"] == {"principalId": "dynamodb.amazonaws.com", "type": "Service"}


def test_what_python_wrote_of_an_answer_is_what_lambda_delivers() -> None:
    """``json.dumps(answer, default=str)`` of boto3's answer, compared with the record that ``router record`` makes."""
    body = {"ApproximateCreationDateTime": MOMENT, "SequenceNumber": "1", "Keys": {"pk": {"S": "1"}}, "NewImage": IMAGE}
    answered = saved(dynamodb=body, userIdentity=IDENTITY, eventVersion="1.1", awsRegion="eu-west-1")
    expected = lambda_record(answered, "arn", "eu-west-1")
    del expected["eventSourceARN"]
    assert converted(json.loads(json.dumps(answered, default=str))) == expected


def test_base64_stays() -> None:
    """AWS's command line writes binary values as Lambda does."""
    value = {"B": b64encode(b"b'x'").decode()}
    record = saved(dynamodb={"ApproximateCreationDateTime": MOMENT.isoformat(), "NewImage": {"picture": value}})
    assert converted(record)["dynamodb"]["NewImage"]["picture"] == value


def test_the_iterator_of_an_answer_is_left_out() -> None:
    """It is no part of an event; other fields are, such as the state of a window."""
    document = {"Records": [], "NextShardIterator": "arn|1", "ResponseMetadata": {}, "state": {}}
    assert lambda_event(document) == {"Records": [], "state": {}}


def test_a_missing_event_source_is_added() -> None:
    """Every field of a record is optional in the API."""
    record = saved()
    del record["eventSource"]
    assert converted(record)["eventSource"] == "aws:dynamodb"


@pytest.mark.parametrize("record", [None, 1, {}, {"dynamodb": None}, {"dynamodb": {"ApproximateCreationDateTime": 1}}])
def test_a_record_in_another_form_stays(record: Any) -> None:
    """The app takes or refuses it."""
    assert lambda_event({"Records": [record]}) == {"Records": [record]}


@pytest.mark.parametrize("document", [None, [], "x", {}, {"Records": None}])
def test_a_document_without_records_stays(document: Any) -> None:
    """It is no output of GetRecords."""
    assert lambda_event(document) == document


@pytest.mark.parametrize("image", [None, {"a": None}, {"a": {"B": 1}}, {"a": {"BS": [1]}}, {"a": {"B": "b'"}}])
def test_a_malformed_image_stays(image: Any) -> None:
    """The app refuses it, with its place."""
    record = saved(dynamodb={"ApproximateCreationDateTime": MOMENT.isoformat(), "NewImage": image})
    assert converted(record)["dynamodb"]["NewImage"] == image


def test_a_text_that_is_no_time_stays() -> None:
    """The record has no age then."""
    record = saved(dynamodb={"ApproximateCreationDateTime": "yesterday"}, userIdentity=IDENTITY)
    assert converted(record)["dynamodb"] == {"ApproximateCreationDateTime": "yesterday"}


def test_the_document_is_not_changed() -> None:
    """A caller may use it again."""
    record = saved(userIdentity=IDENTITY)
    before = json.dumps(record)
    converted(record)
    assert json.dumps(record) == before


class TestMissingFields:
    OUTPUT: ClassVar = {"NextShardIterator": "x"}

    def test_records_of_an_output_need_neither_a_time_nor_an_identity(self) -> None:
        """The iterator shows what the document is."""
        body = {"NewImage": {"pk": {"S": "1"}}, "SequenceNumber": "1", "StreamViewType": "NEW_AND_OLD_IMAGES"}
        (record,) = lambda_event({"Records": [{"dynamodb": body}], **self.OUTPUT})["Records"]
        assert (record["eventSource"], record["eventName"], len(record["eventID"])) == ("aws:dynamodb", "INSERT", 32)

    def test_the_name_that_dynamodb_local_3_gives_to_a_ttl_delete(self) -> None:
        """It is a removal by DynamoDB."""
        record = converted(saved(eventName="UNKNOWN_TO_SDK_VERSION"))
        assert record["eventName"] == "REMOVE"
        assert record["userIdentity"] == {"principalId": "dynamodb.amazonaws.com", "type": "Service"}

    def test_what_is_no_record_stays(self) -> None:
        """The app refuses it."""
        assert lambda_event({"Records": [None], **self.OUTPUT}) == {"Records": [None]}

    def test_a_record_of_a_lambda_event_gets_nothing(self) -> None:
        """It is replayed as it was recorded."""
        event = {"Records": [{"eventSource": "aws:dynamodb", "dynamodb": {"SequenceNumber": "1"}}]}
        assert lambda_event(event) == event
