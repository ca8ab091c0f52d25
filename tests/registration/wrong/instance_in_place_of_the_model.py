from pydantic import BaseModel

from router import Insert, Routes


class Order(BaseModel):
    order_id: str = ""


routes = Routes()


@routes.on_insert(Order())
def place(change: Insert[Order]) -> None:
    print(change.new.order_id)
