from pydantic import BaseModel

from router import Dispatcher, Insert, Modify, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order]) -> None:
    print(change.new.status)


shop = Routes()
shop.include(routes)
app = Dispatcher(shop)


@routes.on_modify(Order)
def ship(change: Modify[Order]) -> None:
    print(change.new.status)
