"""Park records in an S3 bucket."""

from __future__ import annotations

from typing import Any

from router.aws_client import LazyClient
from router.parking.base import Parked, record_digest, to_json

__all__ = ["S3Parking"]


class S3Parking:
    """Puts parked records into a bucket, each as one object: the document of :meth:`Parked.to_dict`, as JSON.

    A key consists of the day of the change and a digest that identifies the record and the route, so that a record
    which is parked again, by another container too, is stored once: ``parked/2026/01/31/<digest>.json``. That of a
    record without a time has ``undated`` in place of the day. Use it if records may be too big for a queue.

    The role of the function needs ``s3:PutObject``. Parking the first record imports boto3, which is part of Lambda's
    runtime.

    Args:
        bucket: The name of the bucket.
        prefix: The beginning of each key.
        client: A boto3 client. The default one gives up within seconds, because Lambda delivers the record again.

    Raises:
        RegistrationError: boto3 is not installed.

    Example:
        >>> S3Parking("shop-parked")
        S3Parking('shop-parked', prefix='parked/')
    """

    def __init__(self, bucket: str, *, prefix: str = "parked/", client: Any = None) -> None:
        self.bucket = bucket
        self.prefix = prefix
        self._client = LazyClient("S3Parking", "s3", client)

    def park(self, parked: Parked) -> None:
        """Put a record.

        Raises:
            botocore.exceptions.ClientError: S3 refused the object.
            botocore.exceptions.BotoCoreError: S3 could not be reached.
            TypeError: The record contains a value that JSON cannot express.
            ValueError: The record contains a number that JSON cannot express.
        """
        self.put(parked)

    def put(self, parked: Parked) -> dict[str, str]:
        """Put a record, and return the names of the bucket and the key.

        Raises:
            botocore.exceptions.ClientError: S3 refused the object.
            botocore.exceptions.BotoCoreError: S3 could not be reached.
            TypeError: The record contains a value that JSON cannot express.
            ValueError: The record contains a number that JSON cannot express.
        """
        day = "undated" if parked.changed_at is None else f"{parked.changed_at:%Y/%m/%d}"
        key = f"{self.prefix}{day}/{record_digest(parked)}.json"
        body = to_json(parked).encode()
        self._client.get().put_object(Bucket=self.bucket, Key=key, Body=body, ContentType="application/json")
        return {"bucket": self.bucket, "key": key}

    def __repr__(self) -> str:
        return f"S3Parking({self.bucket!r}, prefix={self.prefix!r})"
