"""Entries that handlers leave for a service which takes several in a request.

An entry is sent when the handler that left it has ended well: a handler that fails leaves nothing. Full requests are
sent by threads of the outbox while the records run, and what is left when they have run. The entries of an item are
sent in their order: after one that has failed, none of the item is sent before it is known that it does not come again.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from time import monotonic
from typing import Any, Final, NamedTuple, Protocol

from router.change import Change
from router.effects.requests import RefusedForAll, pause
from router.errors import Reject, RouterError, Unfinished
from router.inject.outboxes import Outboxes, Place, StepOfRoute
from router.inject.scopes import Invocation, current_invocation

__all__ = ["Destination", "Entry", "leave", "send_now"]

_MOST_THREADS: Final = 3
_REQUESTS_AHEAD: Final = 2
"""How many full requests may wait for each thread. Then a handler that leaves an entry waits."""
_LONGEST_WAIT: Final = 1.0
"""After how many seconds an entry is sent in a request that is not full."""

Errors = Sequence[Exception | None]


class Destination(Protocol):
    """Where entries are sent to."""

    @property
    def key(self) -> Hashable:
        """Equal for destinations that keep one order of an item's entries."""
        ...

    @property
    def client(self) -> Any:
        """What makes the requests. Entries whose destinations have the same one may be in one request."""
        ...

    @property
    def most_entries(self) -> int:
        """The most entries of a request."""
        ...

    @property
    def most_bytes(self) -> int:
        """The largest sum of the sizes of a request's entries."""
        ...

    @property
    def in_order(self) -> bool:
        """Whether the service keeps an order, so that a request has one entry of an item at most."""
        ...

    def send(self, payloads: Sequence[Any]) -> Errors:
        """Send entries in one request, and return the error of each that was refused.

        An error that is no :class:`router.Reject` is of an entry that may be accepted later.

        Raises:
            Reject: No retry of this request can help.
            Exception: The request failed, and was tried again as long as that makes sense.
        """
        ...


class Entry(NamedTuple):
    """An entry.

    Args:
        payload: What is sent.
        size: Its size in bytes.
        item: Entries of one item are in order.
        id: Tells it from others of its handler and record: a second one with the same ID is the same, or an error.
    """

    payload: Any
    size: int
    item: Hashable
    id: str = ""


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
    outbox.add(_Left(place, entry, destination))


def send_now(payloads: Sequence[Any], destination: Destination) -> Errors:
    """Send entries in one request, those that may be accepted later again; return the error of each that was not."""
    errors, tries = [*_answers(payloads, destination)], 0
    while left := [place for place, error in enumerate(errors) if error is not None and not isinstance(error, _FINAL)]:
        tries += 1
        if not pause(tries):
            break
        for place, error in zip(left, _answers([payloads[place] for place in left], destination), strict=True):
            errors[place] = error
    return [error.error if isinstance(error, _Raised) else error for error in errors]


