"""What the handlers are given, chosen by environment variables.

``SHOP_TABLE``, ``VIEWS_TABLE`` and ``EVENT_BUS`` name resources on AWS. Without a variable its resource is in memory.
In Lambda that would lose data and look like success, so it needs ``SHOP_IN_MEMORY=1`` there.

``PARKING_QUEUE`` is the queue for records that can never succeed; without it they are reported as failed.
``POWERTOOLS_METRICS_NAMESPACE`` is the namespace of metrics; without it there are none.
"""

import os
from typing import Annotated

from handlers.stock import Stock
from router import Depends, Metrics, Parking, SqsParking
from router.effects import EventBridge, MemoryEvents, MemoryTables, Once, View

__all__ = ["BusDep", "PagesDep", "StockDep", "get_bus", "get_metrics", "get_pages", "get_parking", "get_stock"]


def get_pages() -> View:
    table = _setting("VIEWS_TABLE")
    return View(table) if table else View("Views", client=MemoryTables())


def get_stock() -> Stock:
    # Markers are in the table of views, so that they add no records to the shop's own stream.
    shop, markers = _setting("SHOP_TABLE"), _setting("VIEWS_TABLE")
    if shop and markers:
        return Stock(Once(markers), shop)
    return Stock(Once("Views", client=MemoryTables()), "Shop", knows_products=False)


def get_bus() -> EventBridge:
    bus = _setting("EVENT_BUS")
    return EventBridge(bus or "shop", source="shop", client=None if bus else MemoryEvents())


def get_parking() -> Parking | None:
    queue = os.environ.get("PARKING_QUEUE")
    return SqsParking(queue) if queue else None


def get_metrics() -> Metrics | None:
    namespace = os.environ.get("POWERTOOLS_METRICS_NAMESPACE")
    return Metrics(namespace) if namespace else None


def _setting(name: str) -> str | None:
    value = os.environ.get(name)
    if not value and "AWS_LAMBDA_FUNCTION_NAME" in os.environ and os.environ.get("SHOP_IN_MEMORY") != "1":
        msg = f"{name} is not set, expected a name from template.yaml, or SHOP_IN_MEMORY=1 to do without AWS"
        raise RuntimeError(msg)
    return value or None


# A client is made once per container: that takes longer than most of its calls.
PagesDep = Annotated[View, Depends(get_pages, scope="cold_start")]
StockDep = Annotated[Stock, Depends(get_stock, scope="cold_start")]
BusDep = Annotated[EventBridge, Depends(get_bus, scope="cold_start")]
