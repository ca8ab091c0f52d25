from pydantic import BaseModel

from router import Change, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.fallback
def unknown(change: Change[Order]) -> None:
    print(change.keys)
