"""``router.local.redrive.queue_place``: what SQS refuses, as a server on this machine never does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from router.local.aws_clients import aws_client
from router.local.redrive.place import Document, PlaceError
from router.local.redrive.queue_place import QueuePlace

URL = "https://sqs.us-east-1.amazonaws.com/123456789012/parked"


@pytest.fixture
def stub() -> Iterator[Stubber]:
    """A client of SQS with recorded answers; all of them are asked for."""
    client = aws_client("sqs", "http://127.0.0.1:1")
    with Stubber(client) as stub:
        yield stub
    stub.assert_no_pending_responses()
    client.close()


@pytest.fixture
def place(stub: Stubber) -> QueuePlace:
    """The queue, of which two messages are taken."""
    messages = [{"MessageId": name, "ReceiptHandle": f"r-{name}", "Body": "{}"} for name in ("m1", "m2")]
    stub.add_response("receive_message", {"Messages": messages})
    stub.add_response("receive_message", {})
    return QueuePlace(URL, stub.client)


def documents(place: QueuePlace) -> list[Document]:
    return list(place.take())


def visibility(*handles: str) -> dict[str, Any]:
    entries = [
        {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0} for number, handle in enumerate(handles)
    ]
    return {"QueueUrl": URL, "Entries": entries}


def test_what_is_left_is_released(stub: Stubber, place: QueuePlace) -> None:
    """A message that was deleted is not."""
    first, _ = documents(place)
    stub.add_response("delete_message", {}, {"QueueUrl": URL, "ReceiptHandle": "r-m1"})
    place.remove(first)
    stub.add_response("change_message_visibility_batch", {"Successful": [], "Failed": []}, visibility("r-m2"))
    place.close()


def test_a_message_that_cannot_be_deleted_stays_held(stub: Stubber, place: QueuePlace) -> None:
    """The journal has that it is done, and the error says so."""
    first, _ = documents(place)
    stub.add_client_error("delete_message", "RequestThrottled")
    with pytest.raises(PlaceError, match="found RequestThrottled on deleting message m1; the journal has that it is"):
        place.remove(first)
    stub.add_response("change_message_visibility_batch", {"Successful": [], "Failed": []}, visibility("r-m1", "r-m2"))
    place.close()


def test_a_message_that_cannot_be_held_ends_the_run(
    stub: Stubber, place: QueuePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQS refuses one entry of a batch: another receiver may have its message, so no record of it may run here."""
    first, _ = documents(place)
    monkeypatch.setattr("router.local.redrive.queue_place.monotonic", lambda: 10.0**9)
    failed = [{"Id": "1", "Code": "ReceiptHandleIsInvalid", "SenderFault": True}]
    stub.add_response(
        "change_message_visibility_batch",
        {"Successful": [{"Id": "0"}], "Failed": failed},
        {"QueueUrl": URL, "Entries": ANY},
    )
    with pytest.raises(PlaceError, match="found ReceiptHandleIsInvalid on holding the messages of https://sqs"):
        place.event(first, {})


def test_messages_that_cannot_be_released_come_back_by_themselves(stub: Stubber, place: QueuePlace) -> None:
    """The end of a run does not fail for it."""
    documents(place)
    stub.add_client_error("change_message_visibility_batch", "RequestThrottled")
    place.close()


def test_a_queue_that_is_throttled_is_one_line(stub: Stubber) -> None:
    """After boto3's own retries."""
    stub.add_client_error("receive_message", "RequestThrottled")
    with pytest.raises(PlaceError, match="found RequestThrottled on receiving from https://sqs"):
        documents(QueuePlace(URL, stub.client))
