"""The example application in memory, and records of changes in its table."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from handlers import customers, messages, orders, products
from handlers.stock import Stock
from handlers.wiring import get_bus, get_pages, get_stock
from router import Dispatcher
from router.effects import GONE, EventBridge, MemoryEvents, MemoryTables, Once, View
from tests.events.stories import Item, keys, wire

EVENTS = Path(__file__).parents[1] / "events"

_NOT_SHOWN = ("pk", "sk", "routerVersion", "routerChangedAt")

_numbers = itertools.count(1000)


class Shop:
    """The handlers with tables and events in memory; `container()` is a Lambda container that has just started.

    Args:
        tables: A client of the tables.
        events: A client of EventBridge.
        stock: The pieces of each product that exists. Without it the table has no products, and none is missed.
    """

    def __init__(
        self, tables: Any = None, events: MemoryEvents | None = None, stock: Mapping[str, int] | None = None
    ) -> None:
        self.tables: Any = tables or MemoryTables()
        self.events = events or MemoryEvents()
        self.bus = EventBridge("shop", source="shop", client=self.events)
        self.pages = View("Views", client=self.tables)
        self.stock = Stock(Once("Views", client=self.tables), "Shop", knows_products=stock is not None)
        for sku, count in (stock or {}).items():
            self.tables.put("Shop", {"pk": f"PRODUCT#{sku}", "sk": "PRODUCT", "stock": count})

    def container(self) -> Dispatcher:
        app = Dispatcher(customers.routes, orders.routes, products.routes, messages.routes)
        app.overrides.update(self.overrides)
        return app

    @property
    def overrides(self) -> dict[Callable[..., Any], Callable[..., Any]]:
        """The factories of what is in memory."""
        return {get_pages: lambda: self.pages, get_stock: lambda: self.stock, get_bus: lambda: self.bus}

    def deliver(self, *records: dict[str, Any]) -> dict[str, Any]:
        """Invoke the app in a new container, which has no memory of earlier deliveries."""
        return self.container()({"Records": list(records)})

    def page(self, pk: str) -> dict[str, Item]:
        """The parts of a page, as its reader sees them."""
        items = [item for item in self.tables.items("Views") if item["pk"] == pk and GONE not in item]
        return {item["sk"]: {name: item[name] for name in item if name not in _NOT_SHOWN} for item in items}

    @property
    def pieces(self) -> dict[str, int]:
        """The stock of each product, by SKU."""
        return {item["pk"].removeprefix("PRODUCT#"): int(item["stock"]) for item in self.tables.items("Shop")}

    @property
    def published(self) -> list[str]:
        """The names of the events on the bus, in order, without repeated ones."""
        return [event.name for event in self.events.once.values()]

    @property
    def state(self) -> tuple[Any, ...]:
        """All effects of the handlers."""
        pages = {page: self.page(page) for page in ("CATALOGUE", "CUSTOMER#42", "CUSTOMER#43", "CUSTOMER#44")}
        return pages, self.pieces, self.events.once


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