class _Raised(Exception):  # noqa: N818 - a mark
    """The error of a whole request, which was tried again already."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


_FINAL: Final = (Reject, _Raised)


def _answers(payloads: Sequence[Any], destination: Destination) -> Errors:
    """The error of each entry of a request. Of one that the service refuses as a whole, each half is sent apart."""
    try:
        answers = destination.send(payloads)
        if len(answers) != len(payloads):
            msg = f"found {len(answers)} answers for {len(payloads)} entries, expected one for each"
            raise RouterError(msg)
    except Reject as error:
        if len(payloads) == 1 or isinstance(error, RefusedForAll):
            return [error] * len(payloads)
        middle = len(payloads) // 2
        return [*_answers(payloads[:middle], destination), *_answers(payloads[middle:], destination)]
    except Exception as error:  # noqa: BLE001 - of botocore, for the policies
        return [_Raised(error)] * len(payloads)
    return answers


class _Left(NamedTuple):
    """An entry with the place whose handler left it, and where it is sent to."""

    place: Place
    entry: Entry
    destination: Destination


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
        self._running: dict[Place, dict[Hashable, _Left]] = {}
        """The entries of handlers that have not ended."""
        self._for_batches: dict[Place, dict[Hashable, _Left]] = {}
        """The entries of handlers of batches, which end when all records have run, and may leave many."""
        self._queue = _Queue(destination)
        self._errors: dict[Place, Exception] = {}

    def add(self, left: _Left) -> None:
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
                self._changed.wait(_LONGEST_WAIT)

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

    def _next(self, *, late: bool) -> Sequence[_Left]:
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
                self._changed.wait(None if self._ends else _LONGEST_WAIT)
            return ()


class _Queue:
    """The entries of handlers that have ended well, by item, in the order in which they may be sent.

    Args:
        destination: The destination.
    """

    def __init__(self, destination: Destination) -> None:
        self._destination = destination
        self._items: dict[Hashable, deque[_Left]] = {}
        self._next: deque[Hashable] = deque()
        """The items of which an entry may be sent now."""
        self._held: dict[Hashable, set[Place]] = {}
        """The items of which an entry has failed, with the places of such entries."""
        self._settled: dict[Place, bool] = {}
        self._entries = self._bytes = 0
        self._since = monotonic()
        self.under_way = 0
        """How many requests are under way."""

    @property
    def requests(self) -> int:
        """How many full requests wait."""
        return max(self._entries // self._destination.most_entries, self._bytes // self._destination.most_bytes)

    @property
    def is_due(self) -> bool:
        """Whether there is enough for a request, or something waits for long."""
        in_order = self._destination.in_order
        enough = len(self._next) >= self._destination.most_entries if in_order else self.requests > 0
        return enough or self.requests > 1 or (self._entries > 0 and monotonic() - self._since > _LONGEST_WAIT)

    def add(self, entries: Collection[_Left]) -> None:
        """Add the entries of a handler."""
        if not self._entries:
            self._since = monotonic()
        for left in entries:
            name = left.entry.item
            item = self._items.get(name)
            if item is None:
                item = self._items[name] = deque()
                self._next.append(name)
            item.append(left)
            if name not in self._held:
                self._count(1, left.entry)

    def take(self) -> list[_Left]:
        """Take the entries of a request."""
        destination, size = self._destination, 0
        taken: list[_Left] = []
        while self._next and len(taken) < destination.most_entries:
            item = self._items[self._next[0]]
            left = item[0]
            if taken and size + left.entry.size > destination.most_bytes:
                break
            if taken and left.destination.client is not taken[0].destination.client:
                break
            item.popleft()
            name = self._next.popleft()
            size += left.entry.size
            taken.append(left)
            self._count(-1, left.entry)
            if not destination.in_order:
                self._go_on(name)
        self._since = monotonic()
        self.under_way += bool(taken)
        return taken

    def _go_on(self, name: Hashable) -> None:
        """Let the next entry of an item be sent."""
        if self._items[name]:
            self._next.append(name)
        else:
            del self._items[name]

    def sent(self, request: Sequence[_Left], errors: Errors) -> None:
        """Note which entries of a request were refused."""
        self.under_way -= 1
        for left, error in zip(request, errors, strict=True):
            if error is not None:
                self._hold(left.entry.item, left.place)
            elif self._destination.in_order:
                self._go_on(left.entry.item)

    def _hold(self, name: Hashable, place: Place) -> None:
        if name in self._held:
            self._held[name].add(place)
            return
        self._held[name] = {place}
        for left in self._items.setdefault(name, deque()):
            self._count(-1, left.entry)
        if name in self._next:
            self._next.remove(name)

    def settle(self, settled: Mapping[Place, bool]) -> Collection[Place]:
        """Go on with held items of which no entry comes again; return the places of what follows one that does."""
        following: dict[Place, None] = {}
        self._settled.update(settled)
        for name, places in [*self._held.items()]:
            if not places <= self._settled.keys():
                continue
            del self._held[name]
            entries = self._items.pop(name)
            if any(self._settled[place] for place in places):
                following |= dict.fromkeys(each.place for each in entries if each.place not in places)
            else:
                self.add([each for each in entries if each.place not in places])
        return following

    def drop_unsent(self) -> Collection[Place]:
        """Drop what is neither sent nor held, and return its places."""
        unsent = {name: entries for name, entries in self._items.items() if name not in self._held}
        for name in unsent:
            del self._items[name]
        self._next.clear()
        self._entries = self._bytes = 0
        return dict.fromkeys(each.place for entries in unsent.values() for each in entries)

    def _count(self, sign: int, entry: Entry) -> None:
        self._entries += sign
        self._bytes += sign * entry.size


def _position(place: Place) -> int:
    return place.position
