from typing import Literal

from pydantic import BaseModel

from router import Dispatcher, Insert, Routes, discriminators


class Order(BaseModel):
    order_id: str
    _type: Literal["Purchase"] = "Purchase"


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order]) -> None:
    print(change.new.order_id)


app = Dispatcher(routes, discriminator=discriminators.ONETABLE)
