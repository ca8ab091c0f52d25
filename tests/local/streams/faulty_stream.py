"""A stream that answers reads with errors, chosen by a seed."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
)

__all__ = ["ARN", "BUSY", "CREATED", "FAMILY", "URL", "FaultyStream", "refused"]

ARN = "arn:aws:dynamodb:eu-west-1:111122223333:table/Shop/stream/2026-01-02T03:04:05.678"
CREATED = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
Shards = dict[str, tuple[str | None, list[int]]]

FAMILY: Shards = {
    "grandchild": ("child", [*range(60, 90)]),
    "parent": (None, [*range(1, 40)]),
    "child": ("parent", [*range(40, 60)]),
}
"""Three shards in a row, not in their order, with the sequence numbers of each."""

_SHARE = 0.4  # of the requests fail, and of the pages are empty
URL = "http://127.0.0.1:8000"

BUSY = (
    *("InternalFailure", "InternalServerError", "LimitExceededException", "ProvisionedThroughputExceededException"),
    *("ServiceUnavailable", "ThrottlingException"),
)
OF_ITERATORS = ("ExpiredIteratorException", "TrimmedDataAccessException", "ResourceNotFoundException")


def refused(code: str, operation: str = "GetRecords", status: int = 400) -> ClientError:
    """An error answer of the service."""
    response: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, operation)


def unanswered() -> list[BotoCoreError]:
    """Requests without an answer."""
    url = "https://streams.dynamodb.eu-west-1.amazonaws.com"
    return [error(endpoint_url=url) for error in (ConnectionClosedError, EndpointConnectionError, ReadTimeoutError)]


class FaultyStream:
    """A ``dynamodbstreams`` client on shards with their parents and sequence numbers.

    Iterators name a position and never expire by themselves; a trimmed one is claimed to be so.

    Args:
        shards: The parent and the sequence numbers of each shard.
        seed: Determines the errors.
        fields: Whether records have more than a sequence number and keys.
        created: The time of the records.
    """

    def __init__(self, shards: Shards, seed: int, *, fields: bool = True, created: datetime = CREATED) -> None:
        self.shards = shards
        self.faults = 0
        self._created = created
        self._requests = 0
        self._empty = False
        self._random = Random(seed)  # noqa: S311 - not for secrets
        self._fields = fields

    def describe_stream(self, **_: Any) -> Any:
        """List all shards; only the last one is open."""
        self._fail("DescribeStream", BUSY)
        ended: dict[str, Any] = {"SequenceNumberRange": {"StartingSequenceNumber": "1", "EndingSequenceNumber": "9"}}
        listed = [
            {"ShardId": name}
            | ({"ParentShardId": parent} if parent else {})
            | (ended if self._is_closed(name) else {"SequenceNumberRange": {"StartingSequenceNumber": "1"}})
            for name, (parent, _) in self.shards.items()
        ]
        return {"StreamDescription": {"Shards": listed}}

    def get_shard_iterator(self, **names: Any) -> Any:
        """An iterator at the beginning, the end, or behind a sequence number."""
        self._fail("GetShardIterator", (*BUSY, *OF_ITERATORS[1:]))
        numbers = self.shards[names["ShardId"]][1]
        at = {"TRIM_HORIZON": 0, "LATEST": len(numbers)}.get(names["ShardIteratorType"])
        if at is None:
            at = numbers.index(int(names["SequenceNumber"])) + 1
        return {"ShardIterator": f"{names['ShardId']} {at}"}

    def get_records(self, *, ShardIterator: str) -> Any:  # noqa: N803 - AWS's name
        """A page of at most three records."""
        self._fail("GetRecords", (*BUSY, *OF_ITERATORS))
        name, _, at = ShardIterator.rpartition(" ")
        numbers = self.shards[name][1]
        self._empty = (
            not self._empty and self._random.random() < _SHARE
        )  # an empty page is no end, several in a row are
        page = [] if self._empty else numbers[int(at) : int(at) + self._random.randint(1, 3)]
        following = int(at) + len(page)
        ended = self._is_closed(name) and following == len(numbers)
        more = {} if ended else {"NextShardIterator": f"{name} {following}"}
        return {"Records": [self._record(number) for number in page], **more}

    def _is_closed(self, name: str) -> bool:
        return name in {parent for parent, _ in self.shards.values()}

    def _record(self, number: int) -> dict[str, Any]:
        key = {"pk": {"S": str(number % 7)}}
        change: dict[str, Any] = {"Keys": key, "SequenceNumber": str(number)}
        if not self._fields:
            return {"dynamodb": change}
        change |= {
            "ApproximateCreationDateTime": self._created,
            "NewImage": key,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        }
        return {"eventID": f"e{number}", "eventName": "INSERT", "dynamodb": change}

    def _fail(self, operation: str, codes: tuple[str, ...]) -> None:
        self._requests += 1
        # An endpoint that does not answer the first request is taken for a wrong one.
        if self._requests > 1 and self._random.random() < _SHARE:
            self.faults += 1
            raise self._random.choice([*(refused(code, operation) for code in codes), *unanswered()])
