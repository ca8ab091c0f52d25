from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel

from router import Insert, Routes

if TYPE_CHECKING:
    from decimal import Decimal


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order], least: Decimal) -> None:
    print(change.new.status, least)
