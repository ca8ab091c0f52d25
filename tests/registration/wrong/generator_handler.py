from collections.abc import Iterator

from pydantic import BaseModel

from router import Insert, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order]) -> Iterator[None]:
    yield
    print(change.new.status)
