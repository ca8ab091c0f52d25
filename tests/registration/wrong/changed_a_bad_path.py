from pydantic import BaseModel

from router import Modify, Routes, changed


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_modify(Order, changed("lines[].total"))
def ship(change: Modify[Order]) -> None:
    print(change.new.status)
