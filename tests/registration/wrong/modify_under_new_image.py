from pydantic import BaseModel

from router import Dispatcher, Modify, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_modify(Order)
def ship(change: Modify[Order]) -> None:
    print(change.new.status)


app = Dispatcher(routes, view="NEW_IMAGE")
