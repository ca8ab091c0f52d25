"""A queue of SQS: its attributes, and its dead-letter queue."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from router.local.doctor.aws import AbsentError, Aws

__all__ = ["Queue", "queue_of_arn", "read_queue"]

# https://docs.aws.amazon.com/general/latest/gr/sqs-service.html; emulators listen on the loopback interface.
_HOST = r"(sqs\.[\w.-]+|([\w-]+\.)?queue\.amazonaws\.com|localhost|127\.0\.0\.1)(:\d+)?"
_URL = re.compile(rf"https?://{_HOST}/(queue/[\w-]+/)?\d{{12}}/[\w-]+(\.fifo)?")
_DEAD_LETTERS = "dead-letter queue"
_ATTRIBUTES = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "MessageRetentionPeriod",
    "RedrivePolicy",
)


@dataclass(frozen=True)
class Queue:
    """A queue.

    Args:
        variable: The environment variable that has the URL of it, or of the queue whose dead letters it has; empty for
            an on-failure destination.
        name: Its name in AWS.
        attributes: Its attributes; ``None`` if there is no such queue.
        dead_letters: Its dead-letter queue; ``None`` without one.
        kind: What it is for people.
    """

    variable: str
    name: str
    attributes: Mapping[str, str] | None
    dead_letters: Queue | None = None
    kind: str = "queue"

    @property
    def depth(self) -> int:
        """The number of its messages, those that are delayed or received at the moment included."""
        counts = [value for key, value in (self.attributes or {}).items() if key.startswith("ApproximateNumber")]
        return sum(map(int, counts))

    @property
    def retention(self) -> int:
        """Seconds after which it deletes a message."""
        return int((self.attributes or {})["MessageRetentionPeriod"])


def read_queue(aws: Aws, variable: str, url: str) -> Queue | None:
    """Read a queue and its dead-letter queue.

    Args:
        aws: The account.
        variable: The environment variable.
        url: Its value.

    Returns:
        The queue; ``None`` if the value is no URL of a queue.

    Raises:
        NotCheckedError: It may not be read.
    """
    if not _URL.fullmatch(url):
        return None
    attributes = _attributes(aws, url)
    return Queue(variable, url.rpartition("/")[2], attributes, _dead_letters(aws, variable, attributes or {}))


def _dead_letters(aws: Aws, variable: str, attributes: Mapping[str, str]) -> Queue | None:
    arn = json.loads(attributes.get("RedrivePolicy", "{}")).get("deadLetterTargetArn")
    return None if arn is None else queue_of_arn(aws, arn, variable)


def queue_of_arn(aws: Aws, arn: str, variable: str = "") -> Queue:
    """Read a queue, without its dead-letter queue.

    Args:
        aws: The account.
        arn: The queue's ARN.
        variable: The environment variable that has the URL of the queue whose dead letters it has.

    Raises:
        NotCheckedError: It may not be read.
    """
    account, name = arn.split(":")[-2:]
    try:
        url = aws.call("sqs", "get_queue_url", QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
    except AbsentError:
        return Queue(variable, name, None, kind=_DEAD_LETTERS)
    return Queue(variable, name, _attributes(aws, url), kind=_DEAD_LETTERS)


def _attributes(aws: Aws, url: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = aws.call("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=[*_ATTRIBUTES])[
            "Attributes"
        ]
    except AbsentError:
        return None
    return found
