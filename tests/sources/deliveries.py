"""Changes as each source delivers them."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.builders import Json, insert

QUEUE = "arn:aws:sqs:eu-west-1:111122223333:changes"


def change(number: int, key: str = "", **attributes: Any) -> Json:
    """A change whose item has a key of its own, unless one is given."""
    return insert(number, key or f"k{number}", **attributes)


def on_kinesis(wire: Json, number: int) -> Json:
    """A change as DynamoDB writes it to a Kinesis data stream."""
    body = {name: value for name, value in wire["dynamodb"].items() if name not in ("SequenceNumber", "StreamViewType")}
    inner = {
        "awsRegion": "eu-west-1",
        "eventID": wire["eventID"],
        "eventName": wire["eventName"],
        "userIdentity": wire.get("userIdentity"),
        "recordFormat": "application/json",
        "tableName": "shop",
        "dynamodb": body | {"ApproximateCreationDateTime": 1_700_000_000_000 + number},
        "eventSource": "aws:dynamodb",
    }
    return kinesis_record(json.dumps(inner), number)


def kinesis_record(text: str | bytes, number: int) -> Json:
    data = text.encode() if isinstance(text, str) else text
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "0f" * 16,
            "sequenceNumber": str(number),
            "data": base64.b64encode(data).decode(),
            "approximateArrivalTimestamp": 1_700_000_000.5,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{number}",
        "eventName": "aws:kinesis:record",
        "awsRegion": "eu-west-1",
        "eventSourceARN": "arn:aws:kinesis:eu-west-1:111122223333:stream/changes",
    }


def in_pipe(kinesis: Json) -> Json:
    """A record of Kinesis as a pipe delivers it: its fields stand beside ``eventSource``."""
    return {**{name: value for name, value in kinesis.items() if name != "kinesis"}, **kinesis["kinesis"]}


def message(body: Any, number: int, group: str | None = None) -> Json:
    """A message of a queue, of a FIFO queue if it has a group."""
    attributes = {"ApproximateReceiveCount": "1", "SentTimestamp": "1700000000000"}
    return {
        "messageId": f"m{number}",
        "receiptHandle": "r",
        "body": body if isinstance(body, str) else json.dumps(body),
        "attributes": attributes if group is None else attributes | {"MessageGroupId": group},
        "messageAttributes": {},
        "md5OfBody": "0" * 32,
        "eventSource": "aws:sqs",
        "eventSourceARN": QUEUE if group is None else f"{QUEUE}.fifo",
        "awsRegion": "eu-west-1",
    }


def failure_document(*wires: Json, payload: str = "text") -> Json:
    """Lambda's document of a discarded batch; ``payload`` is ``"text"``, ``"object"`` or ``"none"``."""
    event = {"Records": [*wires]}
    document: Json = {
        "requestContext": {"requestId": "6a7a", "condition": "RetryAttemptsExhausted", "approximateInvokeCount": 1},
        "responseContext": {"statusCode": 200, "executedVersion": "1", "functionError": "Unhandled"},
        "version": "1.0",
    }
    if payload != "none":
        document["payload"] = json.dumps(event) if payload == "text" else event
    return document | {
        "timestamp": "2026-09-17T13:29:12.967Z",
        "DDBStreamBatchInfo": {"shardId": "shardId-1", "startSequenceNumber": "1", "endSequenceNumber": "2"},
    }


def notification(text: str) -> Json:
    """A message of SNS as its subscription delivers it to a queue."""
    return {"Type": "Notification", "MessageId": "n1", "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": text}


def sns_record(text: str) -> Json:
    """A message of SNS as it invokes a function."""
    return {"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": {"Type": "Notification", "Message": text}}
