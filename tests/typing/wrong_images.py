"""Images that a change does not have, and attributes that an image does not have."""

from decimal import Decimal

from pydantic import BaseModel

from router import Change, Insert, Modify, Remove, Routes


class Order(BaseModel):
    order_id: str
    total: Decimal


class OrderV1(BaseModel):
    order_id: str


routes = Routes()


@routes.on_remove(Order)
def new_of_a_removal(change: Remove[Order]) -> None:
    assert change.new.total  # rejected: mypy, pyright


@routes.on_insert(Order)
def old_of_an_insert(change: Insert[Order]) -> None:
    assert change.old.total  # rejected: mypy, pyright


@routes.on_insert(Order)
def attribute_that_is_not_there(change: Insert[Order]) -> None:
    assert change.new.totl  # rejected: mypy, pyright


@routes.on(Order)
def image_that_may_be_missing(change: Change[Order]) -> None:
    assert change.new.total  # rejected: mypy, pyright


@routes.on(Order)
def missing_on_the_other_branch(change: Change[Order]) -> None:
    if isinstance(change, Remove):
        assert change.new.total  # rejected: mypy, pyright


@routes.on_modify(Order, old=OrderV1)
def attribute_of_the_other_model(change: Modify[Order, OrderV1]) -> None:
    change.new.total.is_finite()
    assert change.old.total  # rejected: mypy, pyright


@routes.on_insert(None, entity="Order")
def no_image_at_all(change: Insert[None]) -> None:
    assert change.new.total  # rejected: mypy, pyright


@routes.on_modify(Order)
def change_that_is_written_to(change: Modify[Order]) -> None:
    change.new = change.old  # rejected: mypy, pyright
