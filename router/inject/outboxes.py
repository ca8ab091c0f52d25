"""What handlers leave to be sent before the answer to Lambda: the seam between an invocation and effects.

An effect keeps an outbox in the invocation. What a handler leaves in it is sent when the handler has ended well, in
batches with what others have left. An error of what was sent fails the record at the route whose handler left it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Hashable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from router.change import Change, found_by

if TYPE_CHECKING:
    from router.record import Record
    from router.routes import Route

__all__ = ["Outbox", "Outboxes", "Place", "StepOfRoute"]


class StepOfRoute(Protocol):
    """A step: one route for one kind of event."""

    @property
    def route(self) -> Route:
        """The route."""
        ...


class Place(NamedTuple):
    """Where a handler was called with a change: the step of its route, and the position of the record."""

    step: StepOfRoute
    position: int


class Outbox(Protocol):
    """What handlers of one invocation have left for one destination."""

    def send(self) -> Mapping[Place, Exception]:
        """Send all that handlers have left which ended well; return the errors since the last call."""
        ...

    def settle(self, settled: Mapping[Place, bool]) -> None:
        """Take what became of the places whose errors were returned: whether the record comes again there."""
        ...

    def send_of(self, step: StepOfRoute, failed: Collection[Place]) -> Exception | None:
        """Send what the handler of a step has left, but for the failed places; return the first error."""
        ...

    def close(self) -> None:
        """End what runs for the outbox. What is not sent by now is not sent."""
        ...


class Outboxes:
    """The outboxes of an invocation.

    Args:
        find_record: Finds the records of the invocation: changes made with it are of this invocation.
        ended_well: Tells whether the handler at a place has ended well; ``None`` while that is unknown.
    """

    __slots__ = ("_find_record", "_lock", "ended_well", "made")

    def __init__(
        self,
        find_record: Callable[[Any, int], Record],
        ended_well: Callable[[Any, int], bool | None],
    ) -> None:
        self._find_record = find_record
        self.ended_well = ended_well
        self.made: dict[Hashable, Outbox] = {}
        """The outboxes by their keys."""
        self._lock = threading.Lock()

    def place_of(self, change: Change[Any, Any]) -> Place | None:
        """The place of a change; ``None`` for one that a handler of this invocation was not called with."""
        found = found_by(change)
        return None if found is None or found[0] is not self._find_record else Place(found[3], found[2])

    def get_or_make(self, key: Hashable, make: Callable[[Outboxes], Any]) -> Any:
        """Return the outbox under a key, made at the first request."""
        with self._lock:  # for lanes
            if key not in self.made:
                self.made[key] = make(self)
            return self.made[key]

    def close(self) -> None:
        """End what runs for the outboxes."""
        for outbox in [*self.made.values()]:  # a handler's own thread may make one meanwhile
            outbox.close()
