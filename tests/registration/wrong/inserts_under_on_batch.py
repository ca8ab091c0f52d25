from collections.abc import Sequence

from pydantic import BaseModel

from router import Insert, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_batch(Order)
def index(changes: Sequence[Insert[Order]]) -> None:
    print(len(changes))
