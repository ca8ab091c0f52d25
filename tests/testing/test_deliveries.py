"""``router.testing.deliveries``: changes as the other sources deliver them."""

from __future__ import annotations

from typing import Any

import pytest

from router import Change, Dispatcher, Record, Routes
from router.testing import (
    backfill_event,
    expired,
    failure_document,
    inserted,
    kinesis_event,
    modified,
    pipes_event,
    record,
    sqs_event,
)
from tests.builders import Order

CHANGES = [inserted(Order(pk="a")), modified(Order(pk="a"), Order(pk="a", total=1)), expired(Order(pk="b"))]


@pytest.mark.parametrize(
    ("event", "source"),
    [
        (kinesis_event(*CHANGES), "kinesis"),
        (sqs_event(*CHANGES), "sqs"),
        (sqs_event(*CHANGES, group="g"), "sqs"),
        (sqs_event(failure_document(*CHANGES)), "sqs"),
        (pipes_event(*CHANGES), "pipes"),
        (pipes_event(*kinesis_event(*CHANGES)["Records"]), "pipes"),
        (pipes_event(*sqs_event(*CHANGES)["Records"]), "pipes"),
        (failure_document(*CHANGES), "failure-document"),
        (failure_document(*kinesis_event(*CHANGES)["Records"]), "failure-document"),
    ],
)
def test_an_app_reads_what_was_built(event: Any, source: str) -> None:
    """Each change comes through, with its event, its ID and its time."""
    seen: list[Record] = []
    routes = Routes()

    @routes.on(Order)
    def handle(_: Change[Order], record: Record) -> None:
        seen.append(record)

    report = Dispatcher(routes).dispatch(event)
    assert report.response == {"batchItemFailures": []}
    assert {each.source for each in seen} == {source}
    assert [(str(each.event), each.event_id, each.created_at and each.created_at.timestamp()) for each in seen] == [
        (kind, change["eventID"], change["dynamodb"]["ApproximateCreationDateTime"])
        for kind, change in zip(["INSERT", "MODIFY", "EXPIRE"], CHANGES, strict=True)
    ]


def test_existing_items_are_as_a_backfill_delivers_them() -> None:
    """With the images of the changes, and neither their IDs nor their times."""
    seen: list[Record] = []
    routes = Routes()

    @routes.on(Order)
    def handle(_: Change[Order], record: Record) -> None:
        seen.append(record)

    Dispatcher(routes)(backfill_event(*CHANGES))
    assert [(str(each.event), each.origin, each.created_at) for each in seen] == [
        ("INSERT", "backfill", None),
        ("MODIFY", "backfill", None),
        ("DELETE", "backfill", None),
    ]


def test_every_entry_has_an_identifier_of_its_own() -> None:
    """Equal changes are different records of Kinesis, and different messages."""
    entries = kinesis_event(CHANGES[0], CHANGES[0])["Records"]
    assert len({each["kinesis"]["sequenceNumber"] for each in entries}) == 2
    assert len({each["eventID"] for each in entries}) == 2
    assert len({each["messageId"] for each in sqs_event(CHANGES[0], CHANGES[0])["Records"]}) == 2


def test_a_message_is_the_same_at_every_delivery() -> None:
    """A test can deliver an event again by building it again."""
    assert sqs_event(CHANGES[0]) == sqs_event(CHANGES[0])


def test_a_document_without_payload_names_its_records() -> None:
    """As on a queue: where they stand in the stream, and how many they are."""
    first, last = record(new={"id": "a"}, sequence_number=7), record(new={"id": "b"}, sequence_number=9)
    document = failure_document(first, last, payload=False)
    assert "payload" not in document
    info = document["DDBStreamBatchInfo"]
    assert (info["startSequenceNumber"], info["endSequenceNumber"], info["batchSize"]) == ("7", "9", 2)
    assert info["streamArn"] == first["eventSourceARN"]


def test_other_data_of_a_stream() -> None:
    """Bytes stand for what is no change, such as an aggregate of the Kinesis Producer Library."""
    with pytest.raises(ValueError, match="an aggregate of the Kinesis Producer Library"):
        Dispatcher()(kinesis_event(b"\xf3\x89\x9a\xc2"))
