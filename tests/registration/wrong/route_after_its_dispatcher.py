from pydantic import BaseModel

from router import Dispatcher, Insert, Modify, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order]) -> None:
    print(change.new.status)


app = Dispatcher(routes)


@routes.on_modify(Order)
def ship(change: Modify[Order]) -> None:
    print(change.new.status)
