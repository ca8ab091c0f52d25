from collections.abc import Iterator

from pydantic import BaseModel

from router import Modify, Routes, where


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


def paid(change: Modify[Order]) -> Iterator[bool]:
    yield change.new.status == "PAID"


@routes.on_modify(Order, where(paid))  # type: ignore[arg-type]  # it is the mistake
def ship(change: Modify[Order]) -> None:
    print(change.new.status)
