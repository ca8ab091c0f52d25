from typing import Annotated

from pydantic import BaseModel

from router import Depends, Insert, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


def get_bus(name: str) -> list[str]:
    return [name]


@routes.on_insert(Order)
def place(change: Insert[Order], bus: Annotated[list[str], Depends(get_bus)]) -> None:
    bus.append(change.new.order_id)
