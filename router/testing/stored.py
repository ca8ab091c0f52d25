"""Failure documents in a bucket, and how S3 notifies a function of them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any
from urllib.parse import quote_plus
from uuid import UUID

from router.errors import RouterError
from router.sources.bucket_object import objects_of

__all__ = ["s3_event"]

_BUCKET = "discarded-records"
_TIME = "2026-01-02T00:00:00.000Z"


@contextmanager
def s3_event(*documents: Mapping[str, Any] | bytes, event_bridge: bool = False) -> Iterator[dict[str, Any]]:
    """The event by which S3 notifies a function of objects, each with a document that Lambda stored.

    Inside, the app reads the objects from memory. A queue and a topic get the same notification as a text:
    ``sqs_event(event)``.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html

    Args:
        documents: What :func:`failure_document` makes, or the bytes of another object.
        event_bridge: Whether EventBridge delivers the event; then it is about one object.

    Raises:
        RouterError: EventBridge cannot deliver several objects with an event.

    Example:
        >>> from router import Dispatcher
        >>> from router.testing import failure_document, inserted
        >>> with s3_event(failure_document(inserted({"id": "o-1"}))) as event:
        ...     Dispatcher()(event)
        {'batchItemFailures': []}
    """
    if event_bridge and len(documents) != 1:
        msg = f"found {len(documents)} documents, expected one: EventBridge delivers an event for each object"
        raise RouterError(msg)
    contents = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in documents]
    stored = {_key(position, content): content for position, content in enumerate(contents)}
    with objects_of(_Bucket(stored)):
        if event_bridge:
            yield _event_of_event_bridge(*next(iter(stored.items())))
        else:
            yield {"Records": [_notification(key, content) for key, content in stored.items()]}


class _Bucket:
    """A client of a bucket, and what holds it."""

    def __init__(self, objects: Mapping[str, bytes]) -> None:
        self._objects = objects

    def get(self) -> _Bucket:
        return self

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - as boto3 names them
        if Bucket != _BUCKET or Key not in self._objects:
            raise _NoSuchObjectError
        return {"Body": io.BytesIO(self._objects[Key])}


class _NoSuchObjectError(Exception):
    """As boto3 raises it."""

    response = {"Error": {"Code": "NoSuchKey"}}  # noqa: RUF012 - as boto3 has it, for each instance


def _key(position: int, content: bytes) -> str:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html"""
    identity = UUID(bytes=blake2b(b"%d %b" % (position, content), digest_size=16).digest())
    shard = "shardId-00000001767312000000-00000001"
    return f"aws/lambda/{UUID(int=0)}/{shard}/2026/01/02/2026-01-02T00.00.00-{identity}"


def _notification(key: str, content: bytes) -> dict[str, Any]:
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": _TIME,
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "AWS:AROAEXAMPLE:lambda"},
        "requestParameters": {"sourceIPAddress": "192.0.2.1"},
        "responseElements": {"x-amz-request-id": "EXAMPLE", "x-amz-id-2": "EXAMPLE"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "discarded",
            "bucket": {
                "name": _BUCKET,
                "ownerIdentity": {"principalId": "EXAMPLE"},
                "arn": f"arn:aws:s3:::{_BUCKET}",
            },
            "object": {"key": quote_plus(key, safe="/"), "size": len(content), "eTag": "0", "sequencer": "0"},
        },
    }


def _event_of_event_bridge(key: str, content: bytes) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html"""
    return {
        "version": "0",
        "id": str(UUID(int=0)),
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "123456789012",
        "time": _TIME,
        "region": "us-east-1",
        "resources": [f"arn:aws:s3:::{_BUCKET}"],
        "detail": {
            "version": "0",
            "bucket": {"name": _BUCKET},
            "object": {"key": key, "size": len(content), "etag": "0", "sequencer": "0"},
            "request-id": "EXAMPLE",
            "requester": "123456789012",
            "source-ip-address": "192.0.2.1",
            "reason": "PutObject",
        },
    }
