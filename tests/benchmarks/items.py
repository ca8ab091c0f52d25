"""The items of the benchmarks, and their models."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

__all__ = [
    "Flat",
    "Image",
    "Large",
    "Narrow",
    "Nested",
    "Realistic",
    "SampleModel",
    "Small",
    "Staged",
    "flat",
    "invalid",
    "item",
    "large",
    "nested",
    "realistic",
    "sample",
    "small",
    "wide",
]

Image = dict[str, Any]

# ------------------------------------------------------------------------------------------------------------ models


class Address(BaseModel):
    street: str
    city: str
    zip: str


class Line(BaseModel):
    sku: str
    quantity: int
    price: Decimal


class Item(BaseModel):
    pk: str
    sk: str
    id: str
    name: str
    status: Literal["NEW", "PAID", "SHIPPED"]
    total: Decimal
    quantity: int
    changed_at: datetime
    active: bool


class Flat(Item):
    """Twelve attributes with EntityType, all of them scalars, like most items of a table."""

    city: str
    zip: str


class Nested(Item):
    """Twelve attributes with EntityType, two of which contain five more values."""

    tags: set[str]
    address: Address


class Large(Item):
    """Half of an item's bytes are a text, the other half are lines of three values each."""

    note: str
    lines: list[Line]


class Stage(StrEnum):
    NEW = "NEW"
    PAID = "PAID"
    SHIPPED = "SHIPPED"


class Card(BaseModel):
    kind: Literal["card"]
    network: str
    last_four: str


class Invoice(BaseModel):
    kind: Literal["invoice"]
    days: int


class Realistic(BaseModel):
    """Thirteen attributes with EntityType, as real items have them: a time, a map, models, a set, a null, a union."""

    pk: str
    sk: str
    order_id: str
    placed_at: datetime
    status: Stage
    total: Decimal
    tax: Decimal
    note: str | None
    tags: set[str]
    labels: dict[str, str]
    lines: list[Line]
    payment: Annotated[Card | Invoice, Field(discriminator="kind")]


class Narrow(BaseModel):
    """Three of an item's thirty attributes."""

    id: str
    status: Literal["NEW", "PAID", "SHIPPED"]
    total: Decimal


class Staged(Item):
    """A status with as many values as the workload has conditions."""

    status: str  # type: ignore[assignment]  # wider than the base class's on purpose


class Small(BaseModel):
    """Six attributes, so that a thousand such models are made quickly."""

    pk: str
    sk: str
    name: str
    quantity: int
    active: bool


class SampleModel(BaseModel):
    """The model of the Rust sample, each field with a default."""

    Id: int = 0
    Message: str = ""
    EntityType: str = ""


# ------------------------------------------------------------------------------------------------------------- items


def flat(entity: str, number: int, status: str) -> Image:
    return {**item(entity, number, status), "city": {"S": f"City {number}"}, "zip": {"S": f"{number:05}"}}


def item(entity: str, number: int, status: str) -> Image:
    return {
        "pk": {"S": f"{entity.upper()}#{number}"},
        "sk": {"S": "A"},
        "EntityType": {"S": entity},
        "id": {"S": f"{number:08}"},
        "name": {"S": f"{entity} number {number}"},
        "status": {"S": status},
        "total": {"N": f"{number}.95"},
        "quantity": {"N": str(number * 7)},
        "changed_at": {"S": time_of(number)},
        "active": {"BOOL": number % 2 == 0},
    }


def time_of(number: int) -> str:
    """A time that the items of an event do not share."""
    return f"2026-11-{number // 1440 % 20 + 10}T{number // 60 % 24:02}:{number % 60:02}:{number % 50 + 10}Z"


def nested(entity: str, number: int, status: str) -> Image:
    address = {"street": {"S": f"Long Road {number}"}, "city": {"S": f"City {number}"}, "zip": {"S": f"{number:05}"}}
    tags = [f"new {number}", f"gift {number}"]
    return {**item(entity, number, status), "tags": {"SS": tags}, "address": {"M": address}}


def realistic(entity: str, number: int, status: str) -> Image:
    """An item whose texts and numbers no other item has."""
    lot = random.Random(f"{entity} {number}")  # noqa: S311 - the items are the same in every run on purpose

    def text(length: int = 12) -> str:
        return "".join(lot.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=length))

    def amount() -> str:
        return f"{lot.randrange(10_000)}.{lot.randrange(1, 10)}{lot.randrange(1, 10)}"

    def line() -> Image:
        return {"sku": {"S": text()}, "quantity": {"N": str(lot.randrange(1, 100))}, "price": {"N": amount()}}

    card = {"kind": {"S": "card"}, "network": {"S": text(6)}, "last_four": {"S": text(4)}}
    invoice = {"kind": {"S": "invoice"}, "days": {"N": str(lot.randrange(10, 60))}}
    return {
        "pk": {"S": f"CUSTOMER#{text()}"},
        "sk": {"S": f"{entity.upper()}#{number:08}"},
        "EntityType": {"S": entity},
        "order_id": {"S": text()},
        "placed_at": {"S": time_of(number)},
        "status": {"S": status},
        "total": {"N": amount()},
        "tax": {"N": amount()},
        "note": {"NULL": True},
        "tags": {"SS": [text(6), text(8)]},
        "labels": {"M": {"channel": {"S": text(8)}, "campaign": {"S": text()}}},
        "lines": {"L": [{"M": line()}, {"M": line()}]},
        "payment": {"M": card if number % 2 else invoice},
    }


def wide(entity: str, number: int, status: str) -> Image:
    """Thirty attributes: eighteen scalars in addition to those of a flat item."""
    more = {f"text_{each}": {"S": f"text {each} of {number}"} for each in range(9)}
    return {**flat(entity, number, status), **more, **{f"count_{each}": {"N": str(each)} for each in range(9)}}


def large(bytes_each: int) -> Callable[[str, int, str], Image]:
    """Items of a number of bytes, as DynamoDB counts them: names and values."""
    line_bytes = 36

    def make(entity: str, number: int, status: str) -> Image:
        half = bytes_each // 2
        lines = [
            {
                "M": {
                    "sku": {"S": f"SKU-{number * 10_000 + each:08}"},
                    "quantity": {"N": str(each % 9 + 1)},
                    "price": {"N": "19.95"},
                }
            }
            for each in range(half // line_bytes)
        ]
        return {**item(entity, number, status), "note": {"S": "n" * (half - 150)}, "lines": {"L": lines}}

    return make


def invalid(entity: str, number: int, status: str) -> Image:
    """A flat item with an attribute that its model refuses."""
    return {**flat(entity, number, status), "quantity": {"S": "many"}}


def small(entity: str, number: int, status: str) -> Image:
    return {
        "pk": {"S": f"{entity.upper()}#{number}"},
        "sk": {"S": "A"},
        "EntityType": {"S": entity},
        "name": {"S": f"{entity} number {number}"},
        "quantity": {"N": str(number % 10)},
        "active": {"BOOL": number % 2 == 0},
    }


def sample(entity: str, number: int, status: str) -> Image:
    """An item of the Rust sample, whose text makes a record of 586 bytes."""
    return {"Id": {"N": str(number)}, "Message": {"S": "New item! " * 8 + "Mind"}, "EntityType": {"S": entity}}
