"""Calls that send messages to a queue, with as many messages as a call takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from router.aws_client import LazyClient, code_of_error
from router.context import Deadline, current_clock
from router.errors import ParkingError

__all__ = ["MOST_BYTES", "MOST_MESSAGES", "Message", "SqsCalls", "code_of_refusal"]

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MOST_BYTES: Final = 1_048_576
"""The most bytes of a message, and of all messages of a call."""
MOST_MESSAGES: Final = 10
"""The most messages of a call."""

_PAUSES: Final = (0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds before each retry."""

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
_THROTTLES: Final = frozenset({"RequestThrottled", "ThrottlingException", "Throttling", "KmsThrottled", "OverLimit"})
_OF_ONE_MESSAGE: Final = frozenset({"BatchRequestTooLong", "InvalidMessageContents", "InvalidParameterValue"})
"""The errors of a call that one of its messages may cause."""


class RefusedMessageError(ParkingError):
    """SQS refused a message.

    Args:
        code: The code of the error.
        may_pass: Whether the same message may be taken later.
    """

    def __init__(self, code: str, *, may_pass: bool) -> None:
        super().__init__(f"SQS refused the message: {code}")
        self.code = code
        self.may_pass = may_pass


class Message(NamedTuple):
    """A message.

    Args:
        entry: Its fields, other than its ID in the call.
        size: The bytes that count for the limit.
    """

    entry: dict[str, Any]
    size: int


class SqsCalls:
    """Sends messages.

    Args:
        queue_url: The URL of the queue.
        client: Gives the client.
    """

    def __init__(self, queue_url: str, client: LazyClient) -> None:
        self._queue_url = queue_url
        self._client = client

    def send(self, messages: Sequence[Message], deadline: Deadline) -> list[Exception | None]:
        """Send messages, and return the error of each that SQS has not taken.

        Messages that a throttled or failing queue has not taken are sent again, as long as there is time.

        Args:
            messages: The messages.
            deadline: The time by which to return.
        """
        errors: list[Exception | None] = []
        for call in _calls_of(messages):
            errors += self._errors(call)
        for pause in _PAUSES:
            again = [position for position, error in enumerate(errors) if _may_pass(error)]
            if not again or deadline.remaining < pause * 1.5:
                break
            current_clock().sleep(pause * _spread())
            position = iter(again)
            for call in _calls_of([messages[each] for each in again]):
                for error in self._errors(call):
                    errors[next(position)] = error
        return errors

    def _errors(self, messages: Sequence[Message]) -> list[Exception | None]:
        """Send messages in a call; if it is refused and one of them may be the reason, in two."""
        try:
            return self._call(messages)
        except Exception as error:  # noqa: BLE001 - of boto3, which is not imported here
            if len(messages) == 1 or code_of_refusal(error) not in _OF_ONE_MESSAGE:
                return [error] * len(messages)
        half = len(messages) // 2
        return self._errors(messages[:half]) + self._errors(messages[half:])

    def _call(self, messages: Sequence[Message]) -> list[Exception | None]:
        client = self._client.get()
        if len(messages) == 1:
            client.send_message(QueueUrl=self._queue_url, **messages[0].entry)
            return [None]
        entries = [{"Id": str(number), **message.entry} for number, message in enumerate(messages)]
        answer = client.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
        taken = {entry["Id"] for entry in answer.get("Successful", ())}
        refused = {entry["Id"]: entry for entry in answer.get("Failed", ())}
        return [None if entry["Id"] in taken else _refusal(refused.get(entry["Id"])) for entry in entries]


def _spread() -> float:
    """A factor of a pause, so that containers which are throttled together do not come again together."""
    from random import uniform  # not for most events

    return uniform(0.5, 1.5)  # noqa: S311 - no secret


def _calls_of(messages: Sequence[Message]) -> Iterator[list[Message]]:
    """The messages of each call, in order."""
    call: list[Message] = []
    size = 0
    for message in messages:
        if call and (len(call) == MOST_MESSAGES or size + message.size > MOST_BYTES):
            yield call
            call, size = [], 0
        call.append(message)
        size += message.size
    if call:
        yield call


def _refusal(entry: dict[str, Any] | None) -> Exception:
    """The error of a message that SQS has not taken; without an answer for it, it may have."""
    if entry is None:
        return RefusedMessageError("it has no answer", may_pass=True)
    return RefusedMessageError(str(entry.get("Code")), may_pass=not entry.get("SenderFault"))


def _may_pass(error: Exception | None) -> bool:
    if error is None:
        return False
    return code_of_refusal(error) in _THROTTLES or (isinstance(error, RefusedMessageError) and error.may_pass)


def code_of_refusal(error: Exception) -> str:
    """The code with which SQS refused a message or its call."""
    code = error.code if isinstance(error, RefusedMessageError) else code_of_error(error)
    return code.rpartition(".")[2]  # AWS.SimpleQueueService.BatchRequestTooLong
