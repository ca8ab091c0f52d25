from pydantic import BaseModel, Field

from router import Dispatcher, Insert, Routes


class Order(BaseModel):
    order_id: str
    kind: str = Field("Purchase", serialization_alias="EntityType")


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order]) -> None:
    print(change.new.order_id)


app = Dispatcher(routes)
