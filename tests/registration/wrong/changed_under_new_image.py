from pydantic import BaseModel

from router import Change, Dispatcher, Event, Routes, changed


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on(Order, Event.MODIFY, changed("status"))
def audit(change: Change[Order]) -> None:
    print(change.image.status)


app = Dispatcher(routes, view="NEW_IMAGE")
