"""Places for records that cannot be handled, so that their shard moves on and nothing is lost.

A parking place keeps the record as it was delivered, which holds the item: choose it as you choose where data may lie.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

from router.errors import ParkingError, RegistrationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.outcomes import Stage

__all__ = ["JsonLinesParking", "MemoryParking", "Parked", "Parking", "S3Parking", "SqsParking"]

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
_MOST_MESSAGE_BYTES = 1_048_576
_MOST_ATTRIBUTE_LENGTH = 256


@dataclass(frozen=True, slots=True, repr=False)
class Parked:
    """One record at one route, put aside.

    Args:
        record: The record as delivered; in an event of its own it can be delivered again.
        entity: What the discriminator read.
        route: The name of the route, or ``None`` where none was reached.
        stage: Where it went wrong, or ``None`` for a record without a route.
        error: The type of the error.
        reason: The error's text where the framework or ``Reject`` wrote it; else empty, for it may quote the item.
        parked_at: When it was parked, in UTC.
    """

    record: dict[str, Any]
    entity: str | None
    route: str | None
    stage: Stage | None
    error: str
    reason: str
    parked_at: datetime

    def to_dict(self) -> dict[str, Any]:
        """As it is written to JSON."""
        return {
            "parkedAt": self.parked_at.isoformat(),
            "entity": self.entity,
            "route": self.route,
            "stage": self.stage,
            "error": self.error,
            "reason": self.reason,
            "record": self.record,
        }

    def __repr__(self) -> str:
        return f"<Parked {self.entity!r} at {self.stage}: {self.error}>"


class Parking(Protocol):
    """Keeps records that a policy puts aside."""

    def park(self, parked: Parked) -> None:
        """Keep a record, durably, before returning.

        Handlers may run beside each other, so this may be called from several threads at once. Whatever it raises
        makes the record a failed one, which Lambda delivers again.
        """
        ...


class MemoryParking:
    """Keeps parked records in a list, for tests and for trying things out.

    Example:
        >>> place = MemoryParking()
        >>> len(place)
        0
    """

    def __init__(self) -> None:
        self.parked: list[Parked] = []

    def park(self, parked: Parked) -> None:
        """Keep a record until the process ends."""
        self.parked.append(parked)

    def __iter__(self) -> Iterator[Parked]:
        return iter(self.parked)

    def __len__(self) -> int:
        return len(self.parked)


class JsonLinesParking:
    """Appends parked records to a file, one JSON document a line.

    Args:
        path: The file. It and its folder are made when the first record is parked.

    Example:
        >>> place = JsonLinesParking("parked.jsonl")
        >>> place.path.name
        'parked.jsonl'
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._lock = threading.Lock()

    def park(self, parked: Parked) -> None:
        """Append a record and see it onto the disk.

        Raises:
            OSError: The file cannot be written.
            TypeError: The record holds what JSON does not.
            ValueError: The record holds a number that JSON does not have.
        """
        line = _document(parked).encode() + b"\n"
        with self._lock:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab+", buffering=0) as file:
                if not _ends_whole(file):
                    # What a crash cut off stays a line of its own instead of spoiling this one.
                    line = b"\n" + line
                _write_all(file, line)
                os.fsync(file.fileno())


class SqsParking:
    """Sends parked records to a queue, each as one message: the document that :meth:`Parked.to_dict` makes, as JSON.

    A consumer can tell messages apart by their attributes ``entity``, ``route`` and ``stage``, which are there where a
    route was reached. SQS keeps a message for 14 days at most, and for 4 unless the queue says otherwise; a message
    holds 1 MiB, and what is bigger is not parked. In a FIFO queue the records of one item form a group and stay in
    order, and one that is parked again within five minutes is there once.

    The role of the function needs ``sqs:SendMessage``. boto3, which is part of Lambda's runtime, is imported when the
    first record is parked.

    Args:
        queue_url: The URL of the queue.
        client: A boto3 client; else one is made that gives up within seconds, since Lambda delivers the record again.

    Raises:
        RegistrationError: That is no URL, or there is no boto3.

    Example:
        >>> SqsParking("https://sqs.eu-west-1.amazonaws.com/123456789012/parked")
        SqsParking('https://sqs.eu-west-1.amazonaws.com/123456789012/parked')
    """

    def __init__(self, queue_url: str, *, client: Any = None) -> None:
        if not isinstance(queue_url, str) or not queue_url.startswith(("https://", "http://")):
            found = repr(queue_url) if isinstance(queue_url, str) else f"a value of type {type(queue_url).__name__}"
            msg = f"SqsParking() found {found}, expected a URL: https://sqs.eu-west-1.amazonaws.com/123456789012/parked"
            raise RegistrationError(msg)
        self.queue_url = queue_url
        self._client = _Client("SqsParking", "sqs", client)

    def park(self, parked: Parked) -> None:
        """Send a record.

        Raises:
            ParkingError: It is bigger than a message may be.
            botocore.exceptions.ClientError: SQS refused it.
            botocore.exceptions.BotoCoreError: SQS could not be reached.
            TypeError: The record holds what JSON does not.
            ValueError: The record holds a number that JSON does not have.
        """
        body, attributes = _document(parked), _attributes(parked)
        size = len(body) + sum(len(f"{name}String{value}".encode()) for name, value in attributes.items())
        if size > _MOST_MESSAGE_BYTES:
            msg = f"found a record of {size:,} bytes, expected at most {_MOST_MESSAGE_BYTES:,}, as SQS takes no more"
            raise ParkingError(msg)
        self._client.get().send_message(
            QueueUrl=self.queue_url,
            MessageBody=body,
            MessageAttributes={name: _text_attribute(value) for name, value in attributes.items()},
            **(_fifo_fields(parked) if self.queue_url.endswith(".fifo") else {}),
        )

    def __repr__(self) -> str:
        return f"SqsParking({self.queue_url!r})"


