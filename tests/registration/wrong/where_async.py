from pydantic import BaseModel

from router import Modify, Routes, where


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


async def shipped(change: Modify[Order]) -> bool:
    return change.new.status == "SHIPPED"


@routes.on_modify(Order, where(shipped))
def ship(change: Modify[Order]) -> None:
    print(change.new.status)
