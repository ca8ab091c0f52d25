from typing import Annotated

from pydantic import BaseModel

from router import Depends, Insert, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


def get_total(change: Insert[Order]) -> int:
    return len(change.new.order_id)


@routes.on_insert(Order)
def place(change: Insert[Order], total: Annotated[int, Depends(get_total)]) -> None:
    print(total)
