"""The documents that Lambda sends to the on-failure destination.

A queue and a topic receive metadata only, so consumers read the stream again. A bucket also receives the event.
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from router.local.event_source_mapping.batches import PendingBatch
from router.local.event_source_mapping.responses import Failure
from router.local.event_source_mapping.stream_record import StreamRecord
from router.local.event_source_mapping.windows import seconds_text, window_fields

__all__ = ["Condition", "Discard", "Origin", "discard"]

Condition = Literal["RetryAttemptsExhausted", "RecordAgeExceeded"]


@dataclass(frozen=True, slots=True)
class Origin:
    """The mapping that sends the documents.

    Args:
        function_arn: The function's ARN in the mapping, with a version or an alias if it has one.
        stream_arn: The stream.
        executed_version: ``$LATEST`` or the version's number.
        uuid: The mapping's UUID.
    """

    function_arn: str
    stream_arn: str
    executed_version: str
    uuid: str


@dataclass(frozen=True, slots=True)
class Discard:
    """A batch is discarded: its document goes to the on-failure destination, and the next batch of the shard follows.

    Args:
        shard_id: The shard.
        records: The records, as in the event.
        condition: ``RetryAttemptsExhausted`` or ``RecordAgeExceeded``.
        document: The document for a queue or a topic.
        event: The event of the batch.
        uuid: The mapping's UUID, a part of the key in a bucket.
    """

    shard_id: str
    records: tuple[Mapping[str, Any], ...] = field(repr=False)  # items are not for logs
    condition: Condition
    document: dict[str, Any]
    event: dict[str, Any] = field(repr=False)  # as above
    uuid: str

    @property
    def s3_document(self) -> dict[str, Any]:
        """The document for a bucket, which holds the event as JSON text."""
        written: dict[str, Any] = {}
        for name, value in self.document.items():
            if name == "timestamp":
                written["payload"] = json.dumps(self.event, ensure_ascii=False, separators=(",", ":"))
            written[name] = value
        return written

    def s3_key(self, unique: str) -> str:
        """The object's key in a bucket.

        Args:
            unique: A UUID for this object.
        """
        time = self.document["timestamp"].partition(".")[0]
        day = time.partition("T")[0].replace("-", "/")
        return f"aws/lambda/{self.uuid}/{self.shard_id}/{day}/{time.replace(':', '.')}-{unique}"


def discard(
    origin: Origin, shard_id: str, batch: PendingBatch, event: dict[str, Any], now: float, failure: Failure | None
) -> Discard:
    """Make the action and the document of a batch to discard.

    Args:
        origin: The mapping.
        shard_id: The shard.
        batch: The batch.
        event: Its event.
        now: The time, in seconds since the epoch.
        failure: The failure of the last attempt; ``None`` if the records are too old.
    """
    condition: Condition = "RecordAgeExceeded" if failure is None else "RetryAttemptsExhausted"
    document: dict[str, Any] = {
        "requestContext": {
            "requestId": batch.request_id,
            "functionArn": origin.function_arn,
            "condition": condition,
            # At least 1, even without an attempt: as recorded from AWS.
            "approximateInvokeCount": max(batch.attempts, 1),
        }
    }
    if failure is not None and failure.sent:
        document["responseContext"] = {
            "statusCode": 200,
            "executedVersion": origin.executed_version,
            "functionError": failure.function_error,
        }
    document["version"] = "1.0"
    document["timestamp"] = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    document["DDBStreamBatchInfo"] = _batch_info(origin, shard_id, batch.records)
    if batch.window is not None:
        document["timeWindowInfo"] = window_fields(batch.window, final=batch.final, early=batch.early)
    raws = tuple(record.raw for record in batch.records)
    return Discard(shard_id, raws, condition, document, event, origin.uuid)


def _batch_info(origin: Origin, shard_id: str, records: Sequence[StreamRecord]) -> dict[str, Any]:
    if not records:
        return {"shardId": shard_id, "streamArn": origin.stream_arn}
    first, last = records[0], records[-1]
    return {
        "shardId": shard_id,
        "startSequenceNumber": first.sequence_number,
        "endSequenceNumber": last.sequence_number,
        "approximateArrivalOfFirstRecord": seconds_text(first.created),
        "approximateArrivalOfLastRecord": seconds_text(last.created),
        "batchSize": len(records),
        "streamArn": origin.stream_arn,
    }
