"""Which entities existing items are of, and which routes would take them."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from router.app import Dispatcher
from router.local.backfill.existing_items import BackfillError, ExistingItems
from router.naming import shortened

__all__ = ["EntityFilter", "Preview", "preview"]

_STEP = 100  # items


class EntityFilter:
    """Takes the items of some entities.

    Args:
        app: The app, whose discriminator reads the entity.
        entities: The names.

    Raises:
        BackfillError: The app has no route of such an entity.
    """

    def __init__(self, app: Dispatcher, entities: Sequence[str]) -> None:
        known = sorted({name for route in app.routes for name in app.entities_of(route)})
        unknown = next((name for name in entities if name not in known), None)
        if unknown is not None:
            near = difflib.get_close_matches(unknown, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known) or 'none'}"
            msg = f"found --entity {unknown!r}, expected an entity that has a route; {hint}"
            raise BackfillError(msg)
        self._discriminator = app.discriminator
        self._wanted = {self._folded(name) for name in entities}

    def __call__(self, wire: Mapping[str, Any]) -> bool:
        """Whether an item is of one of the entities."""
        body = wire["dynamodb"]
        images = [body[name] for name in ("NewImage", "OldImage", "Keys") if body.get(name)]
        found = next((name for image in images if (name := self._discriminator.read(image)) is not None), None)
        return found is not None and self._folded(found) in self._wanted

    def _folded(self, name: str) -> str:
        return name.casefold() if self._discriminator.folds else name


class Preview(NamedTuple):
    """What a backfill would do.

    Args:
        items: How many items were read.
        entities: How many items each entity has; ``-`` stands for none.
        routes: How many items each route takes, or may take.
    """

    items: int
    entities: Counter[str]
    routes: Counter[str]


def preview(
    items: ExistingItems,
    app: Dispatcher,
    takes: Callable[[Mapping[str, Any]], bool] | None,
    limit: int | None,
    read: Callable[[int], object],
    stopped: Callable[[], bool],
) -> Preview:
    """Read items, and run nothing.

    Args:
        items: The items.
        app: The app.
        takes: Whether to count an item; all by default.
        limit: The most items.
        read: Called with the number of items, every now and then.
        stopped: Whether to end.
    """
    count, entities, routes = 0, Counter[str](), Counter[str]()
    for part in items.parts:
        for item in items.read(part, None):
            if stopped() or count == limit:
                return Preview(count, entities, routes)
            count += 1
            if not count % _STEP:
                read(_STEP)
            if takes is None or takes(item.wire):
                explanation = app.explain(item.wire)
                entities[shortened(explanation.entity or "-")] += 1
                routes.update(repr(route) for route in explanation.matching)
    return Preview(count, entities, routes)
