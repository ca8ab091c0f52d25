from pydantic import BaseModel

from router import Change, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on(Order, "INSERT")
def audit(change: Change[Order]) -> None:
    print(change.image.status)
