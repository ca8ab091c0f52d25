"""Orders that are counted on the order itself, which changes it, which counts it."""

import os
from typing import Annotated, Any

from pydantic import BaseModel

from router import Change, Depends, Dispatcher, Insert, Routes

TABLE_NAME = os.environ["TABLE_NAME"]


class Order(BaseModel):
    id: str
    views: int = 0


class Orders:
    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def count(self, order_id: str) -> None:
        self._client.update_item(TableName=self._table, Key={"id": {"S": order_id}}, UpdateExpression="ADD seen :one")


def get_orders() -> Orders:
    import boto3

    return Orders(boto3.client("dynamodb"), TABLE_NAME)


OrdersDep = Annotated[Orders, Depends(get_orders, scope="cold_start")]
routes = Routes()


@routes.on_insert(Order)
def greet(change: Insert[Order]) -> None: ...


@routes.on(Order)
def count(change: Change[Order], orders: OrdersDep) -> None:
    orders.count(change.image.id)


handler = Dispatcher(routes)
