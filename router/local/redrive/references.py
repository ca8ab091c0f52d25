"""Reads what documents refer to: the object of a parked record, the records of a failure document without payload."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from router.errors import RecordsGoneError
from router.local.redrive.clients import Clients, region_of
from router.sources.bucket_object import objects_of
from router.sources.carried_changes import is_parked
from router.sources.discarded_batch import discarded_batch
from router.sources.parked_object import read_parked

__all__ = ["References"]


class References:
    """Reads from S3 and from streams.

    Args:
        clients: Makes the clients.
    """

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def get(self) -> Any:
        """The client of S3."""
        return self._clients.get("s3")

    @contextmanager
    def used(self) -> Iterator[None]:
        """Let all that reads objects use this client, for the length of a ``with`` block."""
        with objects_of(self):
            yield

    def read(self, document: Mapping[str, Any]) -> list[Any]:
        """The records that a document refers to, or the document in its place.

        Raises:
            RecordsGoneError: They are no longer there, or the document does not say which they are.
            RecordsUnreadError: They cannot be read now.
        """
        if is_parked(document):
            return [read_parked(document.get("recordIn"))]
        batch = discarded_batch(document)
        if batch is None:
            msg = "found a failure document without sequence numbers, expected those of its records"
            raise RecordsGoneError(msg)
        service = "kinesis" if batch.service == "kinesis" else "dynamodbstreams"
        return batch.read(self._clients.get(service, region_of(batch.stream_arn)))
