"""Messages of a queue of SQS, one document each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, NoReturn
from urllib.parse import urlsplit

from router.aws_client import code_of_error
from router.local.redrive.place import Document, PlaceError, digest_of

__all__ = ["QueuePlace"]

_MOST_MESSAGES = 10
_WAIT_SECONDS = 1  # a long poll asks all servers of the queue, a short one only some
_LEASE = 300  # seconds for which messages are held; a run that is killed holds them so long
_RENEWED_BEFORE = 120.0


class QueuePlace:
    """The messages that a queue gives, held while this runs; one is deleted when its last record is done.

    Of a message group of a FIFO queue, SQS gives ten messages at most until these are deleted: the place is taken
    again then.

    Args:
        url: The queue's URL.
        client: A client of SQS.
    """

    def __init__(self, url: str, client: Any) -> None:
        self.name = url
        self._client = client
        self._held: dict[str, Document] = {}
        self._leased_until = 0.0

    def take(self) -> Iterator[Document]:
        """The documents of the messages that no receiver holds.

        Raises:
            PlaceError: The queue cannot be read.
        """
        messages: Sequence[dict[str, Any]] = ({},)
        while messages:
            self._renew()
            try:
                answer = self._client.receive_message(
                    QueueUrl=self.name,
                    MaxNumberOfMessages=_MOST_MESSAGES,
                    VisibilityTimeout=_LEASE,
                    WaitTimeSeconds=_WAIT_SECONDS,
                    MessageSystemAttributeNames=["All"],
                )
            except Exception as error:  # noqa: BLE001 - of boto3, whose classes depend on the client
                msg = f"found {code_of_error(error)} on receiving from {self.name}, expected a queue that you may read"
                raise PlaceError(msg) from None
            messages = answer.get("Messages", ())
            for message in messages:
                self._leased_until = self._leased_until or monotonic() + _LEASE
                yield self._document(message)

    def _document(self, message: dict[str, Any]) -> Document:
        body: str = message["Body"]
        document = Document(f"message {message['MessageId']}", digest_of(body), lambda: body, message)
        self._held[message["MessageId"]] = document
        return document

    def remove(self, document: Document) -> None:
        """Delete a message.

        Raises:
            PlaceError: It cannot be deleted; the journal has what is done.
        """
        try:
            self._client.delete_message(QueueUrl=self.name, ReceiptHandle=document.handle["ReceiptHandle"])
        except Exception as error:  # noqa: BLE001 - as above
            msg = f"found {code_of_error(error)} on deleting {document.name}; the journal has that it is done"
            raise PlaceError(msg) from None
        self._held.pop(document.handle["MessageId"], None)

    def event(self, document: Document, content: dict[str, Any]) -> dict[str, Any]:
        """The event in which SQS delivers a message."""
        self._renew()
        message = document.handle
        name = urlsplit(self.name).path.strip("/").replace("/", ":")
        return {
            "Records": [
                {
                    "messageId": message["MessageId"],
                    "receiptHandle": message["ReceiptHandle"],
                    "body": json.dumps(content),
                    "attributes": message.get("Attributes", {}),
                    "messageAttributes": {},
                    "eventSource": "aws:sqs",
                    "eventSourceARN": f"arn:aws:sqs:{self.region}:{name}",
                    "awsRegion": self.region,
                }
            ]
        }

    @property
    def region(self) -> str:
        """The region of the queue."""
        return str(self._client.meta.region_name)

    def close(self) -> None:
        """Make the messages that are left visible again, at once."""
        with suppress(PlaceError):  # they become visible by themselves then
            self._hold(0)
        self._held = {}

    def _renew(self) -> None:
        """Hold the messages for longer, in time."""
        if self._held and monotonic() > self._leased_until - _RENEWED_BEFORE:
            self._hold(_LEASE)
            self._leased_until = monotonic() + _LEASE

    def _hold(self, seconds: int) -> None:
        held = list(self._held.values())
        for start in range(0, len(held), _MOST_MESSAGES):
            entries = [
                {"Id": str(number), "ReceiptHandle": each.handle["ReceiptHandle"], "VisibilityTimeout": seconds}
                for number, each in enumerate(held[start : start + _MOST_MESSAGES])
            ]
            try:
                answer = self._client.change_message_visibility_batch(QueueUrl=self.name, Entries=entries)
            except Exception as error:  # noqa: BLE001 - as above
                self._refuse(code_of_error(error))
            if failed := answer.get("Failed"):
                self._refuse(failed[0]["Code"])

    def _refuse(self, code: str) -> NoReturn:
        msg = f"found {code} on holding the messages of {self.name}"
        raise PlaceError(msg) from None
