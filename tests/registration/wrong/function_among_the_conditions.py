from pydantic import BaseModel

from router import Insert, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


def large(change: Insert[Order]) -> bool:
    return change.new.status == "LARGE"


@routes.on_insert(Order, large)
def place(change: Insert[Order]) -> None:
    print(change.new.status)
