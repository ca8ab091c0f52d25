"""Domain events as records of data streams, Kinesis and Firehose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from router.effects.publisher import DomainEvent, Publisher

__all__ = ["FirehoseStream", "KinesisStream"]


class KinesisStream(Publisher):
    """Publishes domain events to a data stream of Kinesis, up to 500 in a request.

    The data of a record are a JSON object with the ``id``, ``name``, ``time`` and ``detail`` of the event. Its
    partition key is a digest of the item's key, so that the events of an item are in one shard, in their order.

    The role of the function needs ``kinesis:PutRecords`` on the stream.

    Args:
        stream: The name or the ARN of the stream.
        most_bytes: The stream's ``MaxRecordSize``.
        client: A boto3 client, or :class:`MemoryEvents`.

    Raises:
        RegistrationError: boto3 is not installed.

    Example:
        >>> KinesisStream("orders").most_entries
        500
    """

    # https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
    most_entries, most_bytes, in_order = 500, 10_485_760, True
    _service, _action = "kinesis", "PutRecords"

    def __init__(self, stream: str, *, most_bytes: int = 1_048_576, client: Any = None) -> None:
        super().__init__(stream, client)
        self.most_entry_bytes = most_bytes

    def _entry(self, event: DomainEvent) -> tuple[dict[str, Any], int]:
        data = event.document.encode()
        return {"Data": data, "PartitionKey": event.item}, len(data) + len(event.item)

    def send(self, payloads: Sequence[Any]) -> Sequence[Exception | None]:
        """Put records in one request."""
        named = {"StreamARN" if self.target.startswith("arn:") else "StreamName": self.target}
        response = self._requests.make("put_records", Records=payloads, **named)
        return self._refusals(response["Records"])


class FirehoseStream(Publisher):
    """Publishes domain events to a stream of Firehose, up to 500 in a request.

    The data of a record are a JSON object with the ``id``, ``name``, ``time`` and ``detail`` of the event, and a line
    end. Firehose keeps no order, and delivers at least once.

    The role of the function needs ``firehose:PutRecordBatch`` on the stream.

    Args:
        stream: The name of the stream.
        client: A boto3 client, or :class:`MemoryEvents`.

    Raises:
        RegistrationError: boto3 is not installed.

    Example:
        >>> FirehoseStream("orders").most_bytes
        4000000
    """

    # https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html: 4 MB, records of 1,000 KiB
    most_entries, most_bytes, most_entry_bytes = 500, 4_000_000, 1_024_000
    _service, _action = "firehose", "PutRecordBatch"

    def __init__(self, stream: str, *, client: Any = None) -> None:
        super().__init__(stream, client)

    def _entry(self, event: DomainEvent) -> tuple[dict[str, Any], int]:
        data = f"{event.document}\n".encode()
        return {"Data": data}, len(data)

    def send(self, payloads: Sequence[Any]) -> Sequence[Exception | None]:
        """Put records in one request."""
        response = self._requests.make("put_record_batch", DeliveryStreamName=self.target, Records=payloads)
        return self._refusals(response["RequestResponses"])
