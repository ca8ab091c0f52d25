from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel

from router import Modify, Routes

if TYPE_CHECKING:
    from collections.abc import Awaitable


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order)
def place(change: Modify[Order]) -> Awaitable[None]:
    raise NotImplementedError
