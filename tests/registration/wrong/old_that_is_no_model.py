from pydantic import BaseModel

from router import Modify, Routes


class OrderV1:
    order_id: str


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_modify(Order, old=OrderV1)
def ship(change: Modify[Order, OrderV1]) -> None:
    print(change.new.status)
