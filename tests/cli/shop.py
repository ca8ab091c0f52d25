"""A small app to run commands on, and the records it takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

APP = """
import sys
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel

from router import Change, Dispatcher, Drop, Insert, Modify, Remove, Routes, changed, where


class Order(BaseModel):
    EntityType: Literal["Order"] = "Order"
    order_id: str
    status: str
    total: int = 0


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order]) -> None:
    print("placed", change.new.order_id)


@routes.on_modify(Order, changed("status", to="SHIPPED"))
async def ship(change: Modify[Order]) -> None:
    pass


@routes.on_modify(Order, where(lambda change: change.new.total > 100), on_error={ValueError: Drop()})
def praise(change: Modify[Order]) -> None:
    raise ValueError(change.new.order_id)


@routes.on_remove(Order)
def cancel(change: Remove[Order]) -> None:
    raise KeyError(change.old.order_id)


@routes.on_batch(Order)
def index(changes: Sequence[Change[Order]]) -> None:
    pass


app = Dispatcher(routes)
"""


def line_of(text: str) -> int:
    """The line of the app that reads so."""
    return next(number for number, line in enumerate(APP.splitlines(), 1) if line == text)


class Ended(NamedTuple):
    """A finished command: its exit code and its output."""

    code: int
    out: str
    err: str


def order(order_id: str = "1001", status: str = "NEW", **attributes: dict[str, Any]) -> dict[str, Any]:
    """A wire image of an order."""
    return {"EntityType": {"S": "Order"}, "order_id": {"S": order_id}, "status": {"S": status}, **attributes}


def record(
    name: str, new: dict[str, Any] | None = None, old: dict[str, Any] | None = None, number: int = 1
) -> dict[str, Any]:
    """A record of an event."""
    body: dict[str, Any] = {"Keys": {"pk": {"S": "ORDER#1001"}}, "SequenceNumber": str(number)}
    if new is not None:
        body["NewImage"] = new
    if old is not None:
        body["OldImage"] = old
    return {"eventID": f"e{number}", "eventName": name, "eventSource": "aws:dynamodb", "dynamodb": body}


PLACED = record("INSERT", order(), number=1)
SHIPPED = record("MODIFY", order(status="SHIPPED"), order(), number=2)
CANCELLED = record("REMOVE", old=order(order_id="secret-1001"), number=3)
COUPON = record("INSERT", {"EntityType": {"S": "Coupon"}}, number=4)


def write(path: str, *documents: Any) -> str:
    """Write JSON documents, one a line, and give the path back."""
    Path(path).write_text("\n".join(map(json.dumps, documents)), encoding="utf-8")
    return path


def event(*records: dict[str, Any]) -> dict[str, Any]:
    """An event of records."""
    return {"Records": list(records)}
