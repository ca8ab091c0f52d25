"""Domain events on EventBridge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic_core import to_json

from router.effects.publisher import DomainEvent, Publisher

__all__ = ["EVENT_ID", "EventBridge"]

EVENT_ID = "routerEventId"
"""The member of an event's detail with its ID: EventBridge gives an event another ID each time that it is put."""

_TIME_BYTES = 14


class EventBridge(Publisher):
    """Publishes domain events to a bus of EventBridge, up to ten in a request.

    An event has its name as ``detail-type``, the time of the change as ``time``, and in its ``detail`` the ID of the
    event, ``routerEventId``, beside what the handler gives. EventBridge keeps no order.

    The role of the function needs ``events:PutEvents`` on the bus.

    Args:
        bus: The name or the ARN of the bus.
        source: The source of the events, such as the name of the application.
        client: A boto3 client, or :class:`MemoryEvents`.

    Raises:
        RegistrationError: boto3 is not installed.

    Example:
        >>> from router import Event, Insert, Record
        >>> from router.effects import MemoryEvents
        >>> bus = EventBridge("shop", source="shop", client=(events := MemoryEvents()))
        >>> change = Insert({"pk": "ORDER#1"}, Record({"eventID": "e1"}, {}, Event.INSERT))
        >>> bus.publish(change, "OrderPlaced", {"order_id": "1"})
        >>> [(event.id, event.detail) for event in events.published]
        [('e1/OrderPlaced', {'order_id': '1'})]
    """

    # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html: less than 1 MB
    most_bytes = 1_048_575
    _service, _action = "events", "PutEvents"

    def __init__(self, bus: str, *, source: str, client: Any = None) -> None:
        super().__init__(bus, client)
        self.source = source

    def _entry(self, event: DomainEvent) -> tuple[dict[str, Any], int]:
        rest = event.detail[1:].lstrip()
        detail = f'{{"{EVENT_ID}":{to_json(event.id).decode()}{"" if rest.startswith("}") else ","}{rest}'
        entry = {"EventBusName": self.target, "Source": self.source, "DetailType": event.name, "Detail": detail}
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
        size = sum(len(text.encode()) for text in (self.source, event.name, detail))
        return (entry, size) if event.at is None else ({**entry, "Time": event.at}, size + _TIME_BYTES)

    def send(self, payloads: Sequence[Any]) -> Sequence[Exception | None]:
        """Put events in one request."""
        response = self._requests.make("put_events", Entries=payloads)
        return self._refusals(response["Entries"])
