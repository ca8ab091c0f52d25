from typing import Annotated

from pydantic import BaseModel

from router import Depends, Insert, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order], bus: Annotated[list[str], Depends]) -> None:
    bus.append(change.new.order_id)
