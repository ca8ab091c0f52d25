"""Changes as the other sources deliver them: Kinesis, SQS, EventBridge Pipes, failure documents, and backfills."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any
from uuid import UUID

from router.sources.backfilled_item import backfilled_item

__all__ = ["backfill_event", "failure_document", "kinesis_event", "pipes_event", "sqs_event"]

_REGION, _ACCOUNT = "us-east-1", "123456789012"
_KINESIS_STREAM = f"arn:aws:kinesis:{_REGION}:{_ACCOUNT}:stream/Changes"
_QUEUE = f"arn:aws:sqs:{_REGION}:{_ACCOUNT}:Changes"
_ARRIVED = 1_767_312_000.0
_FIRST_NUMBER = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898
_SHARD = "shardId-000000000000"
_NOT_IN_KINESIS = ("SequenceNumber", "StreamViewType")


def kinesis_event(*changes: Mapping[str, Any] | bytes) -> dict[str, Any]:
    """The event in which a Kinesis data stream delivers changes, or other data.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds.html

    Args:
        changes: Records as :func:`router.testing.record` makes them, or the bytes of something else in the stream.

    Example:
        >>> from router.testing import inserted
        >>> [each["eventSource"] for each in kinesis_event(inserted({"id": "o-1"}))["Records"]]
        ['aws:kinesis']
    """
    return {"Records": [_kinesis_record(change, position) for position, change in enumerate(changes)]}


def sqs_event(*bodies: Mapping[str, Any] | str, group: str | None = None) -> dict[str, Any]:
    """The event in which a queue delivers messages, each with a change or another document in its body.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html

    Args:
        bodies: Records, failure documents or other documents, or texts.
        group: The message group; a queue with groups is a FIFO queue.

    Example:
        >>> from router.testing import inserted
        >>> [each["eventSource"] for each in sqs_event(inserted({"id": "o-1"}), group="o-1")["Records"]]
        ['aws:sqs']
    """
    return {"Records": [_message(body, position, group) for position, body in enumerate(bodies)]}


def pipes_event(*entries: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The list in which a pipe of EventBridge delivers the entries of its source.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-target.html

    Args:
        entries: Records of a table's stream, or entries of an event of Kinesis or SQS.

    Example:
        >>> from router.testing import inserted
        >>> [sorted(each)[:2] for each in pipes_event(*kinesis_event(inserted({"id": "o-1"}))["Records"])]
        [['approximateArrivalTimestamp', 'awsRegion']]
    """
    return [_without_level(entry) for entry in entries]


def backfill_event(*changes: Mapping[str, Any]) -> dict[str, Any]:
    """The event in which ``router backfill`` delivers existing items.

    Args:
        changes: Records, of which the keys and the images count.

    Example:
        >>> from router.testing import inserted
        >>> [each["eventSource"] for each in backfill_event(inserted({"id": "o-1"}))["Records"]]
        ['router:backfill']
    """
    return {"Records": [_existing_item(change["dynamodb"]) for change in changes]}


def _existing_item(change: Mapping[str, Any]) -> dict[str, Any]:
    images = {name: change[name] for name in ("NewImage", "OldImage") if name in change}
    return backfilled_item("Table", change["Keys"], images)


