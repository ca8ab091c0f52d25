"""Items that a backfill delivers: they do not run at the routes that refuse them."""

from __future__ import annotations

from router.dispatch.redelivery import Known
from router.planning.table import RouteTable
from router.record import Records

__all__ = ["leave_out"]


def leave_out(records: Records, table: RouteTable, known: Known | None) -> Known | None:
    """Let no backfilled item run at a route that refuses it: the item is skipped there.

    Args:
        records: The records of the event.
        table: The routes of the app.
        known: What earlier deliveries have completed of the records.
    """
    for route in table.routes if records.backfilled else ():
        if not route.backfill:
            known = Known((), records) if known is None else known
            known.add(table.keys[id(route)], records.backfilled)
    return known
