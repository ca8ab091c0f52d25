from pydantic import BaseModel

from router import Depends, Insert, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


def get_bus() -> list[str]:
    return []


@routes.on_insert(Order)
def place(change: Insert[Order], bus: list[str] = Depends(get_bus)) -> None:  # noqa: B008 - it is the mistake
    bus.append(change.new.order_id)
