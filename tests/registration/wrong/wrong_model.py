from pydantic import BaseModel

from router import Insert, Routes


class Customer(BaseModel):
    name: str


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Customer]) -> None:
    print(change.new.name)
