"""Changes as each source delivers them, with numbers and names that tests can write down."""

from __future__ import annotations

import json
from typing import Any

from router.testing import deliveries
from tests.builders import Json, insert

__all__ = [
    "change",
    "failure_document",
    "in_pipe",
    "kinesis_record",
    "message",
    "notification",
    "on_kinesis",
    "s3_notification",
    "sns_record",
]


def change(number: int, key: str = "", **attributes: Any) -> Json:
    """A change whose item has a key of its own, unless one is given."""
    return insert(number, key or f"k{number}", **attributes)


def on_kinesis(wire: Json, number: int) -> Json:
    """A change as DynamoDB writes it to a Kinesis data stream."""
    body = wire["dynamodb"] | {"ApproximateCreationDateTime": 1_700_000_000 + number / 1000}
    return _numbered(deliveries.kinesis_event(wire | {"dynamodb": body}), number)


def kinesis_record(text: str | bytes, number: int) -> Json:
    return _numbered(deliveries.kinesis_event(text.encode() if isinstance(text, str) else text), number)


def _numbered(event: Json, number: int) -> Json:
    record: Json = event["Records"][0]
    record["kinesis"]["sequenceNumber"] = str(number)
    return record | {"eventID": f"shardId-000000000000:{number}"}


def in_pipe(kinesis: Json) -> Json:
    """A record of Kinesis as a pipe delivers it."""
    return deliveries.pipes_event(kinesis)[0]


def message(body: Any, number: int, group: str | None = None) -> Json:
    """A message of a queue, of a FIFO queue if it has a group."""
    made: Json = deliveries.sqs_event(body, group=group)["Records"][0]
    return made | {"messageId": f"m{number}"}


def failure_document(*wires: Json, payload: str = "text") -> Json:
    """Lambda's document of a discarded batch; ``payload`` is ``"text"``, ``"object"``, or ``"none"``, then without range too."""
    document = deliveries.failure_document(*wires, payload=payload != "none")
    if payload == "none":
        document["DDBStreamBatchInfo"].pop("endSequenceNumber", None)
    return document | ({"payload": json.loads(document["payload"])} if payload == "object" else {})


def notification(text: str) -> Json:
    """A message of SNS as its subscription delivers it to a queue."""
    return {"Type": "Notification", "MessageId": "n1", "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": text}


def sns_record(text: str) -> Json:
    """A message of SNS as it invokes a function."""
    return {"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": {"Type": "Notification", "Message": text}}


def s3_notification(key: str, event: str = "ObjectCreated:Put") -> Json:
    """An entry of the notification of S3 about an object in bucket ``b``; the key is encoded as in a URL."""
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": event,
        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": "b"}, "object": {"key": key, "size": 1}},
    }
