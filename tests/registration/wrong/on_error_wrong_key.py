from pydantic import BaseModel

from router import Drop, Insert, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order, on_error={"ValueError": Drop()})
def place(change: Insert[Order]) -> None:
    print(change.new.status)
