from pydantic import BaseModel

from router import Insert, Routes  # noqa: F401 - as below


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order)
def place(change: "Insert[Order") -> None:  # noqa: F722 - it is the mistake
    print(change.new.status)
