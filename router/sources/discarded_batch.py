"""Read a discarded batch again from its stream, for failure documents without payload.

Lambda writes the records of a batch to S3 only. On SQS and SNS its document names their place in the stream, which
keeps them for a day.
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetShardIterator.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from router.aws_client import LazyClient, code_of_error
from router.errors import RecordsGoneError, RecordsUnreadError
from router.sources.lambda_record import kinesis_record, lambda_record

__all__ = ["DiscardedBatch", "discarded_batch"]

_SERVICES = {"DDBStreamBatchInfo": "dynamodb", "KinesisBatchInfo": "kinesis"}
# Errors show these, so each has a bound.
_ARN = {each: re.compile(rf"arn:[a-z-]{{3,20}}:{each}:[\w:./-]{{1,1024}}") for each in _SERVICES.values()}
_SHARD = re.compile(r"[\w.-]{1,128}")
_NUMBER = re.compile(r"[0-9]{1,128}")
_MOST_EMPTY_PAGES = 10  # in a row; a shard answers a few where it has no records for a while
_MOST_RECORDS = 1000  # of a page
_NEVER = frozenset(
    {"ParamValidationError", "ResourceNotFoundException", "TrimmedDataAccessException", "ValidationException"}
)
"""The errors after which the records can never be read."""

_clients: dict[str, LazyClient] = {}


@dataclass(frozen=True, slots=True)
class DiscardedBatch:
    """A batch that Lambda has given up.

    Args:
        service: ``dynamodb`` or ``kinesis``.
        stream_arn: The stream.
        shard_id: The shard.
        start: The sequence number of the first record.
        end: That of the last one.
        size: How many records there are; 0 if it is unknown.
    """

    service: str
    stream_arn: str
    shard_id: str
    start: str
    end: str
    size: int

    def read(self, client: Any = None) -> list[dict[str, Any]]:
        """All records of the shard from the first to the last of the batch, as Lambda delivers them.

        With filters, or with several batches of a shard at a time, these are more than the batch had.

        Args:
            client: A client of the service; by default one for functions.

        Raises:
            RecordsGoneError: The stream no longer has them.
            RecordsUnreadError: They cannot be read now.
        """
        try:
            records = list(self._records(self._client() if client is None else client))
        except (RecordsGoneError, RecordsUnreadError):
            raise
        except Exception as error:  # noqa: BLE001 - of boto3, which is not imported here
            code = code_of_error(error)
            if code in _NEVER:
                raise self._gone(code) from None
            raise self._unread(code) from None
        if not records or int(self._number(records[0])) != int(self.start):
            raise self._gone("another record")
        return [self._delivered(record) for record in records]

    def _records(self, client: Any) -> Iterator[dict[str, Any]]:
        empty_pages = 0
        iterator = client.get_shard_iterator(**self._start())["ShardIterator"]
        limit = {"Limit": self.size} if 0 < self.size < _MOST_RECORDS else {}
        while iterator and empty_pages < _MOST_EMPTY_PAGES:
            page = client.get_records(ShardIterator=iterator, **limit)
            for record in page["Records"]:
                number = int(self._number(record))
                if number <= int(self.end):
                    yield record
                if number >= int(self.end):
                    return
            empty_pages = 0 if page["Records"] else empty_pages + 1
            iterator = page.get("NextShardIterator")
        raise self._unread("no record for several pages") if iterator else self._gone("the end of the shard")

    def _client(self) -> Any:
        name = "kinesis" if self.service == "kinesis" else "dynamodbstreams"
        if name not in _clients:
            _clients[name] = LazyClient("DiscardedBatch", name, None)
        return _clients[name].get()

    def _start(self) -> dict[str, str]:
        place = {"ShardId": self.shard_id, "ShardIteratorType": "AT_SEQUENCE_NUMBER"}
        if self.service == "kinesis":
            # Of a consumer with enhanced fan-out, Lambda gives the consumer's ARN.
            stream = self.stream_arn.partition("/consumer/")[0]
            return {"StreamARN": stream, "StartingSequenceNumber": self.start, **place}
        return {"StreamArn": self.stream_arn, "SequenceNumber": self.start, **place}

    def _number(self, record: Mapping[str, Any]) -> str:
        number: str = (record if self.service == "kinesis" else record["dynamodb"])["SequenceNumber"]
        return number

    def _delivered(self, record: Mapping[str, Any]) -> dict[str, Any]:
        if self.service == "kinesis":
            return kinesis_record(record, self.stream_arn, self.shard_id)
        return lambda_record(record, self.stream_arn, self.stream_arn.split(":")[3])

    def _gone(self, found: str) -> RecordsGoneError:
        return RecordsGoneError(
            f"found {found} in place of {self}, expected the records of a failure document without payload; they are "
            "no longer in the stream"
        )

    def _unread(self, found: str) -> RecordsUnreadError:
        return RecordsUnreadError(
            f"found {found} on reading {self}, expected the records of a failure document without payload; a retry "
            "reads them again"
        )

    def __str__(self) -> str:
        return f"records {self.start} to {self.end} of shard {self.shard_id} of {self.stream_arn}"


def discarded_batch(document: Mapping[str, Any]) -> DiscardedBatch | None:
    """The batch that a failure document refers to; ``None`` where it does not say which records those are.

    Args:
        document: The document.
    """
    for name, service in _SERVICES.items():
        info: Any = document.get(name)
        if not isinstance(info, dict):
            continue
        places: list[Any] = [
            info.get(each) for each in ("streamArn", "shardId", "startSequenceNumber", "endSequenceNumber")
        ]
        if not all(isinstance(place, str) for place in places):
            continue
        patterns = (_ARN[service], _SHARD, _NUMBER, _NUMBER)
        if all(pattern.fullmatch(place) for pattern, place in zip(patterns, places, strict=True)):
            arn, shard_id, start, end = places
            size = info.get("batchSize")
            return DiscardedBatch(service, arn, shard_id, start, end, size if isinstance(size, int) else 0)
    return None
