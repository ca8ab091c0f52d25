from typing import Literal

from pydantic import BaseModel

from router import Dispatcher, Insert, Routes


class Order(BaseModel):
    order_id: str
    entity_type: Literal["Purchase"] = "Purchase"


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order]) -> None:
    print(change.new.order_id)


app = Dispatcher(routes)
