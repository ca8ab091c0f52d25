"""Domain events, and the bus that delivers them to listeners: EventBridge, or memory.

EventBridge delivers at least once, as Lambda does, so an event has an ID by which listeners recognise a repetition.
"""

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from router import Change, Reject

__all__ = ["Bus", "DomainEvent", "EventBridgeBus", "MemoryBus", "PublishError"]


@dataclass(frozen=True, slots=True)
class DomainEvent:
    """An event of the business; its ID and time are the same at every delivery of its record."""

    id: str
    name: str
    at: datetime
    detail: dict[str, str]

    @classmethod
    def of(cls, change: Change[Any], name: str, **detail: str) -> "DomainEvent":
        """The event that a change causes."""
        record = change.record
        if record.event_id is None or record.created_at is None:
            raise Reject("found a record without eventID or ApproximateCreationDateTime, expected both for an event")
        return cls(f"{record.event_id}/{name}", name, record.created_at, detail)


class Bus(Protocol):
    async def publish(self, event: DomainEvent) -> None:
        """Publish an event; on return the bus has stored it."""
        ...


class MemoryBus:
    """Keeps published events, each ID once, as a listener does that recognises repeated events."""

    def __init__(self) -> None:
        self.events: dict[str, DomainEvent] = {}

    async def publish(self, event: DomainEvent) -> None:
        self.events.setdefault(event.id, event)


class PublishError(Exception):
    """EventBridge accepted the call but refused the event."""


class EventBridgeBus:
    def __init__(self, client: Any, bus: str) -> None:  # Any: the stubs of the client `events` are not among the tools
        self._client = client
        self._bus = bus

    async def publish(self, event: DomainEvent) -> None:
        entry = {
            "EventBusName": self._bus,
            "Source": "shop",
            "DetailType": event.name,
            "Time": event.at,
            "Detail": json.dumps({"id": event.id, **event.detail}),
        }
        response = await asyncio.to_thread(self._client.put_events, Entries=[entry])
        # A refused event raises nothing.
        # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
        if response["FailedEntryCount"]:
            raise PublishError(response["Entries"][0].get("ErrorCode"))
