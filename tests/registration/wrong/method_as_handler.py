from pydantic import BaseModel

from router import Insert, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


class Handlers:
    @routes.on_insert(Order)
    def place(self, change: Insert[Order]) -> None:
        print(change.new.status)
