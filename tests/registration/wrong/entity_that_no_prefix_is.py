from pydantic import BaseModel

from router import Dispatcher, Insert, Routes, discriminators


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order, entity="ORDER#V1")
def place(change: Insert[Order]) -> None:
    print(change.new.order_id)


app = Dispatcher(routes, discriminator=discriminators.prefix("pk"))
