"""The function of a soak of effects: a view and an aggregate of the items, in tables that all containers share."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable
from contextlib import closing
from json import loads
from pathlib import Path
from typing import Any

from router import Change, Dispatcher, Routes
from router.effects import GONE, Aggregate, MemoryTables, View
from tests.soak.app import Counted, Place
from tests.soak.database import Database
from tests.soak.faults import Faults

__all__ = ["FaultyTables", "make_effects", "wrong_items"]


class FaultyTables(MemoryTables):
    """Tables that answer with faults, before and after a write, of which some end the container."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: Faults | None = None
        self._writes = itertools.count()

    def put_item(self, **request: Any) -> dict[str, Any]:
        return self._try(super().put_item, request)

    def transact_write_items(self, **request: Any) -> dict[str, Any]:
        return self._try(super().transact_write_items, request)

    def _try(self, write: Callable[..., dict[str, Any]], request: dict[str, Any]) -> dict[str, Any]:
        call = (write.__name__, "write", next(self._writes))
        if self.faults is not None:
            self.faults.before(*call)
        answer = write(**request)
        if self.faults is not None:
            self.faults.after(*call)
        return answer


def make_effects(tables: FaultyTables, database: Database, faults: Faults, **options: Any) -> Dispatcher:
    """The app.

    Args:
        tables: The tables of the effects.
        database: Where parked records are written.
        faults: What goes wrong.
        options: Options of the Dispatcher.
    """
    tables.faults = faults
    routes, view = Routes(), View("View", client=tables)
    numbers: Aggregate[Counted] = Aggregate(
        "Totals",
        "numbers",
        by=lambda item: {"pk": item.pk, "sk": "1"},
        count="items",
        sums={"sum": lambda item: item.number},
        markers="Markers",
        client=tables,
    )

    @routes.on(Counted)
    def show(change: Change[Counted]) -> None:
        body = None if change.new is None else {"number": change.new.number}
        view.put(change, {"pk": change.image.pk, "sk": "1"}, body)

    @routes.on(Counted)
    def count(change: Change[Counted]) -> None:
        numbers.apply(change)

    return Dispatcher(routes, unrouted="park", parking=Place(database, faults), **options)


def wrong_items(path: Path, tables: MemoryTables) -> tuple[int, list[str]]:
    """How many items could be compared, and those whose view or totals are not as their last change left them.

    An item is left out if a record of it was parked or given up: its change has not taken effect.

    Args:
        path: The file of the database.
        tables: The tables of the effects.
    """
    with closing(sqlite3.connect(path)) as connection:
        changes = connection.execute("SELECT item, number, event, kind FROM changes ORDER BY number").fetchall()
        documents = [loads(row[0]) for row in connection.execute("SELECT document FROM log WHERE document IS NOT NULL")]
    refused = {item for item, _, _, kind in changes if kind != "plain"} | {*_items_of(documents)}
    last = {item: (number, event) for item, number, event, _ in changes if item not in refused}
    views = {item["pk"]: item["number"] for item in tables.items("View") if GONE not in item}
    totals = {item["pk"]: (item["items"], item["sum"]) for item in tables.items("Totals")}
    wrong = []
    for item, (number, event) in last.items():
        there = event != "REMOVE"
        expected = (number if there else None, (1, number) if there else (0, 0))
        if (views.get(item), totals.get(item, (0, 0))) != expected:
            wrong.append(item)
    return len(last), wrong


def _items_of(documents: list[Any]) -> list[str]:
    records = [
        record
        for document in documents
        for record in (loads(document["payload"])["Records"] if "payload" in document else [document["record"]])
    ]
    return [record["dynamodb"]["Keys"]["pk"]["S"] for record in records if "dynamodb" in record]
