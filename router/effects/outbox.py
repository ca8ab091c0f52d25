"""Entries that handlers leave for a service which takes several in a request.

An entry is sent when the handler that left it has ended well: a handler that fails leaves nothing. Full requests are
sent by threads of the outbox while the records run, and what is left when they have run. The entries of an item are
sent in their order: after one that has failed, none of the item is sent before it is known that it does not come again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import Any, Final

from router.change import Change
from router.effects.destination import Destination, Entry, send_now
from router.effects.entry_queue import LONGEST_WAIT, EntryQueue, Left
from router.errors import Reject, Unfinished
from router.inject.outboxes import Outboxes, Place, StepOfRoute
from router.inject.scopes import Invocation, current_invocation

__all__ = ["leave"]

_MOST_THREADS: Final = 3
_REQUESTS_AHEAD: Final = 2
"""How many full requests may wait for each thread. Then a handler that leaves an entry waits."""


def leave(change: Change[Any, Any] | None, entry: Entry, destination: Destination) -> None:
    """Leave an entry to be sent when the handler has ended well; outside of an invocation, send it now.

    Args:
        change: The change that the handler was called with, or one of a batch; without one, the entry is sent now.
        entry: The entry.
        destination: Where it is sent to.

    Raises:
        Exception: The error of an entry that was sent now.
    """
    invocation = current_invocation.get(None)
    outboxes = None if invocation is None else invocation.outboxes
    place = None if outboxes is None or change is None else outboxes.place_of(change)
    if invocation is None or outboxes is None or place is None:
        (error,) = send_now([entry.payload], destination)
        if error is not None:
            raise error
        return
    outbox = outboxes.get_or_make(destination.key, lambda outboxes: _Outbox(destination, outboxes, invocation))
    outbox.add(Left(place, entry, destination))


class _Outbox:
    """The entries of one invocation for a destination.

    Args:
        destination: The destination, or one of several with the same key.
        outboxes: Those of the invocation.
        invocation: The invocation.
    """

    def __init__(self, destination: Destination, outboxes: Outboxes, invocation: Invocation) -> None:
        self._ended_well: Callable[[Any, int], bool | None] = outboxes.ended_well
        self._deadline = invocation.deadline
        self._variables = invocation.variables
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._ends = False
        """Whether all is sent now, also in requests that are not full."""
        self._end: BaseException | None = None
        """What ended a thread, or the invocation."""
        self._running: dict[Place, dict[Hashable, Left]] = {}
        """The entries of handlers that have not ended."""
        self._for_batches: dict[Place, dict[Hashable, Left]] = {}
        """The entries of handlers of batches, which end when all records have run, and may leave many."""
        self._queue = EntryQueue(destination)
        self._errors: dict[Place, Exception] = {}

    def add(self, left: Left) -> None:
        """Add an entry, and wait while there are too many that can be sent."""
        place, entry, destination = left
        with self._changed:
            running = self._for_batches if place.step.route.batch else self._running
            others = running.setdefault(place, {})
            identity = (id(destination.client), entry.id) if entry.id else len(others)
            if others.setdefault(identity, left).entry != entry:
                msg = "found two entries of one record that differ and have one name, expected one for each"
                raise Reject(msg)
            self._take_ended(at_the_end=False)
            self._start_threads()
            if self._queue.is_due:
                self._changed.notify_all()
            while self._queue.requests > _MOST_THREADS * _REQUESTS_AHEAD and not (self._end or self._deadline.passed):
                self._changed.wait(LONGEST_WAIT)

    def send(self) -> Mapping[Place, Exception]:
        """Send all that is left of handlers that have ended well."""
        with self._changed:
            self._take_ended(at_the_end=True)
        return self._send()

    def send_of(self, step: StepOfRoute, failed: Collection[Place]) -> Exception | None:
        """Send what one handler has left."""
        with self._changed:
            for place in [place for place in self._for_batches if place.step is step]:
                entries = self._for_batches.pop(place)
                if place not in failed:
                    self._queue.add(entries.values())
        errors = self._send()
        of_step = {place: error for place, error in errors.items() if place.step is step}
        with self._changed:
            self._ends = False
            self._errors = {place: error for place, error in errors.items() if place.step is not step}
        self.settle(dict.fromkeys(of_step, True))  # the handler has failed, and all its changes come again
        return next(iter(of_step.values()), None)

    def settle(self, settled: Mapping[Place, bool]) -> None:
        """Go on with the items of which nothing comes again; what follows something that comes again does so, too."""
        with self._changed:
            for place in self._queue.settle(settled):
                msg = "an earlier entry of the item was not sent, and this one has to follow it"
                self._errors.setdefault(place, Unfinished(msg))

    def close(self) -> None:
        """End the threads."""
        with self._changed:
            self._end = self._end or SystemExit()
            self._changed.notify_all()
        self._join()

    # ------------------------------------------------------------------------------------------------------ inside

    def _send(self) -> Mapping[Place, Exception]:
        with self._changed:
            self._ends = True
            self._start_threads()
            self._changed.notify_all()
        self._send_requests()
        self._join()
        with self._changed:
            if self._end is not None:
                raise self._end
            for place in self._queue.drop_unsent():
                self._errors.setdefault(place, Unfinished("the time ran out before the entry was sent"))
            errors, self._errors = self._errors, {}
        return errors

    def _take_ended(self, *, at_the_end: bool) -> None:
        """Take the entries of handlers that have ended well, and drop those of handlers that failed."""
        running = self._running
        if at_the_end:
            running |= self._for_batches
            self._for_batches = {}
        for place in sorted(running, key=_position):
            well = self._ended_well(*place)
            if well:
                self._queue.add(running.pop(place).values())
            elif well is False or at_the_end:
                del running[place]

    def _start_threads(self) -> None:
        """Start threads, one for each full request and one that sends what waits for long."""
        needed = max(1, self._queue.requests) - self._ends  # where all is sent, this thread sends, too
        while len(self._threads) < min(needed, _MOST_THREADS):
            context = self._variables.copy()
            thread = threading.Thread(target=context.run, args=(self._send_requests,), name="outbox", daemon=True)
            thread.start()
            self._threads.append(thread)

    def _join(self) -> None:
        threads, self._threads = self._threads, []
        for thread in threads:
            thread.join()

    def _send_requests(self) -> None:
        late = False
        while request := self._next(late=late):
            late = self._deadline.passed
            try:
                errors = send_now([each.entry.payload for each in request], request[0].destination)
            except BaseException as error:  # noqa: BLE001 - raised where the outbox is sent
                self._stop(error)
                return
            with self._changed:
                for each, refusal in zip(request, errors, strict=True):
                    if refusal is not None:
                        self._errors.setdefault(each.place, refusal)
                self._queue.sent(request, errors)
                self._changed.notify_all()

    def _stop(self, error: BaseException) -> None:
        with self._changed:
            self._end = self._end or error
            self._changed.notify_all()

    def _next(self, *, late: bool) -> Sequence[Left]:
        """The entries of the next request, when there are enough; none when all is sent or the time is over.

        A request is begun after the deadline, too, because an entry that is never sent brings its record back for ever.
        """
        with self._changed:
            while self._end is None:
                self._take_ended(at_the_end=False)
                if self._deadline.passed and (late or not self._ends):
                    return ()
                if self._ends or self._queue.is_due:
                    if request := self._queue.take():
                        return request
                    if self._ends and not self._queue.under_way:
                        return ()
                self._changed.wait(None if self._ends else LONGEST_WAIT)
            return ()


def _position(place: Place) -> int:
    return place.position
