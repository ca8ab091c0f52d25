"""The adapters of the handlers, chosen by environment variables.

``SHOP_TABLE``, ``VIEWS_TABLE`` and ``EVENT_BUS`` name resources on AWS. Without a variable its adapter is in memory. In
Lambda that would lose data and look like success, so it needs ``SHOP_IN_MEMORY=1`` there.

``PARKING_QUEUE`` is the queue for records that can never succeed; without it they are reported as failed.
``POWERTOOLS_METRICS_NAMESPACE`` is the namespace of metrics; without it there are none.
"""

import os
from typing import Annotated

from handlers.ports import Bus, Views, Warehouse
from router import Depends, Metrics, Parking, SqsParking

__all__ = [
    "BusDep",
    "ViewsDep",
    "WarehouseDep",
    "get_bus",
    "get_metrics",
    "get_parking",
    "get_views",
    "get_warehouse",
]


def get_views() -> Views:
    table = _setting("VIEWS_TABLE")
    if table is None:
        from handlers.memory import MemoryViews

        return MemoryViews()
    import boto3

    from handlers.aws import DynamoViews

    return DynamoViews(boto3.client("dynamodb"), table)


def get_warehouse() -> Warehouse:
    shop, views = _setting("SHOP_TABLE"), _setting("VIEWS_TABLE")
    if shop is None or views is None:
        from handlers.memory import MemoryWarehouse

        return MemoryWarehouse()
    import boto3

    from handlers.aws import DynamoWarehouse

    return DynamoWarehouse(boto3.client("dynamodb"), products=shop, markers=views)


def get_bus() -> Bus:
    bus = _setting("EVENT_BUS")
    if bus is None:
        from handlers.memory import MemoryBus

        return MemoryBus()
    import boto3

    from handlers.aws import EventBridgeBus

    return EventBridgeBus(boto3.client("events"), bus)


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
ViewsDep = Annotated[Views, Depends(get_views, scope="cold_start")]
WarehouseDep = Annotated[Warehouse, Depends(get_warehouse, scope="cold_start")]
BusDep = Annotated[Bus, Depends(get_bus, scope="cold_start")]
