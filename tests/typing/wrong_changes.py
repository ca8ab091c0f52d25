"""Handlers that take another change than their route delivers."""

from collections.abc import Sequence
from decimal import Decimal

from pydantic import BaseModel

from router import Change, Insert, Modify, Remove, Routes, Window


class Order(BaseModel):
    order_id: str
    total: Decimal


class OrderV1(BaseModel):
    order_id: str


class Customer(BaseModel):
    name: str


routes = Routes()


@routes.on_insert(Order)  # rejected: mypy, pyright
def insert_takes_modify(change: Modify[Order]) -> None: ...


@routes.on_insert(Order)  # rejected: mypy, pyright
def insert_takes_another_model(change: Insert[Customer]) -> None: ...


@routes.on_insert(Order)  # rejected: mypy, pyright
def insert_takes_the_model(change: Order) -> None: ...


@routes.on_insert(Order)  # rejected: mypy, pyright
def insert_takes_nothing() -> None: ...


@routes.on_insert(Order)  # rejected: mypy, pyright
def insert_takes_it_by_keyword(*, change: Insert[Order]) -> None: ...


@routes.on_modify(Order)  # rejected: mypy, pyright
def modify_takes_remove(change: Remove[Order]) -> None: ...


@routes.on_modify(Order)  # rejected: mypy, pyright
def modify_takes_another_old_model(change: Modify[Order, OrderV1]) -> None: ...


@routes.on_modify(Order, old=OrderV1)  # rejected: mypy, pyright
def modify_takes_the_new_model_twice(change: Modify[Order]) -> None: ...


@routes.on_remove(Order)  # rejected: mypy, pyright
def remove_takes_insert(change: Insert[Order]) -> None: ...


@routes.on(Order)  # rejected: mypy, pyright
def on_takes_insert(change: Insert[Order]) -> None: ...


@routes.on(Order)  # rejected: mypy, pyright
def on_takes_another_model(change: Change[Customer]) -> None: ...


@routes.on_batch(Order)  # rejected: mypy, pyright
def batch_takes_one(change: Change[Order]) -> None: ...


@routes.on_batch(Order)  # rejected: mypy, pyright
def batch_takes_another_model(changes: Sequence[Change[Customer]]) -> None: ...


class Totals(BaseModel):
    count: int = 0


class Counts(BaseModel):
    count: int = 0


@routes.on_window(Order, state=Totals)  # rejected: mypy, pyright
def window_of_another_model(window: Window[Customer, Totals]) -> None: ...


@routes.on_window(Order, state=Totals)  # rejected: mypy, pyright
def window_of_another_state(window: Window[Order, Counts]) -> None: ...


@routes.on_window(Order, state=Totals)  # rejected: mypy, pyright
def window_takes_changes(changes: Sequence[Change[Order]]) -> None: ...


@routes.on_insert(Order)  # rejected: mypy, pyright
def insert_takes_many(changes: Sequence[Insert[Order]]) -> None: ...


@routes.on_insert(None, entity="Order")  # rejected: mypy, pyright
def keys_take_a_model(change: Insert[Order]) -> None: ...


@routes.fallback  # rejected: mypy, pyright
def fallback_takes_a_model(change: Change[Order]) -> None: ...
