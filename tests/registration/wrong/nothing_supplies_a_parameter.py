from pydantic import BaseModel

from router import Insert, Routes


class Bus:
    def send(self, text: str) -> None:
        print(text)


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order], bus: Bus) -> None:
    bus.send(change.new.order_id)
