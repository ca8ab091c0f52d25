from pydantic import BaseModel

from router import Insert, Retry, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order, on_error=Retry(park_after=-1))
def place(change: Insert[Order]) -> None:
    print(change.new.status)
