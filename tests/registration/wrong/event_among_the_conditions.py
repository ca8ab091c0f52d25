from pydantic import BaseModel

from router import Event, Insert, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order, Event.INSERT)
def place(change: Insert[Order]) -> None:
    print(change.new.status)
