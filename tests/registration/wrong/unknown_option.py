from pydantic import BaseModel

from router import Insert, Park, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order, onerror=Park())
def place(change: Insert[Order]) -> None:
    print(change.new.status)
