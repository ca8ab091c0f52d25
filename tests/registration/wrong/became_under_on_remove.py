from typing import Literal

from pydantic import BaseModel

from router import Remove, Routes, became


class Line(BaseModel):
    quantity: int


class Order(BaseModel):
    order_id: str
    status: Literal["PAID", "SHIPPED"]
    lines: list[Line]


routes = Routes()


@routes.on_remove(Order, became("status", "SHIPPED"))
def handle(change: Remove[Order]) -> None:
    print(change.image.status)
