"""The function of a soak: routes of every kind, whose effects are rows of the database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel

from router import Change, Dispatcher, Modify, PartialFailure, Remove, Routes, changed
from tests.soak.database import Database
from tests.soak.faults import Faults

__all__ = ["Counted", "Place", "make_app", "ordinal"]


class Counted(BaseModel):
    """An item whose changes are numbered; a removal has the number after that of the item, which was born at a number."""

    EntityType: Literal["Counted"] = "Counted"
    pk: str
    number: int
    born: int
    poison: bool = False


def ordinal(change: Change[Counted]) -> tuple[str, int]:
    """The item, and the number of the change."""
    return change.image.pk, change.image.number + isinstance(change, Remove)


class Place:
    """A parking place that is down for a while."""

    def __init__(self, database: Database, faults: Faults) -> None:
        self._database = database
        self._faults = faults

    def park(self, parked: Any) -> None:
        self._faults.outage("parking place", share=0.03)
        route = parked.route and parked.route.rpartition(".")[2]
        self._database.write_document("parked", route, json.dumps(parked.to_dict(), default=str))
        self._faults.after(f"parked at {route}", str(parked.record.get("eventID")), 0)


def make_app(database: Database, faults: Faults, **options: Any) -> Dispatcher:
    """The app.

    Args:
        database: Where effects are written.
        faults: What goes wrong.
        options: Options of the Dispatcher.
    """
    routes = Routes()

    def affect(route: str, change: Change[Counted]) -> None:
        item, number = ordinal(change)
        faults.before(route, item, number)
        database.write_handled(route, item, number)
        faults.after(route, item, number)

    @routes.on(Counted)
    def audit(change: Change[Counted]) -> None:
        affect("audit", change)

    @routes.on_modify(Counted, changed("number"))
    async def follow(change: Modify[Counted]) -> None:
        await asyncio.sleep(0)
        affect("follow", change)

    @routes.on_remove(Counted)
    def close(change: Remove[Counted]) -> None:
        affect("close", change)

    @routes.on_batch(Counted)
    def index(changes: Sequence[Change[Counted]]) -> None:
        errors: dict[Change[Counted], Exception] = {}
        failed: dict[str, Exception] = {}
        for change in changes:
            item, _ = ordinal(change)
            try:
                if item in failed:  # the later changes of an item wait for the one that failed
                    raise failed[item]
                affect("index", change)
            except TimeoutError as error:
                errors[change] = failed[item] = error
        if errors:
            raise PartialFailure(errors)

    return Dispatcher(routes, unrouted="park", parking=Place(database, faults), **options)
