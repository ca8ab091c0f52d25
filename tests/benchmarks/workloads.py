"""What the benchmarks dispatch: models, items and events, and the workloads that are made of them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

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
    tags: set[str]
    address: Address


class Order(Item):
    EntityType: Literal["Order"]


class Customer(Item):
    EntityType: Literal["Customer"]


class Product(Item):
    EntityType: Literal["Product"]


class Shipment(Item):
    EntityType: Literal["Shipment"]


Models = dict[str, type[BaseModel]]
ALL: Models = {model.__name__: model for model in (Order, Customer, Product, Shipment)}


@dataclass(frozen=True)
class Workload:
    """An event, and what of it is routed.

    Args:
        name: What the table calls it.
        event_name: What happened to each item.
        images: The images that each record has, and each handler asks for.
        routed: The entities that have a handler. Every event holds all four in equal parts.
    """

    name: str
    event_name: Literal["INSERT", "MODIFY"]
    images: tuple[str, ...]
    routed: tuple[str, ...]

    @property
    def models(self) -> Models:
        return {name: ALL[name] for name in self.routed}

    def routed_records(self, event: dict[str, Any]) -> int:
        """How many records of its event have a handler."""
        entities = [record["dynamodb"]["NewImage"]["EntityType"]["S"] for record in event["Records"]]
        return sum(entity in self.routed for entity in entities)


WORKLOADS = (
    Workload("INSERT", "INSERT", ("NewImage",), tuple(ALL)),
    Workload("MODIFY, both images", "MODIFY", ("NewImage", "OldImage"), tuple(ALL)),
    Workload("INSERT, one of four routed", "INSERT", ("NewImage",), ("Order",)),
)


def image(entity: str, number: int, status: str) -> dict[str, Any]:
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
        "tags": {"SS": ["new", "gift"]},
        "address": {"M": {"street": {"S": f"Long Road {number}"}, "city": {"S": "Bonn"}, "zip": {"S": "53111"}}},
    }


def make_event(workload: Workload, records: int) -> dict[str, Any]:
    """Make the event of a workload, of this many records or a few fewer, so that all entities have equally many."""
    entities = list(ALL) * (records // len(ALL))
    random.Random(0).shuffle(entities)  # noqa: S311 - the same order in every run is what is wanted
    return {"Records": [record(workload, entity, number) for number, entity in enumerate(entities)]}


def record(workload: Workload, entity: str, number: int) -> dict[str, Any]:
    images = {"NewImage": image(entity, number, "PAID"), "OldImage": image(entity, number, "NEW")}
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
