"""An order with its lines: pk ``CUSTOMER#<id>``, sk ``ORDER#<id>``."""

from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, PositiveInt

__all__ = ["Line", "Order", "Status"]

Status = Literal["PLACED", "PAID", "SHIPPED", "CANCELLED"]


class Line(BaseModel):
    sku: str
    quantity: PositiveInt
    price: Decimal


class Order(BaseModel):
    EntityType: Literal["Order"] = "Order"
    order_id: str
    customer_id: str
    status: Status
    total: Decimal
    placed_at: datetime
    lines: list[Line]
    note: str | None = None
    tags: set[str] = set()
    expires_at: int | None = None  # seconds since 1970, until the order is paid: the table's time to live

    @property
    def taken(self) -> Counter[str]:
        """The number of pieces of each product that the order takes."""
        pieces: Counter[str] = Counter()
        if self.status != "CANCELLED":
            for line in self.lines:
                pieces[line.sku] += line.quantity
        return pieces
