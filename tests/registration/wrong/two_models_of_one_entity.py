from typing import Literal

from pydantic import BaseModel

from router import Dispatcher, Insert, Modify, Routes


class Order(BaseModel):
    EntityType: Literal["Order"] = "Order"
    status: str


class OrderSummary(BaseModel):
    EntityType: Literal["Order"] = "Order"
    order_id: str


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order]) -> None:
    print(change.new.status)


@routes.on_modify(OrderSummary)
def ship(change: Modify[OrderSummary]) -> None:
    print(change.new.order_id)


app = Dispatcher(routes)
