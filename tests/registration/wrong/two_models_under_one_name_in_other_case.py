from typing import Literal

from pydantic import BaseModel

from router import Dispatcher, Insert, Remove, Routes, discriminators


class Order(BaseModel):
    kind: Literal["order"] = "order"
    status: str


class OrderArchive(BaseModel):
    kind: Literal["Order"] = "Order"
    order_id: str


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order]) -> None:
    print(change.new.status)


@routes.on_remove(OrderArchive)
def forget(change: Remove[OrderArchive]) -> None:
    print(change.old.order_id)


app = Dispatcher(routes, discriminator=discriminators.folded("kind"))
