"""Calls that send messages to a queue, each with the messages that wait for one."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any, Final

from router.aws_client import LazyClient
from router.errors import ParkingError

__all__ = ["MOST_BYTES", "Message", "SqsCalls"]

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MOST_BYTES: Final = 1_048_576
"""The most bytes of a message, and of all messages of a call."""
_MOST_MESSAGES: Final = 10


class Message:
    """A message that waits for a call.

    Args:
        entry: Its fields, other than its ID in the call.
        size: The bytes that count for the limit.
    """

    __slots__ = ("entry", "error", "settled", "size")

    def __init__(self, entry: dict[str, Any], size: int) -> None:
        self.entry = entry
        self.size = size
        self.settled = False
        self.error: Exception | None = None


class SqsCalls:
    """Sends messages, one call at a time: those that come during a call go together with the next one.

    Args:
        queue_url: The URL of the queue.
        client: Gives the client.
    """

    def __init__(self, queue_url: str, client: LazyClient) -> None:
        self._queue_url = queue_url
        self._client = client
        self._waiting: deque[Message] = deque()
        self._calling = threading.Lock()

    def send(self, message: Message) -> None:
        """Send a message, and return when SQS has taken it.

        Raises:
            ParkingError: SQS refused this message.
            botocore.exceptions.ClientError: SQS refused the call.
            botocore.exceptions.BotoCoreError: SQS could not be reached.
        """
        self._waiting.append(message)
        while not message.settled:
            with self._calling:
                if not message.settled:  # else the call of another thread had room for it
                    self._call(self._next())
        if message.error is not None:
            raise message.error

    def _next(self) -> list[Message]:
        """The messages of the next call, the earliest first."""
        messages: list[Message] = []
        size = 0
        while self._waiting and len(messages) < _MOST_MESSAGES and size + self._waiting[0].size <= MOST_BYTES:
            messages.append(self._waiting.popleft())
            size += messages[-1].size
        return messages

    def _call(self, messages: list[Message]) -> None:
        errors: list[Exception | None] = [ParkingError("the call was cut off") for _ in messages]
        try:
            errors = self._errors(messages)
        except Exception as error:  # noqa: BLE001 - each thread raises it for its message
            errors = [error for _ in messages]
        finally:  # also where the thread is stopped: the others must not wait for ever
            for message, failure in zip(messages, errors, strict=True):
                message.error, message.settled = failure, True

    def _errors(self, messages: list[Message]) -> list[Exception | None]:
        """Send messages, and return the error of each that SQS has not taken."""
        client = self._client.get()
        if len(messages) == 1:
            client.send_message(QueueUrl=self._queue_url, **messages[0].entry)
            return [None]
        entries = [{"Id": str(number), **message.entry} for number, message in enumerate(messages)]
        answer = client.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
        taken = {entry["Id"] for entry in answer.get("Successful", ())}
        codes = {entry["Id"]: entry.get("Code") for entry in answer.get("Failed", ())}
        return [
            None if entry["Id"] in taken else ParkingError(f"SQS refused the message: {codes.get(entry['Id'])}")
            for entry in entries
        ]
