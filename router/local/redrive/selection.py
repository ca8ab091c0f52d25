"""Which records of a place a command takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.local.redrive.records import ParkedRecord

__all__ = ["Selection"]


@dataclass(frozen=True)
class Selection:
    """Filters; each that is empty takes every record.

    Args:
        entities: Names of entities.
        routes: Names of routes, or their last parts: ``place`` for ``handlers.orders.place``.
        errors: Types of errors.
    """

    entities: Sequence[str] = ()
    routes: Sequence[str] = ()
    errors: Sequence[str] = ()

    def takes(self, record: ParkedRecord) -> bool:
        """Whether all filters take a record."""
        return (
            _among(record.entity, self.entities)
            and (not self.routes or any(_is_route(record.route, name) for name in self.routes))
            and _among(record.error, self.errors)
        )


def _among(value: str | None, values: Sequence[str]) -> bool:
    return not values or value in values


def _is_route(route: str | None, name: str) -> bool:
    return route is not None and (route == name or route.endswith(f".{name}"))
