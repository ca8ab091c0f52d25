"""Objects of a bucket under a prefix, one document each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from router.aws_client import code_of_error
from router.local.redrive.place import Document, PlaceError, digest_of

__all__ = ["S3Place"]

_URL = re.compile(r"s3://([^/]+)(?:/(.*))?")


class S3Place:
    """The objects under a prefix; one is deleted when its last record is done.

    Args:
        url: ``s3://bucket/prefix``.
        client: A client of S3.

    Raises:
        PlaceError: The URL names no bucket.
    """

    def __init__(self, url: str, client: Any) -> None:
        found = _URL.fullmatch(url)
        if found is None:
            msg = f"found the place {url}, expected s3://BUCKET/PREFIX"
            raise PlaceError(msg)
        self.name = url
        self._bucket, self._prefix = found[1], found[2] or ""
        self._client = client
        self._taken = False

    def take(self) -> Iterator[Document]:
        """The documents of all objects, in the order of their keys.

        Raises:
            PlaceError: The bucket cannot be read.
        """
        if self._taken:
            return
        self._taken = True
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
            for page in pages:
                for entry in page.get("Contents", ()):
                    # A key names the content of one object: it is read when its records are.
                    read = partial(self._read, entry["Key"])
                    digest = digest_of(f"{entry['Key']} {entry['ETag']}")
                    yield Document(f"s3://{self._bucket}/{entry['Key']}", digest, read, entry["Key"])
        except PlaceError:
            raise
        except Exception as error:  # noqa: BLE001 - of boto3, whose classes depend on the client
            msg = f"found {code_of_error(error)} on reading {self.name}, expected a bucket that you may read"
            raise PlaceError(msg) from None

    def _read(self, key: str) -> str:
        try:
            with self._client.get_object(Bucket=self._bucket, Key=key)["Body"] as body:
                content: bytes = body.read()
        except Exception as error:  # noqa: BLE001 - as above
            msg = f"found {code_of_error(error)} on reading s3://{self._bucket}/{key}"
            raise PlaceError(msg) from None
        return content.decode("utf-8", "surrogateescape")

    def remove(self, document: Document) -> None:
        """Delete an object.

        Raises:
            PlaceError: It cannot be deleted; the journal has what is done.
        """
        try:
            self._client.delete_object(Bucket=self._bucket, Key=document.handle)
        except Exception as error:  # noqa: BLE001 - as above
            msg = f"found {code_of_error(error)} on deleting {document.name}; the journal has that it is done"
            raise PlaceError(msg) from None

    def event(self, _document: Document, content: dict[str, Any]) -> dict[str, Any]:
        """The document itself: the notification of S3 would name an object that has every record of a batch."""
        return content

    def close(self) -> None:
        """Do nothing: an object is deleted at once."""
