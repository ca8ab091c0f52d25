from pydantic import BaseModel

from router import Modify, Routes, all_of


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_modify(Order, all_of())
def ship(change: Modify[Order]) -> None:
    print(change.new.status)
