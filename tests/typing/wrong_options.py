"""Options that do not exist, and values that they cannot have."""

from decimal import Decimal

from pydantic import BaseModel

from router import Change, Dispatcher, Drop, Event, Insert, Modify, Park, Remove, Routes, Window, changed, where


class Order(BaseModel):
    order_id: str
    total: Decimal


class Totals(BaseModel):
    count: int = 0


routes = Routes()


@routes.on_insert(Order, onerror=Park())  # rejected: mypy, pyright
def unknown_option(change: Insert[Order]) -> None: ...


@routes.on_insert(Order, cause="ttl")  # rejected: mypy, pyright
def option_of_another_decorator(change: Insert[Order]) -> None: ...


@routes.on_insert(Order, backfill="no")  # rejected: mypy, pyright
def text_as_backfill(change: Insert[Order]) -> None: ...


@routes.on_window(Order, state=Totals, backfill=False)  # rejected: mypy, pyright
def backfill_of_windows(window: Window[Order, Totals]) -> None: ...


@routes.on_remove(Order, cause="TTL")  # rejected: mypy, pyright
def unknown_cause(change: Remove[Order]) -> None: ...


@routes.on_insert(Order, on_error=Park)  # rejected: mypy, pyright
def class_of_a_policy(change: Insert[Order]) -> None: ...


@routes.on_insert(Order, on_error={"ValueError": Drop()})  # rejected: mypy, pyright
def name_of_an_error(change: Insert[Order]) -> None: ...


@routes.on_insert(None)  # rejected: mypy, pyright
def no_entity(change: Insert[None]) -> None: ...


@routes.on_insert(Order(order_id="1", total=Decimal(1)))  # rejected: mypy, pyright
def instance_of_a_model(change: Insert[Order]) -> None: ...


@routes.on_modify(Order, "status")  # rejected: mypy, pyright
def text_as_condition(change: Modify[Order]) -> None: ...


@routes.on_insert(Order, Event.INSERT)  # rejected: mypy, pyright
def event_as_condition(change: Insert[Order]) -> None: ...


@routes.on(Order, "INSERT")  # rejected: mypy, pyright
def text_as_event(change: Change[Order]) -> None: ...


def large(change: Insert[Order]) -> bool:
    return change.new.total > 100


async def large_in_time(change: Modify[Order]) -> bool:
    return change.new.total > 100


@routes.on_modify(Order, large)  # rejected: mypy, pyright
def function_as_condition(change: Modify[Order]) -> None: ...


@routes.on_modify(Order, where(large))  # rejected: mypy, pyright
def condition_on_another_change(change: Modify[Order]) -> None: ...


@routes.on_modify(Order, where(large_in_time))  # rejected: mypy, pyright
def condition_that_is_async(change: Modify[Order]) -> None: ...


@routes.on_modify(Order, changed(1))  # rejected: mypy, pyright
def path_that_is_no_text(change: Modify[Order]) -> None: ...


Dispatcher(routes, middlewares=[])  # rejected: mypy, pyright
Dispatcher(routes, view="NEW_IMAGES")  # rejected: mypy, pyright
Dispatcher(routes, unrouted="ignore")  # rejected: mypy, pyright
Dispatcher(routes, concurrency="4")  # rejected: mypy, pyright
Dispatcher(routes, on_error=Park)  # rejected: mypy, pyright
Dispatcher(routes, discriminator=42)  # rejected: mypy, pyright
Dispatcher([routes])  # rejected: mypy, pyright
Dispatcher(routes, parking=[])  # rejected: mypy, pyright
Dispatcher(routes, metrics="Shop")  # rejected: mypy, pyright
Dispatcher(routes, tracing=True)  # rejected: mypy, pyright
