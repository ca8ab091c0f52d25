from pydantic import BaseModel

from router import Record, Routes, Window


class Order(BaseModel):
    order_id: str
    status: str


class Totals(BaseModel):
    count: int = 0


routes = Routes()


@routes.on_window(Order, state=Totals)
def total(window: Window[Order, Totals], record: Record) -> None:
    print(len(window.changes))
