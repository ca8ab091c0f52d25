"""Buses, topics, queues and streams in memory, in place of a client of AWS: for tests, and to run without AWS."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from router.effects.event_bridge import EVENT_ID

__all__ = ["MemoryEvents", "Published"]


class Published(NamedTuple):
    """An event as a service has accepted it.

    Args:
        destination: The name, URL or ARN of the bus, topic, queue or stream.
        id: The ID, the same at every delivery of the record.
        name: The name.
        detail: The detail, without the ID.
        group: The message group or the partition key; ``None`` where the service keeps no order.
    """

    destination: str
    id: str
    name: str
    detail: dict[str, Any]
    group: str | None


Chosen = Callable[[Published], object]


class MemoryEvents:
    """Accepts events behind the methods of boto3's clients that publishers call.

    So a publisher runs in a test as it does on AWS: ``EventBridge("shop", source="shop", client=MemoryEvents())``.

    Example:
        >>> events = MemoryEvents()
        >>> events.refuse("ThrottlingException", lambda event: event.name == "OrderPlaced", times=1)
        >>> events.published
        []
    """

    def __init__(self) -> None:
        self.published: list[Published] = []
        """The accepted events, in order. An event that was published twice is there twice."""
        self.requests: list[str] = []
        """The methods that were called, in order."""
        self._refusals: list[list[Any]] = []
        self._lock = threading.Lock()

    @property
    def once(self) -> dict[str, Published]:
        """The events by their ID, in the order of their first time: as a listener has them that recognises IDs."""
        events: dict[str, Published] = {}
        for event in self.published:
            events.setdefault(event.id, event)
        return events

    def refuse(self, code: str, chosen: Chosen = lambda _: True, *, times: int | None = None) -> None:
        """Refuse chosen events, and accept what is in one request with them.

        Args:
            code: The code of the error.
            chosen: Chooses them; all by default.
            times: How many to refuse; without it, all.
        """
        self._refusals.append([code, chosen, times])

    # -------------------------------------------------------------------------------------------- as boto3's clients

    def put_events(self, *, Entries: Sequence[Any]) -> dict[str, Any]:  # noqa: N803 - as boto3
        """Put events on buses of EventBridge."""
        codes = self._codes("put_events", [*map(_of_event_bridge, Entries)])
        return {"FailedEntryCount": _failed(codes), "Entries": _errors(codes, "EventId")}

    def send_message_batch(self, *, QueueUrl: str, Entries: Sequence[Any]) -> dict[str, Any]:  # noqa: N803 - as boto3
        """Send messages to a queue of SQS."""
        return self._messages("send_message_batch", QueueUrl, Entries, "MessageBody")

    def publish_batch(
        self,
        *,
        TopicArn: str,  # noqa: N803 - as boto3
        PublishBatchRequestEntries: Sequence[Any],  # noqa: N803 - as boto3
    ) -> dict[str, Any]:
        """Publish messages to a topic of SNS."""
        return self._messages("publish_batch", TopicArn, PublishBatchRequestEntries, "Message")

    def put_records(self, *, Records: Sequence[Any], StreamName: str = "", StreamARN: str = "") -> dict[str, Any]:  # noqa: N803 - as boto3
        """Put records into a data stream of Kinesis."""
        name = StreamName or StreamARN
        events = [_of_document(name, record["Data"], record["PartitionKey"]) for record in Records]
        codes = self._codes("put_records", events)
        return {"FailedRecordCount": _failed(codes), "Records": _errors(codes, "SequenceNumber")}

    def put_record_batch(self, *, DeliveryStreamName: str, Records: Sequence[Any]) -> dict[str, Any]:  # noqa: N803 - as boto3
        """Put records into a stream of Firehose."""
        codes = self._codes(
            "put_record_batch", [_of_document(DeliveryStreamName, each["Data"], None) for each in Records]
        )
        return {"FailedPutCount": _failed(codes), "RequestResponses": _errors(codes, "RecordId")}

    # ------------------------------------------------------------------------------------------------------- inside

    def _messages(self, method: str, target: str, entries: Sequence[Any], body: str) -> dict[str, Any]:
        events = [_of_document(target, entry[body], entry.get("MessageGroupId")) for entry in entries]
        answers = [*zip((entry["Id"] for entry in entries), self._codes(method, events), strict=True)]
        return {
            "Successful": [{"Id": number, "MessageId": number} for number, code in answers if code is None],
            "Failed": [{"Id": number, "Code": code, "SenderFault": False} for number, code in answers if code],
        }

    def _codes(self, method: str, events: Sequence[Published]) -> list[str | None]:
        """Accept events, and return the code of each that is refused."""
        with self._lock:
            self.requests.append(method)
            codes = [self._code(event) for event in events]
            self.published += [event for event, code in zip(events, codes, strict=True) if code is None]
            return codes

    def _code(self, event: Published) -> str | None:
        for refusal in self._refusals:
            code, chosen, times = refusal
            if times != 0 and chosen(event):
                refusal[2] = None if times is None else times - 1
                return str(code)
        return None


def _of_event_bridge(entry: Mapping[str, Any]) -> Published:
    detail = json.loads(entry["Detail"])
    return Published(entry["EventBusName"], detail.pop(EVENT_ID), entry["DetailType"], detail, None)


def _of_document(destination: str, data: str | bytes, group: str | None) -> Published:
    document = json.loads(data)
    return Published(destination, document["id"], document["name"], document["detail"], group)


def _failed(codes: Sequence[str | None]) -> int:
    return sum(code is not None for code in codes)


def _errors(codes: Sequence[str | None], accepted: str) -> list[dict[str, str]]:
    return [{accepted: "1"} if code is None else {"ErrorCode": code, "ErrorMessage": code} for code in codes]
