from typing import Annotated

from pydantic import BaseModel

from router import Depends, Insert, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


def get_client() -> list[str]:
    return []


def get_bus(client: Annotated[list[str], Depends(get_client, scope="invocation")]) -> list[str]:
    return client


@routes.on_insert(Order)
def place(change: Insert[Order], bus: Annotated[list[str], Depends(get_bus, scope="cold_start")]) -> None:
    bus.append(change.new.order_id)
