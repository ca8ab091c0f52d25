from pydantic import BaseModel

from router import Change, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_batch(Order)
def index(changes: tuple[Change[Order], ...]) -> None:
    print(len(changes))
