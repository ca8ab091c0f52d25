"""Records that come back after they were parked at a route: of the app's routes, only that one runs.

The others count as completed by an earlier delivery, as they are: each of them was its own unit of success.
"""

from __future__ import annotations

from router.dispatch.redelivery import Known
from router.planning.table import RouteTable
from router.record import Records

__all__ = ["restrict"]


def restrict(records: Records, table: RouteTable, known: Known | None) -> Known | None:
    """Let each record that was parked at a route run at that route only.

    The name of a route that the app does not have restricts nothing: after a change of names, a handler that runs twice
    is better than a record that no handler sees. Nor is it kept: of a document of unknown origin it may be any text.

    Args:
        records: The records of the event.
        table: The routes of the app.
        known: What earlier deliveries have completed of the records.
    """
    names = {route.name for route in table.routes}
    for position, name in records.only_routes.items():
        if name not in names:
            records.at(position).only_route = None
        else:
            known = Known((), records) if known is None else known
            for route in table.routes:
                if route.name != name:
                    known.add(table.keys[id(route)], [position])
    return known
