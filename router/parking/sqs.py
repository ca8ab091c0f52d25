"""Park records in an SQS queue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from router.aws_client import LazyClient
from router.context import Deadline
from router.errors import ParkingError, RegistrationError
from router.naming import kind_of
from router.parking.base import Parked, item_digest, record_digest, to_json
from router.parking.s3 import S3Parking
from router.parking.sqs_calls import MOST_BYTES, MOST_MESSAGES, Message, SqsCalls, code_of_refusal

__all__ = ["SqsParking"]

_MOST_ATTRIBUTE_LENGTH: Final = 256


class SqsParking:
    """Sends parked records to a queue, each as one message: the document of :meth:`Parked.to_dict`, as JSON.

    A message of a record that reached a route has the attributes ``route``, ``stage`` and, unless the route is a
    fallback, ``entity``, by which a consumer can filter. SQS keeps a message for 4 days by default and for 14 at most.
    A message holds 1 MiB. With ``overflow`` a bigger record is put into a bucket, and its message has, in place of
    ``record``, the bucket and the key of its document as ``recordIn``; without it a bigger record is not parked. In a
    FIFO queue the records of one item form a group and stay in order, and a record that its stream redelivers and that
    is parked again within five minutes is stored once.

    Up to ten records go into one call. Each is parked when SQS has taken its message; one that SQS refuses fails alone.
    A standard queue may have several messages of one record, with the same ``id``: SQS itself may deliver a message
    twice, and a container that ends before its answer leaves the record to be parked again.

    The role of the function needs ``sqs:SendMessage``. Parking the first record imports boto3, which is part of
    Lambda's runtime.

    Args:
        queue_url: The URL of the queue.
        overflow: Takes the records that are too big for a message.
        client: A boto3 client. The default one gives up within seconds, because Lambda delivers the record again.

    Raises:
        RegistrationError: The URL is not one, ``overflow`` is no bucket, or boto3 is not installed.

    Example:
        >>> SqsParking("https://sqs.eu-west-1.amazonaws.com/123456789012/parked")
        SqsParking('https://sqs.eu-west-1.amazonaws.com/123456789012/parked')
    """

    def __init__(self, queue_url: str, *, overflow: S3Parking | None = None, client: Any = None) -> None:
        if not isinstance(queue_url, str) or not queue_url.startswith(("https://", "http://")):
            found = repr(queue_url) if isinstance(queue_url, str) else kind_of(queue_url)
            msg = f"SqsParking() found {found}, expected a URL: https://sqs.eu-west-1.amazonaws.com/123456789012/parked"
            raise RegistrationError(msg)
        if not isinstance(overflow, S3Parking | None):
            msg = f"SqsParking(overflow=) found {kind_of(overflow)}, expected a bucket: overflow=S3Parking('parked')"
            raise RegistrationError(msg)
        self.queue_url = queue_url
        self.overflow = overflow
        self._calls = SqsCalls(queue_url, LazyClient("SqsParking", "sqs", client))

    @property
    def most(self) -> int:
        """The most records of a call."""
        return MOST_MESSAGES

    def park(self, parked: Parked) -> None:
        """Send a record.

        Raises:
            ParkingError: The record is bigger than a message may be, or SQS refused the message.
            botocore.exceptions.ClientError: SQS refused the call, or S3 the object.
            botocore.exceptions.BotoCoreError: SQS could not be reached.
            TypeError: The record contains a value that JSON cannot express.
            ValueError: The record contains a number that JSON cannot express.
        """
        (error,) = self.park_bulk([parked], Deadline())
        if error is not None:
            raise error

    def park_bulk(self, parked: Sequence[Parked], deadline: Deadline) -> list[Exception | None]:
        """Send records, and return the error of each that is not parked.

        Args:
            parked: The records.
            deadline: The time by which to return.
        """
        errors = self._send(parked, deadline, self._message_of)
        overflow = self.overflow
        if overflow is not None:
            big = [position for position, error in enumerate(errors) if _may_be_too_big(error)]
            refused = self._send([parked[each] for each in big], deadline, lambda each: self._pointer(each, overflow))
            for position, refusal in zip(big, refused, strict=True):
                errors[position] = refusal
        return errors

    def _send(
        self, parked: Sequence[Parked], deadline: Deadline, write: Callable[[Parked], Message]
    ) -> list[Exception | None]:
        """Write a message of each record, and send those that can be written."""
        errors: list[Exception | None] = []
        messages: dict[int, Message] = {}
        for position, each in enumerate(parked):
            try:
                messages[position] = write(each)
                errors.append(None)
            except Exception as error:  # noqa: BLE001 - of S3, too: it is the failure of one record
                errors.append(error)
        for position, refusal in zip(messages, self._calls.send([*messages.values()], deadline), strict=True):
            errors[position] = refusal
        return errors

    def _message_of(self, parked: Parked) -> Message:
        message = self._message(parked, to_json(parked))
        if message.size > MOST_BYTES and self.overflow is not None:
            return self._pointer(parked, self.overflow)
        if message.size > MOST_BYTES:
            msg = f"found a record of {message.size:,} bytes, expected at most {MOST_BYTES:,}, as SQS takes no more"
            raise ParkingError(msg)
        return message

    def _pointer(self, parked: Parked, overflow: S3Parking) -> Message:
        return self._message(parked, to_json(parked, record_in=overflow.put(parked)))

    def _message(self, parked: Parked, body: str) -> Message:
        attributes = _attributes(parked)
        entry = {
            "MessageBody": body,
            "MessageAttributes": {name: _string_attribute(value) for name, value in attributes.items()},
            **(_fifo_fields(parked) if self.queue_url.endswith(".fifo") else {}),
        }
        size = len(body) + sum(len(f"{name}String{value}".encode()) for name, value in attributes.items())
        return Message(entry, size)

    def __repr__(self) -> str:
        return f"SqsParking({self.queue_url!r})"


def _may_be_too_big(error: Exception | None) -> bool:
    """Whether a message may be bigger than its queue takes, which may have a lower MaximumMessageSize than SQS."""
    return error is not None and code_of_refusal(error) == "InvalidParameterValue"


def _attributes(parked: Parked) -> dict[str, str]:
    """The attributes of a message; none without a route. An entity that no route names is a value of the item."""
    if parked.route is None:
        return {}
    entity = parked.entity if parked.is_registered else None
    attributes = {"entity": entity, "route": parked.route, "stage": parked.stage}
    return {
        name: value
        for name, value in attributes.items()
        if value and len(value) <= _MOST_ATTRIBUTE_LENGTH and value.isprintable()  # else SQS would refuse the message
    }


def _string_attribute(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}


def _fifo_fields(parked: Parked) -> dict[str, str]:
    # Digests, because keys are values of items, and may be longer than these fields.
    return {"MessageGroupId": item_digest(parked), "MessageDeduplicationId": record_digest(parked)}
