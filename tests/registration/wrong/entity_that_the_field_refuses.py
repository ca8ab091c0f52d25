from pydantic import BaseModel, Field

from router import Dispatcher, Insert, Routes


class Order(BaseModel):
    order_id: str
    EntityType: str = Field(max_length=3)


routes = Routes()


@routes.on_insert(Order, entity=("ORD", "Purchase"))
def place(change: Insert[Order]) -> None:
    print(change.new.order_id)


app = Dispatcher(routes)
