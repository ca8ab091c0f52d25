from pydantic import BaseModel

from router import Routes, Window


class Order(BaseModel):
    order_id: str
    status: str


class Totals(BaseModel):
    count: int = 0


routes = Routes()


@routes.on_window(Order, state=Totals, backfill=False)
def total(window: Window[Order, Totals]) -> None:
    window.state.count += len(window.changes)
