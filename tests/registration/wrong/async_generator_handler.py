from collections.abc import AsyncIterator

from pydantic import BaseModel

from router import Insert, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order)
async def place(change: Insert[Order]) -> AsyncIterator[None]:
    yield
    print(change.new.status)
