from pydantic import BaseModel

from router import Modify, Routes, where


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_modify(Order, where("status == 'SHIPPED'"))
def ship(change: Modify[Order]) -> None:
    print(change.new.status)
