from typing import Literal

from pydantic import BaseModel

from router import Dispatcher, Insert, Routes


class Order(BaseModel):
    EntityType: Literal["Order"] = "Order"
    status: str


routes = Routes()


@routes.on_insert(Order, entity="Purchase")
def place(change: Insert[Order]) -> None:
    print(change.new.status)


app = Dispatcher(routes)
