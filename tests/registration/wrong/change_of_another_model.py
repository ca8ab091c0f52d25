from pydantic import BaseModel

from router import Change, Routes


class Customer(BaseModel):
    name: str


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on(Order)
def audit(change: Change[Customer]) -> None:
    print(change.image.name)
