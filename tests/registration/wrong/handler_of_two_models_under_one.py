from pydantic import BaseModel

from router import Insert, Routes


class Customer(BaseModel):
    name: str


class Product(BaseModel):
    sku: str


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Customer] | Insert[Product]) -> None:
    print(change.new)
