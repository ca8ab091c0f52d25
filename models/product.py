"""A product: pk ``PRODUCT#<sku>``, sk ``PRODUCT``."""

from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel

__all__ = ["Product"]


class Product(BaseModel):
    EntityType: Literal["Product"] = "Product"
    sku: str
    title: str
    price: Decimal
    stock: int  # below zero if more pieces are ordered than exist
    attributes: dict[str, Any] = {}
