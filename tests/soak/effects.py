"""The function of a soak of effects: views, counters, sums and children of the items, in tables of all containers, and
events in a FIFO queue.

The children of an item are of two kinds. A *line* has in its key the number at which its item was born, so a removal
deletes those of the item that was removed. A *note* has not: a removal deletes all notes, unless their parent, which the
writer of the items keeps, is there again.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from router import Change, Dispatcher, Modify, Remove, Routes
from router.effects import Aggregate, Cascade, Once, SqsQueue, View
from tests.soak.app import Counted, Place, ordinal
from tests.soak.database import Database
from tests.soak.faults import Faults

__all__ = ["EFFECTS", "MARKERS", "PARENT", "make_effects"]

EFFECTS, MARKERS = "Effects", "Markers"
"""The tables, with the keys ``pk`` and ``sk``."""

QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/soak.fifo"

PARENT = "ITEM"
"""The sort key of the parent of an item's notes."""

_PAGE = 3  # of a query, as DynamoDB may end one anywhere
_MADE, _TOUCHED = 2, 3  # every second change makes children, every third modification updates the notes
_BUCKETS = 10


class FaultyClient:
    """A client whose requests have faults before and after them.

    Args:
        client: The client.
        service: Its service.
        faults: What goes wrong.
    """

    def __init__(self, client: Any, service: str, faults: Faults) -> None:
        self._client = client
        self._service = service
        self._faults = faults

    def __getattr__(self, operation: str) -> Any:
        return partial(self._make, operation)

    def _make(self, operation: str, **request: Any) -> Any:
        return self._faults.request(self._service, lambda: getattr(self._client, operation)(**request))


class FaultyTables(FaultyClient):
    """A client of the tables, whose answers are not complete either."""

    def query(self, **request: Any) -> Any:
        """Find a small page."""
        return self._make("query", **{**request, "Limit": _PAGE})

    def batch_write_item(self, **request: Any) -> Any:
        """Write, and leave the last of several writes unprocessed."""
        ((table, writes),) = request["RequestItems"].items()
        done, left = (writes[:-1], writes[-1:]) if len(writes) > 1 else (writes, [])
        self._make("batch_write_item", RequestItems={table: done})
        return {"UnprocessedItems": {table: left} if left else {}}


def make_effects(client: Any, database: Database, faults: Faults, *, events: Any = None, **options: Any) -> Dispatcher:
    """The app.

    Args:
        client: Of the tables.
        database: Where parked records are written.
        faults: What goes wrong.
        events: A client of the queue; without it nothing is published.
        options: Options of the Dispatcher.
    """
    tables = FaultyTables(client, "tables", faults)
    routes = Routes()
    view, once = View(EFFECTS, client=tables), Once(MARKERS, client=tables)
    cascade = Cascade(EFFECTS, client=tables)
    numbers: Aggregate[Counted] = Aggregate(
        EFFECTS,
        "numbers",
        by=lambda item: {"pk": f"TOTAL#{int(item.pk.rpartition('-')[2]) % _BUCKETS}", "sk": "TOTAL"},
        count="items",
        sums={"sum": lambda item: item.number},
        markers=MARKERS,
        client=tables,
    )

    @routes.on(Counted)
    def show(change: Change[Counted]) -> None:
        faults.before("show", *ordinal(change))
        body = None if change.new is None else {"number": change.new.number}
        view.put(change, {"pk": change.image.pk, "sk": "VIEW"}, body)

    @routes.on(Counted)
    def tally(change: Change[Counted]) -> None:
        faults.before("tally", *ordinal(change))
        children = [] if change.new is None else _children(change.new)
        once.write(change, "tally", [_one_change_more(change.image.pk), *children])

    @routes.on_modify(Counted)
    def touch(change: Modify[Counted]) -> None:
        faults.before("touch", *ordinal(change))
        if change.new.number % _TOUCHED == 0:
            key, seen = {"pk": change.new.pk}, {"seen": change.new.number}
            cascade.touch(change, key, seen, name="item", starts={"sk": "NOTE#"})

    @routes.on_remove(Counted)
    def clear(change: Remove[Counted]) -> None:
        faults.before("clear", *ordinal(change))
        key = {"pk": change.old.pk}
        cascade.delete(key, starts={"sk": f"LINE#{change.old.born:06}#"}, parent=None)
        cascade.delete(key, starts={"sk": "NOTE#"}, parent={**key, "sk": PARENT})

    @routes.on_batch(Counted)
    def add_up(changes: Sequence[Change[Counted]]) -> None:
        numbers.apply(*changes)

    if events is not None:
        queue = SqsQueue(QUEUE, client=FaultyClient(events, "queue", faults))

        @routes.on(Counted)
        def tell(change: Change[Counted]) -> None:
            faults.before("tell", *ordinal(change))
            item, number = ordinal(change)
            queue.publish(change, "Changed", {"item": item, "number": number})

    return Dispatcher(routes, unrouted="park", parking=Place(database, faults), **options)


def _one_change_more(item: str) -> dict[str, Any]:
    return {
        "Update": {
            "TableName": EFFECTS,
            "Key": {"pk": item, "sk": "COUNT"},
            "UpdateExpression": "ADD changes :one",
            "ExpressionAttributeValues": {":one": 1},
        }
    }


def _children(item: Counted) -> list[dict[str, Any]]:
    if item.number % _MADE:
        return []
    keys = (f"LINE#{item.born:06}#{item.number:06}", f"NOTE#{item.number:06}")
    return [{"Put": {"TableName": EFFECTS, "Item": {"pk": item.pk, "sk": key}}} for key in keys]
