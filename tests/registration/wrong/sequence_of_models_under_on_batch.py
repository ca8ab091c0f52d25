from collections.abc import Sequence

from pydantic import BaseModel

from router import Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_batch(Order)
def index(orders: Sequence[Order]) -> None:
    print(len(orders))
