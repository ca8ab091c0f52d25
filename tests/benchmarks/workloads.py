"""What the benchmarks dispatch: models, items and events, and the workloads that are made of them."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, cast

from pydantic import BaseModel

__all__ = ["WORKLOADS", "Models", "Workload", "make_event"]


class Address(BaseModel):
    street: str
    city: str
    zip: str


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
    """With EntityType twelve attributes, all of them scalars, as most items of a table are."""

    city: str
    zip: str


class Order(Flat):
    EntityType: Literal["Order"]


class Customer(Flat):
    EntityType: Literal["Customer"]


class Product(Flat):
    EntityType: Literal["Product"]


class Shipment(Flat):
    EntityType: Literal["Shipment"]


class Nested(Item):
    """With EntityType twelve attributes, two of which hold five more values."""

    tags: set[str]
    address: Address


class OrderNested(Nested):
    EntityType: Literal["Order"]


class CustomerNested(Nested):
    EntityType: Literal["Customer"]


class ProductNested(Nested):
    EntityType: Literal["Product"]


class ShipmentNested(Nested):
    EntityType: Literal["Shipment"]


Models = dict[str, type[BaseModel]]
ENTITIES = ("Order", "Customer", "Product", "Shipment")
FLAT: Models = dict(zip(ENTITIES, (Order, Customer, Product, Shipment), strict=True))
NESTED: Models = dict(zip(ENTITIES, (OrderNested, CustomerNested, ProductNested, ShipmentNested), strict=True))
STATUSES = {"NewImage": "PAID", "OldImage": "NEW"}


@dataclass(frozen=True)
class Workload:
    """An event, and what of it is routed.

    Args:
        name: What the table calls it.
        event_name: What happened to each item.
        images: The images that each record has, and each handler asks for.
        routed: The entities that have a handler. Every event holds all four in equal parts.
        all_models: The models of the four.
    """

    name: str
    event_name: Literal["INSERT", "MODIFY"]
    images: tuple[str, ...]
    routed: tuple[str, ...] = ENTITIES
    all_models: Models = field(default_factory=lambda: FLAT)

    @property
    def models(self) -> Models:
        return {name: self.all_models[name] for name in self.routed}

    def routed_records(self, event: dict[str, Any]) -> int:
        """How many records of its event have a handler."""
        entities = [record["dynamodb"]["NewImage"]["EntityType"]["S"] for record in event["Records"]]
        return sum(entity in self.routed for entity in entities)


WORKLOADS = (
    Workload("INSERT", "INSERT", ("NewImage",)),
    Workload("INSERT, nested items", "INSERT", ("NewImage",), all_models=NESTED),
    Workload("MODIFY, both images", "MODIFY", ("NewImage", "OldImage")),
    Workload("INSERT, one of four routed", "INSERT", ("NewImage",), ("Order",)),
)


def image(workload: Workload, entity: str, number: int, status: str) -> dict[str, Any]:
    street, city, code = {"S": f"Long Road {number}"}, {"S": "Bonn"}, {"S": "53111"}
    nested = {"tags": {"SS": ["new", "gift"]}, "address": {"M": {"street": street, "city": city, "zip": code}}}
    return {
        "pk": {"S": f"{entity.upper()}#{number}"},
        "sk": {"S": "A"},
        "EntityType": {"S": entity},
        "id": {"S": f"{number:08}"},
        "name": {"S": f"{entity} number {number}"},
        "status": {"S": status},
        "total": {"N": f"{number}.95"},
        "quantity": {"N": str(number % 10)},
        "changed_at": {"S": "2026-11-23T07:30:00Z"},
        "active": {"BOOL": number % 2 == 0},
        **(nested if workload.all_models is NESTED else {"city": city, "zip": code}),
    }


def make_event(workload: Workload, records: int) -> dict[str, Any]:
    """Make the event of a workload, of this many records or a few fewer, so that all entities have equally many."""
    entities = list(ENTITIES) * (records // len(ENTITIES))
    random.Random(0).shuffle(entities)  # noqa: S311 - the same order in every run is what is wanted
    event = {"Records": [record(workload, entity, number) for number, entity in enumerate(entities)]}
    # As Lambda's runtime client hands it over: every object and every text is one of its own.
    return cast("dict[str, Any]", json.loads(json.dumps(event)))


def record(workload: Workload, entity: str, number: int) -> dict[str, Any]:
    images = {name: image(workload, entity, number, status) for name, status in STATUSES.items()}
    return {
        "eventID": f"{number:032x}",
        "eventName": workload.event_name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1795418340.0,
            "Keys": {name: images["NewImage"][name] for name in ("pk", "sk")},
            **{name: images[name] for name in workload.images},
            "SequenceNumber": str(10**20 + number),
            "SizeBytes": 400,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/Shop/stream/2026-11-23T07:19:59.898",
    }
