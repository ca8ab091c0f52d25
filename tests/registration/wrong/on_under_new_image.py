from pydantic import BaseModel

from router import Change, Dispatcher, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on(Order)
def audit(change: Change[Order]) -> None:
    print(change.image.status)


app = Dispatcher(routes, view="NEW_IMAGE")
