from collections.abc import Sequence

from pydantic import BaseModel

from router import Change, Routes


class Order(BaseModel):
    order_id: str
    status: str


class Totals(BaseModel):
    count: int = 0


routes = Routes()


@routes.on_window(Order, state=Totals)
def total(changes: Sequence[Change[Order]]) -> None:
    print(len(changes))
