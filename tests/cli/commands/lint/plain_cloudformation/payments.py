"""Payments, whose handlers want to see what a payment was before."""

from collections.abc import Sequence

from pydantic import BaseModel

from router import Change, Dispatcher, Insert, Modify, Remove, Routes, changed


class Payment(BaseModel):
    pk: str
    state: str


routes = Routes()


@routes.on_insert(Payment)
def received(change: Insert[Payment]) -> None: ...


@routes.on_modify(Payment, changed("state"))
def moved(change: Modify[Payment]) -> None: ...


@routes.on_remove(Payment)
def gone(change: Remove[Payment]) -> None: ...


@routes.on_batch(Payment)
def index(changes: Sequence[Change[Payment]]) -> None: ...


app = Dispatcher(routes)
