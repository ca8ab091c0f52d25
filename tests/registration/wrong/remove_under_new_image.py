from pydantic import BaseModel

from router import Dispatcher, Remove, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_remove(Order)
def expire(change: Remove[Order]) -> None:
    print(change.old.status)


app = Dispatcher(routes, view="NEW_IMAGE")
