from collections.abc import Sequence

from pydantic import BaseModel

from router import Change, Record, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_batch(Order)
def index(changes: Sequence[Change[Order]], record: Record) -> None:
    print(len(changes), record.event_id)
