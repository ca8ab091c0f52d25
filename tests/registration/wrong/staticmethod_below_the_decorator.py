from pydantic import BaseModel

from router import Modify, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


class Handlers:
    @routes.on_insert(Order)
    @staticmethod
    def place(change: Modify[Order]) -> None:
        print(change.new.status)
