"""AWS on a loopback port, with a table and a function: fixtures of the tests of a backfill."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ministack import Ministack, deployed_function

_numbers = itertools.count(1)

__all__ = ["APP", "function", "make_table", "seen", "table"]

APP = """
import os
from pathlib import Path
from typing import Literal
from pydantic import BaseModel
from router import Dispatcher, Insert, Record, Routes

class Order(BaseModel):
    EntityType: Literal["Order"] = "Order"
    pk: str
    total: int = 0

class Customer(BaseModel):
    EntityType: Literal["Customer"] = "Customer"
    pk: str

routes = Routes()

def note(pk, record):
    with open(os.environ["SEEN"], "a") as file:
        file.write(f"{pk} {record.origin}\\n")

@routes.on_insert(Order)
def index(change: Insert[Order], record: Record) -> None:
    if change.new.total == 7 and not os.path.exists(os.environ["SEEN"] + ".mended"):
        raise TimeoutError
    if change.new.total == 666:
        os._exit(1)
    note(change.new.pk, record)

@routes.on_insert(Customer)
def greet(change: Insert[Customer], record: Record) -> None:
    note(change.new.pk, record)

@routes.on_insert(Order, backfill=False)
def welcome(change: Insert[Order]) -> None:
    raise AssertionError

app = Dispatcher(routes)
"""


@pytest.fixture
def table(ministack: Ministack) -> str:
    """A table of its own with 200 orders, of the keys ``pk`` and ``sk``, which is binary."""
    return make_table(ministack.client("dynamodb"), 200)


def make_table(client: Any, items: int) -> str:
    """A table of orders; the item of number 7 has that total."""
    name = f"shop{next(_numbers)}"
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "B"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    for start in range(0, items, 25):
        puts = [{"PutRequest": {"Item": _item(number)}} for number in range(start, min(start + 25, items))]
        client.batch_write_item(RequestItems={name: puts})
    return name


def _item(number: int) -> dict[str, Any]:
    total = {"N": "7" if number == 7 else "1"}
    return {"pk": {"S": f"o{number}"}, "sk": {"B": b"META"}, "EntityType": {"S": "Order"}, "total": total}


@pytest.fixture
def seen(tmp_path: Path) -> Callable[[], list[str]]:
    """The keys of the items that the app has handled, as often as it has."""
    path = tmp_path / "seen.txt"

    def read() -> list[str]:
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        assert all(line.endswith(" backfill") for line in lines)
        return [line.partition(" ")[0] for line in lines]

    return read


@pytest.fixture
def function(ministack: Ministack, tmp_path: Path) -> Iterator[str]:
    """A deployed function of the app, which runs this package."""
    with deployed_function(ministack, f"shop{next(_numbers)}", "shop.app", APP, tmp_path / "seen.txt") as name:
        yield name
