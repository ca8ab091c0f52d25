from pydantic import BaseModel

from router import Remove, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_remove(Order, cause=1)
def expire(change: Remove[Order]) -> None:
    print(change.old.status)
