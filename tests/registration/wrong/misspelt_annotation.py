from pydantic import BaseModel

from router import Insert, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order)
def place(change: "Insert[Oder]") -> None:  # noqa: F821 - it is the mistake
    print(change.new.status)
