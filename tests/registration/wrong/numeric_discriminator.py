from typing import Literal

from pydantic import BaseModel

from router import Dispatcher, Insert, Routes


class Order(BaseModel):
    order_id: str
    EntityType: Literal[1] = 1


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order]) -> None:
    print(change.new.order_id)


app = Dispatcher(routes)
