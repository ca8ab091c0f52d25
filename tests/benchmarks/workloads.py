"""The workloads of the benchmarks: models, items and events."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, create_model

__all__ = ["GROUPS", "Models", "Workload", "event_text", "make_event"]

Models = Mapping[str, type[BaseModel]]
"""Models by the entity that they stand for."""
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


ENTITIES = ("Order", "Customer", "Product", "Shipment")


def models_of(base: type[BaseModel], entities: tuple[str, ...] = ENTITIES) -> Models:
    """One model for each entity, with the entity as its ``Literal``."""
    return {
        entity: create_model(f"{entity}{base.__name__}", __base__=base, EntityType=(Literal[entity], ...))
        for entity in entities
    }


# ------------------------------------------------------------------------------------------------------------- items


def flat(entity: str, number: int, status: str) -> Image:
    return {**item(entity, number, status), "city": {"S": "Bonn"}, "zip": {"S": "53111"}}


def item(entity: str, number: int, status: str) -> Image:
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
    }


def nested(entity: str, number: int, status: str) -> Image:
    address = {"street": {"S": f"Long Road {number}"}, "city": {"S": "Bonn"}, "zip": {"S": "53111"}}
    return {**item(entity, number, status), "tags": {"SS": ["new", "gift"]}, "address": {"M": address}}


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
        "placed_at": {"S": f"2026-11-{lot.randrange(10, 30)}T{lot.randrange(10, 24)}:30:{lot.randrange(10, 60)}Z"},
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
            {"M": {"sku": {"S": f"SKU-{each:08}"}, "quantity": {"N": str(each % 9 + 1)}, "price": {"N": "19.95"}}}
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


# --------------------------------------------------------------------------------------------------------- workloads


@dataclass(frozen=True, kw_only=True, eq=False)  # hashed by identity: models are in a dict
class Workload:
    """An event, and the routes for it.

    Args:
        key: The name on the command line and in the figures.
        name: The name in tables.
        models: The models of the entities that have a handler.
        item: Makes an image of an entity's item, by number and status.
        entities: The entities in the event, in equal parts.
        event_name: The event of each record. A modification has both images.
        records: The number of records.
        conditions: The number of conditional handlers of each entity, each for another status; 0: one without condition.
        valid: Whether the models accept the items; if not, every record fails.
    """

    key: str
    name: str
    models: Models
    item: Callable[[str, int, str], Image]
    entities: tuple[str, ...] = ENTITIES
    event_name: Literal["INSERT", "MODIFY"] = "INSERT"
    records: int = 1000
    conditions: int = 0
    valid: bool = True

    @property
    def images(self) -> tuple[str, ...]:
        """The images that each record has and each handler needs."""
        return ("NewImage",) if self.event_name == "INSERT" else ("NewImage", "OldImage")

    @property
    def statuses(self) -> tuple[str, ...]:
        """The statuses of the conditional handlers."""
        return tuple(f"STAGE-{number}" for number in range(self.conditions))

    def status(self, number: int) -> str:
        """The status of an item after the change."""
        return self.statuses[number % self.conditions] if self.conditions else "PAID"


def insert() -> tuple[Workload, ...]:
    return (Workload(key="insert", name="INSERT", models=models_of(Flat), item=flat),)


def insert_nested() -> tuple[Workload, ...]:
    return (Workload(key="nested", name="INSERT, nested items", models=models_of(Nested), item=nested),)


def insert_realistic() -> tuple[Workload, ...]:
    models = models_of(Realistic)
    return (
        Workload(key="realistic-100", name="realistic items, 100 records", models=models, item=realistic, records=100),
        Workload(key="realistic", name="realistic items, 1,000 records", models=models, item=realistic),
    )


def modify() -> tuple[Workload, ...]:
    models = models_of(Flat)
    return (Workload(key="modify", name="MODIFY, both images", models=models, item=flat, event_name="MODIFY"),)


def one_of_four() -> tuple[Workload, ...]:
    models = models_of(Flat, ("Order",))
    return (Workload(key="one-of-four", name="one of four entities routed", models=models, item=flat),)


def three_of_thirty() -> tuple[Workload, ...]:
    return (Workload(key="3-of-30", name="3 of 30 attributes", models=models_of(Narrow), item=wide),)


def large_items() -> tuple[Workload, ...]:
    models = models_of(Large)
    return (
        Workload(key="4kb", name="items of 4 KB", models=models, item=large(4_096), records=300),
        Workload(key="100kb", name="items of 100 KB", models=models, item=large(102_400), records=20),
    )


def failing() -> tuple[Workload, ...]:
    models = models_of(Flat)
    return (Workload(key="invalid", name="every record fails validation", models=models, item=invalid, valid=False),)


def ten_thousand() -> tuple[Workload, ...]:
    models = {"SampleModel": SampleModel}
    return (
        Workload(
            key="10000",
            name="10,000 records in an event",
            models=models,
            item=sample,
            entities=("SampleModel",),
            records=10_000,
        ),
    )


def many_entities() -> tuple[Workload, ...]:
    """A thousand models are so far apart in memory that every validator is slower, the floor's too: compare the fourth."""
    entities = tuple(f"Entity{number:04}" for number in range(1000))
    models = models_of(Small, entities)
    return (
        *(of_entities(entities[:count], {name: models[name] for name in entities[:count]}) for count in (4, 100, 1000)),
        Workload(
            key="4-of-1000", name="1,000 entities, records of 4", models=models, item=small, entities=entities[:4]
        ),
    )


