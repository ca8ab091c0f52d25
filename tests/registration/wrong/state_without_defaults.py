from pydantic import BaseModel

from router import Routes, Window


class Order(BaseModel):
    order_id: str
    status: str


class Totals(BaseModel):
    count: int


routes = Routes()


@routes.on_window(Order, state=Totals)
def total(window: Window[Order, Totals]) -> None:
    print(len(window.changes))
