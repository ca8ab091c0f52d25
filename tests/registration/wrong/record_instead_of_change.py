from pydantic import BaseModel

from router import Record, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order)
def place(record: Record) -> None:
    print(record.keys)
