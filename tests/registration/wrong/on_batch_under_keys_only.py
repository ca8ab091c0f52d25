from collections.abc import Sequence

from pydantic import BaseModel

from router import Change, Dispatcher, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_batch(Order)
def index(changes: Sequence[Change[Order]]) -> None:
    print(len(changes))


app = Dispatcher(routes, view="KEYS_ONLY")
