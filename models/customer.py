"""A customer: pk ``CUSTOMER#<id>``, sk ``PROFILE``."""

from datetime import date
from typing import Literal

from pydantic import BaseModel

__all__ = ["Customer", "Tier"]

Tier = Literal["BASIC", "GOLD"]


class Customer(BaseModel):
    EntityType: Literal["Customer"] = "Customer"
    customer_id: str
    name: str
    email: str
    tier: Tier
    joined: date
