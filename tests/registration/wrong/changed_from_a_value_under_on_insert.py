from typing import Literal

from pydantic import BaseModel

from router import Insert, Routes, changed


class Line(BaseModel):
    quantity: int


class Order(BaseModel):
    order_id: str
    status: Literal["PAID", "SHIPPED"]
    lines: list[Line]


routes = Routes()


@routes.on_insert(Order, changed("status", from_="PAID"))
def handle(change: Insert[Order]) -> None:
    print(change.image.status)
