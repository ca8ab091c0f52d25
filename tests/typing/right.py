"""Right handlers and dispatchers: both type checkers accept all of them, and they register."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, assert_type

import structlog
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext as PowertoolsContext
from pydantic import BaseModel
from typing_extensions import TypedDict

from router import (
    Batch,
    Change,
    Deadline,
    Depends,
    Dispatcher,
    Drop,
    Event,
    Insert,
    LambdaContext,
    MemoryParking,
    Metrics,
    Modify,
    Park,
    Record,
    Reject,
    Remove,
    Retry,
    Routes,
    SqsParking,
    Tracing,
    Window,
    all_of,
    any_of,
    became,
    changed,
    discriminators,
    not_,
    where,
)


class Status(StrEnum):
    PLACED = "PLACED"
    SHIPPED = "SHIPPED"


class Order(BaseModel):
    EntityType: Literal["Order"] = "Order"
    order_id: str
    status: Status
    total: Decimal


class OrderV1(BaseModel):
    order_id: str


class Customer(BaseModel):
    name: str


class Product(TypedDict):
    sku: str


class Bus:
    def send(self, text: str) -> None: ...


routes = Routes()


@routes.on_insert(Order)
def takes_classes_of_powertools(
    change: Insert[Order], record: DynamoDBRecord, logger: Logger, context: PowertoolsContext
) -> None:
    assert_type(record.event_id, str | None)
    logger.info("placed", extra={"request": context.aws_request_id})


@routes.on_insert(Order, backfill=False)
def place(change: Insert[Order]) -> None:
    assert_type(change.new, Order)
    assert_type(change.image, Order)
    assert_type(change.old, None)
    change.new.total.is_finite()


@routes.on_modify(Order, changed("status", to="SHIPPED"))
def compare(change: Modify[Order]) -> None:
    assert_type(change.new, Order)
    assert_type(change.old, Order)
    assert_type(change.image, Order)
    (change.new.total - change.old.total).is_finite()


@routes.on_remove(Order, cause="ttl")
def expire(change: Remove[Order]) -> None:
    assert_type(change.old, Order)
    assert_type(change.new, None)
    assert_type(change.expired, bool)


@routes.on(Order)
def audit(change: Change[Order]) -> None:
    assert_type(change.new, Order | None)
    assert_type(change.old, Order | None)
    assert_type(change.image, Order)
    if isinstance(change, Insert):
        change.new.total.is_finite()
    elif isinstance(change, Modify):
        (change.new.total - change.old.total).is_finite()
    elif isinstance(change, Remove):
        change.old.total.is_finite()


@routes.on_batch(Order)
def index(changes: Sequence[Change[Order]]) -> None:
    assert_type(changes[0].image, Order)


@routes.on_batch(Order, Event.INSERT | Event.MODIFY, changed("total"))
def index_some(changes: Iterable[Change[Order]], batch: Batch) -> None:
    assert_type(batch[0], Record)
    assert_type(batch.size, int)


class Totals(BaseModel):
    count: int = 0


@routes.on_window(Order, state=Totals)
def total(window: Window[Order, Totals]) -> None:
    assert_type(window.changes[0].image, Order)
    assert_type(window.state, Totals)
    window.state = Totals(count=window.state.count + len(window.changes))


@routes.on_window(Order, Event.INSERT, changed("total"), state=Totals, entity="Order", on_error=Drop())
async def total_later(window: Window[Order, Totals], batch: Batch) -> None:
    assert_type(window.is_final, bool)


@routes.on_window(None, entity="Order", state=Totals)
def total_of_keys(window: Window[None, Totals]) -> None:
    assert_type(window.start, datetime)


@routes.fallback
def unknown(change: Change[dict[str, Any]]) -> None:
    assert_type(change.keys, dict[str, Any])


# A handler may take more kinds of change than its route delivers.
@routes.on_insert(Order)
def place_openly(change: Change[Order]) -> None: ...


@routes.on_insert(Order)
def place_anything(change: Change[Any]) -> None: ...


@routes.on_insert(Order)
def place_any_model(change: Insert[BaseModel]) -> None: ...


@routes.on_insert(Order)
@routes.on_remove(Order)
def come_and_go(change: Insert[Order] | Remove[Order]) -> None: ...


@routes.on_insert(Order)
@routes.on_insert(Customer)
def two_models(change: Insert[Order] | Insert[Customer]) -> None: ...


@routes.on_modify(Order, old=OrderV1)
def migrate(change: Modify[Order, OrderV1]) -> None:
    assert_type(change.new, Order)
    assert_type(change.old, OrderV1)


@routes.on(Order, Event.MODIFY | Event.REMOVE, old=OrderV1)
def audit_both(change: Change[Order, OrderV1]) -> None:
    assert_type(change.image, Order | OrderV1)


@routes.on_insert(None, entity="Order")
def keys_only(change: Insert[None]) -> None:
    assert_type(change.new, None)


@routes.on(None, entity=("Order", "Customer"))
def keys_of_all(change: Change[None]) -> None: ...


@routes.on_insert(dict[str, Any], entity="Anything")
def plain_dict(change: Insert[dict[str, Any]]) -> None: ...


@routes.on_insert(Product)
def typed_dict(change: Insert[Product]) -> None:
    assert_type(change.new["sku"], str)


# Conditions know the type of their change.
def large(change: Insert[Order]) -> bool:
    return change.new.total > 100


@routes.on_insert(Order, where(large))
def place_large(change: Insert[Order]) -> None: ...


@routes.on_modify(Order, where(lambda change: change.new.total > change.old.total))
def dearer(change: Modify[Order]) -> None: ...


@routes.on_modify(Order, all_of(changed("status"), not_(changed("total"))), any_of(became("status", Status.SHIPPED)))
def several(change: Modify[Order]) -> None: ...


# Failures.
@routes.on_insert(Order, on_error=Park())
def parks(change: Insert[Order]) -> None:
    msg = "order without lines"
    raise Reject(msg)


@routes.on_insert(Order, on_error={TimeoutError: Retry(park_after=60), ValueError: Drop()})
def decides(change: Insert[Order]) -> None: ...


# Injection.
def get_bus() -> Iterator[Bus]:
    yield Bus()


async def get_session(
    bus: Annotated[Bus, Depends(get_bus, scope="invocation")], deadline: Deadline
) -> AsyncIterator[Bus]:
    assert_type(deadline.timeout, float | None)
    yield bus


@routes.on_modify(Order)
async def ship(
    change: Modify[Order],
    record: Record,
    context: LambdaContext,
    log: structlog.typing.FilteringBoundLogger,
    bus: Annotated[Bus, Depends(get_session, scope="invocation")],
    retries: int = 3,
    **options: object,
) -> None:
    assert_type(record.event_id, str | None)
    assert_type(context.get_remaining_time_in_millis(), int)
    log.info("shipped", retries=retries)
    bus.send(change.new.order_id)


@routes.on_insert(Order)
def with_powertools(change: Insert[Order], context: PowertoolsContext) -> str:
    return context.aws_request_id


@routes.on_insert(Order)
def in_time(change: Insert[Order], deadline: Deadline) -> float:
    assert_type(deadline.passed, bool)
    return min(5, deadline.remaining)


class Handlers:
    def __init__(self, bus: Bus) -> None:
        self.bus = bus

    def place(self, change: Insert[Order]) -> None: ...

    def __call__(self, change: Insert[Order]) -> None: ...


routes.on_insert(Order)(Handlers(Bus()).place)
routes.on_insert(Order)(Handlers(Bus()))


# A decorator returns the function with its own type.
def call_directly(context: PowertoolsContext) -> None:
    order = Order(order_id="1", status=Status.PLACED, total=Decimal(1))
    assert_type(with_powertools(change=Insert(order), context=context), str)
    assert_type(in_time(Insert(order), Deadline(30)), float)
    assert_type(come_and_go(Remove(order)), None)


def entity_of(image: Mapping[str, Any]) -> str | None:
    return "Order" if "order_id" in image else None


def timed(call: Any) -> Any:
    return call


app = Dispatcher(
    routes,
    Routes() + Routes(),
    discriminator=entity_of,
    view="NEW_AND_OLD_IMAGES",
    on_error={Exception: Retry()},
    unrouted="park",
    parking=MemoryParking(),
    middleware=[timed],
    concurrency=4,
    reserve=1.5,
)
Dispatcher(discriminator=discriminators.ELECTRODB)
Dispatcher(
    parking=SqsParking("https://sqs.eu-west-1.amazonaws.com/123456789012/parked"),
    metrics=Metrics("Shop", service="router"),
    tracing=Tracing(),
)
Dispatcher(discriminator=discriminators.chain("EntityType", discriminators.prefix("pk")))

app.overrides[get_bus] = Bus
assert_type(app({"Records": []}, None), dict[str, Any])

for outcome in app.dispatch({"Records": []}):
    assert_type(outcome.record, Record)
    if outcome.status == "failed" and outcome.stage == "decode":
        assert_type(outcome.error, Exception | None)
