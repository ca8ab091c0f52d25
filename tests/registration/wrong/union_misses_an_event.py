from pydantic import BaseModel

from router import Event, Insert, Modify, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on(Order, Event.INSERT | Event.REMOVE)
def audit(change: Insert[Order] | Modify[Order]) -> None:
    print(change.new.status)
