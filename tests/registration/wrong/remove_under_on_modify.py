from pydantic import BaseModel

from router import Remove, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_modify(Order)
def ship(change: Remove[Order]) -> None:
    print(change.old.status)
