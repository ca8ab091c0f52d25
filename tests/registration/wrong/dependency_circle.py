from typing import Annotated, Any

from pydantic import BaseModel

from router import Depends, Insert, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


def get_client(bus: "Annotated[Any, Depends(get_bus)]") -> Any:
    return bus


def get_bus(client: Annotated[Any, Depends(get_client)]) -> Any:
    return client


@routes.on_insert(Order)
def place(change: Insert[Order], bus: Annotated[Any, Depends(get_bus)]) -> None:
    bus.append(change.new.order_id)
