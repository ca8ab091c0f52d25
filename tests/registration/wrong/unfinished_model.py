from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel

from router import Dispatcher, Insert, Routes

if TYPE_CHECKING:
    from decimal import Decimal


class Order(BaseModel):
    total: Decimal


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order]) -> None:
    print(change.new.total)


app = Dispatcher(routes)
