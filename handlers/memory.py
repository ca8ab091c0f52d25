"""The ports in memory, for tests and for the shop without AWS."""

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

from handlers.ports import DomainEvent, Movement, UnknownProductError, View

__all__ = ["MemoryBus", "MemoryViews", "MemoryWarehouse"]


class MemoryViews:
    def __init__(self) -> None:
        self._views: dict[tuple[str, str], View] = {}

    def save(self, view: View) -> None:
        kept = self._views.get((view.pk, view.sk))
        if kept is None or kept.version < view.version:
            # A deleted item stays as a view without a body: a late delivery of an older change must not restore it.
            self._views[view.pk, view.sk] = view

    def page(self, pk: str) -> dict[str, Mapping[str, Any]]:
        """The parts of a page, as its reader sees them."""
        return {view.sk: view.body for view in self._views.values() if view.pk == pk and view.body is not None}


class MemoryWarehouse:
    """Stock in memory.

    Args:
        stock: The pieces of each product, by SKU. Without it every product exists, with a stock of zero.
    """

    def __init__(self, stock: Mapping[str, int] | None = None) -> None:
        self._known = stock
        self.stock: Counter[str] = Counter(stock or {})
        self._moved: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def move(self, movement: Movement) -> None:
        unknown = [sku for sku, count in movement.pieces.items() if not self._move(movement.id, sku, count)]
        if any(movement.pieces[sku] < 0 for sku in unknown):
            raise UnknownProductError

    def _move(self, movement: str, sku: str, count: int) -> bool:
        if self._known is not None and sku not in self._known:
            return False
        with self._lock:
            if (movement, sku) not in self._moved:
                self._moved.add((movement, sku))
                self.stock[sku] += count
        return True


class MemoryBus:
    """Keeps published events, each ID once, as a listener does that recognises repeated events."""

    def __init__(self) -> None:
        self.events: dict[str, DomainEvent] = {}

    async def publish(self, event: DomainEvent) -> None:
        self.events.setdefault(event.id, event)
