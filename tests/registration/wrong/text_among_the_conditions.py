from pydantic import BaseModel

from router import Modify, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_modify(Order, "status")
def ship(change: Modify[Order]) -> None:
    print(change.new.status)
