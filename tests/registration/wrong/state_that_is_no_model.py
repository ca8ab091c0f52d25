from pydantic import BaseModel

from router import Routes, Window


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_window(Order, state=dict)
def total(window: Window[Order, dict[str, int]]) -> None:
    print(len(window.changes))
