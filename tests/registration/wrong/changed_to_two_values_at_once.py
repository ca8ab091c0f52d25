from typing import Literal

from pydantic import BaseModel

from router import Modify, Routes, all_of, changed


class Line(BaseModel):
    quantity: int


class Order(BaseModel):
    order_id: str
    status: Literal["PAID", "SHIPPED"]
    lines: list[Line]


routes = Routes()


@routes.on_modify(Order, all_of(changed("status", to="PAID"), changed("status", to="SHIPPED")))
def handle(change: Modify[Order]) -> None:
    print(change.image.status)
