from pydantic import BaseModel

from router import Insert, Record, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order], record: Record, /) -> None:
    print(record.event_id, change.new.status)
