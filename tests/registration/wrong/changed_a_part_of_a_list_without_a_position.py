from typing import Literal

from pydantic import BaseModel

from router import Modify, Routes, changed


class Line(BaseModel):
    quantity: int


class Order(BaseModel):
    order_id: str
    status: Literal["PAID", "SHIPPED"]
    lines: list[Line]


routes = Routes()


@routes.on_modify(Order, changed("lines.quantity"))
def handle(change: Modify[Order]) -> None:
    print(change.image.status)
