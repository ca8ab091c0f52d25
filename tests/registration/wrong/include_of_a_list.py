from pydantic import BaseModel

from router import Insert, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order]) -> None:
    print(change.new.status)


routes.include([place])  # type: ignore[arg-type]  # it is the mistake
