"""The example application with adapters in memory, and records of changes in its table."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from handlers import customers, messages, orders, products
from handlers.memory import MemoryBus, MemoryViews, MemoryWarehouse
from handlers.ports import DomainEvent
from handlers.wiring import get_bus, get_views, get_warehouse
from router import Dispatcher
from tests.events.stories import Item, keys, wire

EVENTS = Path(__file__).parents[1] / "events"

_numbers = itertools.count(1000)


class Shop:
    """The handlers with views, stock and bus in memory; `container()` is a Lambda container that has just started."""

    def __init__(
        self, views: Any = None, warehouse: Any = None, bus: Any = None, stock: dict[str, int] | None = None
    ) -> None:
        self.views: Any = views or MemoryViews()
        self.warehouse: Any = warehouse or MemoryWarehouse(stock)
        self.bus: Any = bus or MemoryBus()

    def container(self) -> Dispatcher:
        app = Dispatcher(customers.routes, orders.routes, products.routes, messages.routes)
        app.overrides.update(self.overrides)
        return app

    @property
    def overrides(self) -> dict[Callable[..., Any], Callable[..., Any]]:
        """The factories of the adapters in memory."""
        return {get_views: lambda: self.views, get_warehouse: lambda: self.warehouse, get_bus: lambda: self.bus}

    def deliver(self, *records: dict[str, Any]) -> dict[str, Any]:
        """Invoke the app in a new container, which has no memory of earlier deliveries."""
        return self.container()({"Records": list(records)})

    @property
    def published(self) -> list[str]:
        """The names of the events on the bus, in order."""
        events: dict[str, DomainEvent] = self.bus.events
        return [event.name for event in events.values()]

    @property
    def state(self) -> tuple[Any, ...]:
        """All effects of the handlers."""
        pages = {page: self.views.page(page) for page in ("CATALOGUE", "CUSTOMER#42", "CUSTOMER#43", "CUSTOMER#44")}
        return pages, dict(self.warehouse.stock), self.bus.events


def change(old: Item | None, new: Item | None, *, expired: bool = False) -> dict[str, Any]:
    """The record of a change as Lambda delivers it; each has a higher sequence number than the one before."""
    number = next(_numbers)
    body: dict[str, Any] = {
        "ApproximateCreationDateTime": 1_760_000_000,
        "Keys": wire(keys(old or new or {})),
        "SequenceNumber": str(number),
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    body |= {"OldImage": wire(old)} if old else {}
    body |= {"NewImage": wire(new)} if new else {}
    record: dict[str, Any] = {
        "eventID": f"event-{number}",
        "eventName": "INSERT" if old is None else "REMOVE" if new is None else "MODIFY",
        "eventSource": "aws:dynamodb",
        "dynamodb": body,
    }
    service = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    return record | {"userIdentity": service} if expired else record


def recorded(name: str) -> list[dict[str, Any]]:
    """The records of a recorded event."""
    event: dict[str, list[dict[str, Any]]] = json.loads(EVENTS.joinpath(f"{name}.json").read_text(encoding="utf-8"))
    return event["Records"]
