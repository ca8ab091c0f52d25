from pydantic import BaseModel

from router import Insert, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order, backfill="no")
def place(change: Insert[Order]) -> None:
    print(change.new.status)
