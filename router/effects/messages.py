"""Domain events as messages of queues and topics, SQS and SNS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from router.effects.publisher import DomainEvent, Publisher
from router.effects.requests import refusal

__all__ = ["SnsTopic", "SqsQueue"]

_NAME = "name"
_NO_ANSWER = "NoAnswer"


class _Messages(Publisher):
    """What queues and topics have in common.

    Args:
        target: The URL or the ARN.
        client: A boto3 client, or :class:`MemoryEvents`.
    """

    _body = "MessageBody"

    def __init__(self, target: str, client: Any) -> None:
        super().__init__(target, client)
        self.in_order = target.endswith(".fifo")

    def _entry(self, event: DomainEvent) -> tuple[dict[str, Any], int]:
        body = event.document
        entry: dict[str, Any] = {
            self._body: body,
            "MessageAttributes": {_NAME: {"DataType": "String", "StringValue": event.name}},
        }
        if self.in_order:
            entry |= {"MessageGroupId": event.item, "MessageDeduplicationId": event.digest}
        return entry, len(body.encode()) + len(f"{_NAME}String{event.name}".encode())

    def _send(self, operation: str, entries_name: str, entries: Sequence[Any], **named: str) -> list[Exception | None]:
        numbered = {str(number): entry for number, entry in enumerate(entries)}
        parameters = {entries_name: [{"Id": number, **entry} for number, entry in numbered.items()], **named}
        response = self._requests.make(operation, **parameters)
        accepted = {each["Id"] for each in response.get("Successful", ())}
        failed = {each["Id"]: each for each in response.get("Failed", ())}
        return [None if number in accepted else self._error(failed.get(number, {})) for number in numbered]

    def _error(self, failed: Mapping[str, Any]) -> Exception:
        return refusal(self._service, str(failed.get("Code", _NO_ANSWER)), at_fault=bool(failed.get("SenderFault")))


class SqsQueue(_Messages):
    """Publishes domain events to a queue of SQS, up to ten in a request.

    The body of a message is a JSON object with the ``id``, ``name``, ``time`` and ``detail`` of the event; the name is
    an attribute of the message, too. In a FIFO queue a digest of the item's key is the message group, and one of the ID
    is the deduplication ID, which SQS remembers for five minutes.

    The role of the function needs ``sqs:SendMessage`` on the queue.

    Args:
        url: The URL of the queue.
        client: A boto3 client, or :class:`MemoryEvents`.

    Raises:
        RegistrationError: boto3 is not installed.

    Example:
        >>> SqsQueue("https://sqs.eu-west-1.amazonaws.com/123456789012/orders.fifo").in_order
        True
    """

    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
    _service, _action = "sqs", "SendMessage"

    def __init__(self, url: str, *, client: Any = None) -> None:
        super().__init__(url, client)

    def send(self, payloads: Sequence[Any]) -> Sequence[Exception | None]:
        """Send messages in one request."""
        return self._send("send_message_batch", "Entries", payloads, QueueUrl=self.target)


class SnsTopic(_Messages):
    """Publishes domain events to a topic of SNS, up to ten in a request.

    The message is a JSON object with the ``id``, ``name``, ``time`` and ``detail`` of the event; the name is an
    attribute of the message, too, by which a subscription can filter. In a FIFO topic a digest of the item's key is the
    message group, and one of the ID is the deduplication ID, which SNS remembers for five minutes.

    The role of the function needs ``sns:Publish`` on the topic.

    Args:
        arn: The ARN of the topic.
        most_bytes: The topic's ``MaximumMessageSize``, which is the most of a request, too.
        client: A boto3 client, or :class:`MemoryEvents`.

    Raises:
        RegistrationError: boto3 is not installed.

    Example:
        >>> SnsTopic("arn:aws:sns:eu-west-1:123456789012:orders").in_order
        False
    """

    # https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
    _service, _action = "sns", "Publish"
    _body = "Message"

    def __init__(self, arn: str, *, most_bytes: int = 262_144, client: Any = None) -> None:
        super().__init__(arn, client)
        self.most_bytes = most_bytes

    def send(self, payloads: Sequence[Any]) -> Sequence[Exception | None]:
        """Publish messages in one request."""
        return self._send("publish_batch", "PublishBatchRequestEntries", payloads, TopicArn=self.target)