def of_entities(entities: tuple[str, ...], models: Models) -> Workload:
    count = len(entities)
    return Workload(key=f"{count}-entities", name=f"{count:,} entities", models=models, item=small, entities=entities)


def many_conditions() -> tuple[Workload, ...]:
    models = models_of(Staged, ("Order",))
    return tuple(
        Workload(
            key=f"{count}-conditions",
            name=f"{count} condition{'s' if count > 1 else ''} on an entity",
            models=models,
            item=item,
            entities=("Order",),
            event_name="MODIFY",
            conditions=count,
        )
        for count in (1, 10, 100)
    )


def rust_sample() -> tuple[Workload, ...]:
    models = {"SampleModel": SampleModel}
    return (
        Workload(key="sample", name="the Rust sample's work", models=models, item=sample, entities=("SampleModel",)),
    )


GROUPS: dict[str, Callable[[], tuple[Workload, ...]]] = {
    "sample": rust_sample,
    "insert": insert,
    "nested": insert_nested,
    "realistic": insert_realistic,
    "modify": modify,
    "one-of-four": one_of_four,
    "3-of-30": three_of_thirty,
    "large": large_items,
    "invalid": failing,
    "10000": ten_thousand,
    "conditions": many_conditions,
    "entities": many_entities,
}
"""Workloads by group. Those of one group are measured in the same rounds, so that they can be held against each other.

Rust's sample comes first: its yardstick is another program, whose memory no workload before it has left in pieces. Nor has
any in Lambda, where a process knows one table. A thousand entities leave most behind, and come last.
"""

# ------------------------------------------------------------------------------------------------------------ events


def event_text(workload: Workload, records: int | None = None) -> str:
    """The JSON of a workload's event, as Lambda sends it.

    Args:
        workload: The workload.
        records: About how many records it has: all entities have equally many.
    """
    share = (records or workload.records) // len(workload.entities)
    entities = list(workload.entities) * max(share, 1)
    random.Random(0).shuffle(entities)  # noqa: S311 - the order is the same in every run on purpose
    event = {"Records": [record(workload, entity, number) for number, entity in enumerate(entities)]}
    return json.dumps(event, separators=(",", ":"))


def make_event(workload: Workload, records: int | None = None) -> dict[str, Any]:
    """The event as Lambda's runtime client returns it: every object and every text is a separate one."""
    event: dict[str, Any] = json.loads(event_text(workload, records))
    return event


def record(workload: Workload, entity: str, number: int) -> dict[str, Any]:
    new, old = workload.item(entity, number, workload.status(number)), workload.item(entity, number, "NEW")
    images = {"NewImage": new, "OldImage": old}
    keys = [name for name in ("pk", "sk", "Id") if name in new]
    return {
        "eventID": f"{number:032x}",
        "eventName": workload.event_name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1795418340.0,
            "Keys": {name: new[name] for name in keys},
            **{name: images[name] for name in workload.images},
            "SequenceNumber": str(10**20 + number),
            "SizeBytes": 400,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/Shop/stream/2026-11-23T07:19:59.898",
    }
