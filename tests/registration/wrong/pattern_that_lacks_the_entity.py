from pydantic import BaseModel, Field

from router import Dispatcher, Insert, Routes


class Order(BaseModel):
    order_id: str
    EntityType: str = Field(pattern="^[a-z]+$")


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order]) -> None:
    print(change.new.order_id)


app = Dispatcher(routes)
