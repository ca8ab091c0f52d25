from typing import Annotated

from pydantic import BaseModel

from router import Depends, Insert, Record, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


def get_bus(record: Record) -> list[str]:
    return [str(record.event_id)]


@routes.on_insert(Order)
def place(change: Insert[Order], bus: Annotated[list[str], Depends(get_bus, scope="cold_start")]) -> None:
    bus.append(change.new.order_id)