def failure_document(*changes: Mapping[str, Any], payload: bool = True) -> dict[str, Any]:
    """The document that Lambda writes about a batch that it has given up.

    https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html

    Args:
        changes: The records of the batch.
        payload: Whether the document has the records, as in a bucket; a queue and a topic get it without.

    Example:
        >>> from router.testing import inserted
        >>> document = failure_document(inserted({"id": "o-1"}, sequence_number=7), payload=False)
        >>> document["DDBStreamBatchInfo"]["startSequenceNumber"], "payload" in document
        ('7', False)
    """
    event = {"Records": [dict(change) for change in changes]}
    return {
        "requestContext": {
            "requestId": str(UUID(int=0)),
            "functionArn": f"arn:aws:lambda:{_REGION}:{_ACCOUNT}:function:Router",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 1,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0",
        **({"payload": json.dumps(event)} if payload else {}),
        "timestamp": "2026-01-02T00:00:00.000Z",
        **_batch_info(event["Records"]),
    }


def _kinesis_record(change: Mapping[str, Any] | bytes, position: int) -> dict[str, Any]:
    data = change if isinstance(change, bytes) else json.dumps(_in_kinesis(change)).encode()
    number = str(_FIRST_NUMBER + position)
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": blake2b(data, digest_size=16).hexdigest(),
            "sequenceNumber": number,
            "data": b64encode(data).decode(),
            "approximateArrivalTimestamp": _ARRIVED,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{_SHARD}:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": f"arn:aws:iam::{_ACCOUNT}:role/Router",
        "awsRegion": _REGION,
        "eventSourceARN": _KINESIS_STREAM,
    }


def _in_kinesis(change: Mapping[str, Any]) -> dict[str, Any]:
    """A change as DynamoDB writes it to Kinesis: without its place in the table's stream, and with milliseconds."""
    body = {name: value for name, value in change.get("dynamodb", {}).items() if name not in _NOT_IN_KINESIS}
    created = body.get("ApproximateCreationDateTime")
    if isinstance(created, int | float):
        body["ApproximateCreationDateTime"] = int(created * 1000)
    return {
        "awsRegion": change.get("awsRegion"),
        "eventID": change.get("eventID"),
        "eventName": change.get("eventName"),
        "userIdentity": change.get("userIdentity"),
        "recordFormat": "application/json",
        "tableName": _table_name(change),
        "dynamodb": body,
        "eventSource": "aws:dynamodb",
    }


def _table_name(change: Mapping[str, Any]) -> str:
    return str(change.get("eventSourceARN", "")).partition(":table/")[2].partition("/")[0] or "Table"


def _message(body: Mapping[str, Any] | str, position: int, group: str | None) -> dict[str, Any]:
    text = body if isinstance(body, str) else json.dumps(body)
    identity = UUID(bytes=blake2b(f"{position} {text}".encode(), digest_size=16).digest())
    attributes = {
        "ApproximateReceiveCount": "1",
        "SentTimestamp": "1767312000000",
        "SenderId": "AROAEXAMPLE:sender",
        "ApproximateFirstReceiveTimestamp": "1767312000000",
    }
    if group is not None:
        attributes |= {"SequenceNumber": str(position), "MessageGroupId": group, "MessageDeduplicationId": identity.hex}
    return {
        "messageId": str(identity),
        "receiptHandle": identity.hex,
        "body": text,
        "attributes": attributes,
        "messageAttributes": {},
        "md5OfBody": identity.hex,
        "eventSource": "aws:sqs",
        "eventSourceARN": _QUEUE if group is None else f"{_QUEUE}.fifo",
        "awsRegion": _REGION,
    }


def _without_level(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry as a pipe delivers it: the fields of Kinesis stand beside ``eventSource``."""
    outer = {name: value for name, value in entry.items() if name != "kinesis"}
    return {**entry.get("kinesis", {}), **outer}


def _batch_info(records: list[dict[str, Any]]) -> dict[str, Any]:
    is_kinesis = bool(records) and "kinesis" in records[0]
    bodies = [record.get("kinesis") or record.get("dynamodb") or {} for record in records]
    numbers = [body.get("sequenceNumber") or body.get("SequenceNumber") for body in bodies]
    arn = records[0].get("eventSourceARN") if records else None
    info = {
        "shardId": _SHARD if is_kinesis else "shardId-00000001767312000000-00000001",
        **({"startSequenceNumber": numbers[0], "endSequenceNumber": numbers[-1]} if numbers else {}),
        "approximateArrivalOfFirstRecord": "2026-01-02T00:00:00Z",
        "approximateArrivalOfLastRecord": "2026-01-02T00:00:00Z",
        "batchSize": len(records),
        "streamArn": arn,
    }
    return {"KinesisBatchInfo" if is_kinesis else "DDBStreamBatchInfo": info}
