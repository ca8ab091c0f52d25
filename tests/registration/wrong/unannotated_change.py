from pydantic import BaseModel

from router import Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order)
def place(change):
    print(change.new.status)
