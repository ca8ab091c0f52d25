"""What arrives at the on-failure destination.

A queue and a topic get metadata only, so consumers read the stream again; a bucket gets the whole event beside it.
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from router.local.event_source_mapping.batches import Batch
from router.local.event_source_mapping.responses import Failure
from router.local.event_source_mapping.stream_record import StreamRecord
from router.local.event_source_mapping.windows import seconds_text, window_fields

__all__ = ["Condition", "Discard", "Origin", "discard"]

Condition = Literal["RetryAttemptsExhausted", "RecordAgeExceeded"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where documents come from.

    Args:
        function_arn: The function as it was mapped, with the version or alias if there is one.
        stream_arn: The stream.
        executed_version: ``$LATEST`` or the version's number.
        uuid: The mapping's own identifier.
    """

    function_arn: str
    stream_arn: str
    executed_version: str
    uuid: str


@dataclass(frozen=True, slots=True)
class Discard:
    """A batch is given up: its document goes to the on-failure destination, and the shard goes on.

    Args:
        shard_id: The shard.
        records: The records, as they stand in the event.
        condition: ``RetryAttemptsExhausted`` or ``RecordAgeExceeded``.
        document: What a queue or a topic gets.
        event: The event that the function was given, or would have been.
        uuid: The mapping's own identifier, of which the name in a bucket is made.
    """

    shard_id: str
    records: tuple[Mapping[str, Any], ...] = field(repr=False)  # items are not for logs
    condition: Condition
    document: dict[str, Any]
    event: dict[str, Any] = field(repr=False)  # as above
    uuid: str

    @property
    def s3_document(self) -> dict[str, Any]:
        """What a bucket gets: the document with the event as JSON text in it."""
        written: dict[str, Any] = {}
        for name, value in self.document.items():
            if name == "timestamp":
                written["payload"] = json.dumps(self.event, ensure_ascii=False, separators=(",", ":"))
            written[name] = value
        return written

    def s3_key(self, unique: str) -> str:
        """The name of the object in a bucket.

        Args:
            unique: A UUID for this object.
        """
        time = self.document["timestamp"].partition(".")[0]
        day = time.partition("T")[0].replace("-", "/")
        return f"aws/lambda/{self.uuid}/{self.shard_id}/{day}/{time.replace(':', '.')}-{unique}"


def discard(
    origin: Origin, shard_id: str, batch: Batch, event: dict[str, Any], now: float, failure: Failure | None
) -> Discard:
    """Write the document of a batch that is given up.

    Args:
        origin: Where it comes from.
        shard_id: The shard.
        batch: The batch.
        event: Its event.
        now: The time, in seconds since the epoch.
        failure: How the last attempt failed; ``None`` where the records became too old.
    """
    condition: Condition = "RecordAgeExceeded" if failure is None else "RetryAttemptsExhausted"
    document: dict[str, Any] = {
        "requestContext": {
            "requestId": batch.request_id,
            "functionArn": origin.function_arn,
            "condition": condition,
            # One even where there was none: so it was recorded.
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