class S3Parking:
    """Puts parked records into a bucket, each as one object: the document that :meth:`Parked.to_dict` makes, as JSON.

    Keys begin with the day, and end with what tells the record and the route, so that a record which is parked again on
    the same day is there once: ``parked/2026/01/31/<digest>.json``. Choose it where records may be too big for a queue.

    The role of the function needs ``s3:PutObject``. boto3, which is part of Lambda's runtime, is imported when the
    first record is parked.

    Args:
        bucket: The bucket's name.
        prefix: What keys begin with.
        client: A boto3 client; else one is made that gives up within seconds, since Lambda delivers the record again.

    Raises:
        RegistrationError: There is no boto3.

    Example:
        >>> S3Parking("shop-parked")
        S3Parking('shop-parked', prefix='parked/')
    """

    def __init__(self, bucket: str, *, prefix: str = "parked/", client: Any = None) -> None:
        self.bucket = bucket
        self.prefix = prefix
        self._client = _Client("S3Parking", "s3", client)

    def park(self, parked: Parked) -> None:
        """Put a record.

        Raises:
            botocore.exceptions.ClientError: S3 refused it.
            botocore.exceptions.BotoCoreError: S3 could not be reached.
            TypeError: The record holds what JSON does not.
            ValueError: The record holds a number that JSON does not have.
        """
        self._client.get().put_object(
            Bucket=self.bucket,
            Key=f"{self.prefix}{parked.parked_at:%Y/%m/%d}/{_name(parked)}.json",
            Body=_document(parked).encode(),
            ContentType="application/json",
        )

    def __repr__(self) -> str:
        return f"S3Parking({self.bucket!r}, prefix={self.prefix!r})"


class _Client:
    """A boto3 client, made when it is first needed: most containers never park anything.

    Args:
        asking: The class that needs it, for the message.
        service: The name of the service.
        client: A client that there is already.
    """

    def __init__(self, asking: str, service: str, client: Any) -> None:
        if client is None and find_spec("boto3") is None:
            msg = f"{asking}() found no boto3, expected it as in Lambda's runtime: pip install boto3"
            raise RegistrationError(msg)
        self._service = service
        self._client = client
        self._lock = threading.Lock()

    def get(self) -> Any:
        with self._lock:  # lanes may park at the same time, and boto3's default session is not for several threads
            if self._client is None:
                self._client = _make_client(self._service)
            return self._client


def _make_client(service: str) -> Any:
    import boto3
    from botocore.config import Config

    # By default a call may last minutes, longer than most functions.
    retries: Any = {"total_max_attempts": 2, "mode": "standard"}
    return boto3.client(service, config=Config(connect_timeout=2, read_timeout=5, retries=retries))


def _document(parked: Parked) -> str:
    # In ASCII: SQS refuses some characters, and each is a byte.
    return json.dumps(parked.to_dict(), allow_nan=False)


def _attributes(parked: Parked) -> dict[str, str]:
    """What a consumer can filter by. The entity of a record without a route is whatever stood in the item."""
    if parked.route is None:
        return {}
    told = {"entity": parked.entity, "route": parked.route, "stage": parked.stage}
    return {
        name: value
        for name, value in told.items()
        if value and len(value) <= _MOST_ATTRIBUTE_LENGTH and value.isprintable()  # SQS would refuse the message
    }


def _text_attribute(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}


def _fifo_fields(parked: Parked) -> dict[str, str]:
    # Digests, for keys are values of items and may be longer than these fields.
    return {"MessageGroupId": _digest(_body(parked).get("Keys")), "MessageDeduplicationId": _name(parked)}


def _name(parked: Parked) -> str:
    """What tells a record at a route from all others, at every delivery; without an event ID nothing can."""
    event_id = parked.record.get("eventID")
    return _digest([event_id, _body(parked).get("SequenceNumber"), parked.route]) if event_id else uuid4().hex


def _body(parked: Parked) -> dict[str, Any]:
    body = parked.record.get("dynamodb")
    return body if isinstance(body, dict) else {}


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _ends_whole(file: Any) -> bool:
    if file.seek(0, os.SEEK_END) == 0:
        return True
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) == b"\n")


def _write_all(file: Any, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def now() -> datetime:
    """The time of parking."""
    return datetime.now(UTC)
