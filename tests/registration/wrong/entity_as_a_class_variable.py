from typing import ClassVar

from pydantic import BaseModel

from router import Dispatcher, Insert, Routes


class Order(BaseModel):
    order_id: str
    EntityType: ClassVar[str] = "Purchase"


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order]) -> None:
    print(change.new.order_id)


app = Dispatcher(routes)
