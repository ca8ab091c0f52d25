from pydantic import BaseModel

from router import Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order)
class Place:
    def __call__(self, change):
        print(change.new.status)
