"""The workloads of the benchmarks: events, and what is done with their records."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, create_model

from tests.benchmarks.items import (
    Flat,
    Image,
    Large,
    Narrow,
    Realistic,
    SampleModel,
    Small,
    Staged,
    flat,
    invalid,
    item,
    large,
    realistic,
    sample,
    small,
    wide,
)

__all__ = ["GROUPS", "Models", "Workload", "event_text", "workload_of"]

Models = Mapping[str, type[BaseModel]]
"""Models by the entity that they stand for."""

ENTITIES = ("Order", "Customer", "Product", "Shipment")


def models_of(base: type[BaseModel], entities: tuple[str, ...] = ENTITIES) -> Models:
    """One model for each entity, with the entity as its ``Literal``."""
    return {
        entity: create_model(f"{entity}{base.__name__}", __base__=base, EntityType=(Literal[entity], ...))
        for entity in entities
    }


# --------------------------------------------------------------------------------------------------------- workloads


@dataclass(frozen=True, kw_only=True, eq=False)  # hashed by identity: models are in a dict
class Workload:
    """An event, and what is done with its records.

    Args:
        key: The name on the command line and in the figures.
        name: The name in tables.
        models: The models of the entities that have a handler.
        item: Makes an image of an entity's item, by number and status.
        entities: The entities in the event, in equal parts.
        event_name: The event of each record. A modification has both images.
        records: The number of records.
        conditions: The number of conditional handlers of each entity, each for another status; 0: one without condition.
        routes: The number of handlers of each record. Each gets a model that no other handler has.
        handlers: Functions, coroutine functions, or functions of an entity's changes in the event.
        metrics: Whether the records are counted for CloudWatch.
        dependency: Whether the handlers need a client that is made once.
        remembered: Every record with such a number is known as done; 0: none.
        kept: Whether all runs have the same event, which has left the processor's caches; else each run has its own.
        valid: Whether the models accept the items; if not, every record fails.
    """

    key: str
    name: str
    models: Models
    item: Callable[[str, int, str], Image]
    entities: tuple[str, ...] = ENTITIES
    event_name: Literal["INSERT", "MODIFY", "REMOVE"] = "INSERT"
    records: int = 1000
    conditions: int = 0
    routes: int = 1
    handlers: Literal["plain", "async", "batch"] = "plain"
    metrics: bool = False
    dependency: bool = False
    remembered: int = 0
    kept: bool = False
    valid: bool = True

    @property
    def images(self) -> tuple[str, ...]:
        """The images that each record has and each handler needs."""
        return {"INSERT": ("NewImage",), "MODIFY": ("NewImage", "OldImage"), "REMOVE": ("OldImage",)}[self.event_name]

    @property
    def labels(self) -> tuple[str, ...]:
        """The handlers of an entity: by the status that each waits for, else by number."""
        if self.conditions:
            return tuple(f"STAGE-{number}" for number in range(self.conditions))
        return tuple(map(str, range(self.routes)))

    def status(self, number: int) -> str:
        """The status of an item after the change."""
        return self.labels[number % self.conditions] if self.conditions else "PAID"

    @property
    def done(self) -> frozenset[str]:
        """The IDs of the records that are known as done."""
        return frozenset(map(event_id, range(0, self.records, self.remembered))) if self.remembered else frozenset()

    def handled(self, event: dict[str, Any]) -> list[dict[str, Any]]:
        """The records that reach a handler, or would if they were valid."""
        return [
            record
            for record in event["Records"]
            if record["dynamodb"][self.images[0]]["EntityType"]["S"] in self.models
            and record["eventID"] not in self.done
        ]


def rust_sample() -> Iterable[Workload]:
    models = {"SampleModel": SampleModel}
    entities = ("SampleModel",)
    yield Workload(key="sample", name="the Rust sample's work", models=models, item=sample, entities=entities)


def realistic_items() -> Iterable[Workload]:
    models = models_of(Realistic)
    yield Workload(key="realistic", name="realistic items", models=models, item=realistic, records=100)
    yield Workload(key="realistic-1000", name="realistic items, 1,000 records", models=models, item=realistic)


def flat_items() -> Iterable[Workload]:
    models = models_of(Flat)
    yield Workload(key="insert", name="INSERT, one event kept", models=models, item=flat, kept=True)
    yield Workload(key="insert-100", name="INSERT, 100 records", models=models, item=flat, records=100)
    yield Workload(key="modify", name="MODIFY, both images", models=models, item=flat, event_name="MODIFY")
    yield Workload(key="remove", name="REMOVE", models=models, item=flat, event_name="REMOVE")
    yield Workload(key="two-routes", name="two routes for a record", models=models, item=flat, routes=2)
    yield Workload(key="three-routes", name="three routes for a record", models=models, item=flat, routes=3)


def functions() -> Iterable[Workload]:
    """What functions have besides handlers of records, each alone and then all of it."""
    shapes: dict[str, tuple[str, dict[str, Any]]] = {
        "batch": ("on_batch", {"handlers": "batch"}),
        "metrics": ("metrics", {"metrics": True}),
        "dependency": ("a dependency", {"dependency": True}),
        "async": ("async handlers", {"handlers": "async"}),
        "remembered": ("every tenth record is done already", {"remembered": 10}),
        "all": ("metrics, a dependency, async", {"metrics": True, "dependency": True, "handlers": "async"}),
    }
    models = models_of(Realistic)
    for key, (name, options) in shapes.items():
        yield Workload(key=key, name=f"realistic, {name}", models=models, item=realistic, records=100, **options)


def one_of_four() -> Iterable[Workload]:
    models = models_of(Flat, ("Order",))
    yield Workload(key="one-of-four", name="one of four entities routed", models=models, item=flat)


def three_of_thirty() -> Iterable[Workload]:
    yield Workload(key="3-of-30", name="3 of 30 attributes", models=models_of(Narrow), item=wide)


def large_items() -> Iterable[Workload]:
    yield Workload(key="4kb", name="items of 4 KB", models=models_of(Large), item=large(4_096), records=300)


def failing() -> Iterable[Workload]:
    models = models_of(Flat)
    yield Workload(key="invalid", name="every record fails validation", models=models, item=invalid, valid=False)


def ten_thousand() -> Iterable[Workload]:
    yield Workload(
        key="10000",
        name="10,000 records in an event",
        models={"SampleModel": SampleModel},
        item=sample,
        entities=("SampleModel",),
        records=10_000,
    )


def many_conditions() -> Iterable[Workload]:
    models = models_of(Staged, ("Order",))
    for count in (1, 100):
        yield Workload(
            key=f"{count}-conditions",
            name=f"{count} condition{'s' if count > 1 else ''} on an entity",
            models=models,
            item=item,
            entities=("Order",),
            event_name="MODIFY",
            conditions=count,
        )


def many_entities() -> Iterable[Workload]:
    """The same records, beside four entities with routes and beside a thousand."""
    every = tuple(f"Entity{number:04}" for number in range(1000))
    models, few = models_of(Small, every), every[:4]
    few_models = {name: models[name] for name in few}
    yield Workload(key="4-entities", name="4 entities", models=few_models, item=small, entities=few)
    yield Workload(key="4-of-1000", name="1,000 entities, records of 4", models=models, item=small, entities=few)


GROUPS: dict[str, Callable[[], Iterable[Workload]]] = {
    "sample": rust_sample,
    "realistic": realistic_items,
    "flat": flat_items,
    "functions": functions,
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


def workload_of(key: str) -> Workload:
    """The workload with a key.

    Raises:
        LookupError: There is none.
    """
    known = []
    for make in GROUPS.values():
        for workload in make():
            if workload.key == key:
                return workload
            known.append(workload.key)
    msg = f"found no workload {key!r}, expected one of {', '.join(known)}"
    raise LookupError(msg)


# ------------------------------------------------------------------------------------------------------------ events


def event_text(workload: Workload, records: int | None = None) -> str:
    """The JSON of a workload's event, as Lambda sends it.

    Args:
        workload: The workload.
        records: How many records it has, of all entities equally many; by default the workload's number.
    """
    entities = [workload.entities[number % len(workload.entities)] for number in range(records or workload.records)]
    random.Random(0).shuffle(entities)  # noqa: S311 - the order is the same in every run on purpose
    event = {"Records": [record(workload, entity, number) for number, entity in enumerate(entities)]}
    return json.dumps(event, separators=(",", ":"))


def event_id(number: int) -> str:
    return f"{number:032x}"


def record(workload: Workload, entity: str, number: int) -> dict[str, Any]:
    new, old = workload.item(entity, number, workload.status(number)), workload.item(entity, number, "NEW")
    images = {"NewImage": new, "OldImage": old}
    keys = [name for name in ("pk", "sk", "Id") if name in new]
    return {
        "eventID": event_id(number),
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
