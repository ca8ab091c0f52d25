"""Which adapters the handlers are given, as the environment says.

``SHOP_TABLE``, ``VIEWS_TABLE`` and ``EVENT_BUS`` name what is on AWS. Where one is not set, memory stands in for it,
but not in Lambda, where that would lose everything and look like success: there ``SHOP_IN_MEMORY=1`` has to ask for it.

``PARKING_QUEUE`` is where records are put aside that can never work, and without one they are reported as failed.
``POWERTOOLS_METRICS_NAMESPACE`` is where metrics go, and without one there are none.
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


# Clients are made once per container: making one takes longer than most calls with it.
ViewsDep = Annotated[Views, Depends(get_views, scope="cold_start")]
WarehouseDep = Annotated[Warehouse, Depends(get_warehouse, scope="cold_start")]
BusDep = Annotated[Bus, Depends(get_bus, scope="cold_start")]
