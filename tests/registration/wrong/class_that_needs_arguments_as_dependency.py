from typing import Annotated

from pydantic import BaseModel

from router import Depends, Insert, Routes


class Bus:
    def __init__(self, name: str) -> None:
        self.name = name


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order], bus: Annotated[Bus, Depends(Bus)]) -> None:
    print(bus.name)
