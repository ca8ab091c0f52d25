from pydantic import BaseModel

from router import Change, Event, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on(Order, Event.INSERT, Event.MODIFY)
def audit(change: Change[Order]) -> None:
    print(change.image.status)
