"""Entries that wait for a request, by item: those of an item are sent in their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Hashable, Mapping, Sequence
from time import monotonic
from typing import Final, NamedTuple

from router.effects.destination import Destination, Entry, Errors
from router.inject.outboxes import Place

__all__ = ["LONGEST_WAIT", "EntryQueue", "Left"]

LONGEST_WAIT: Final = 1.0
"""After how many seconds an entry is sent in a request that is not full."""


class Left(NamedTuple):
    """An entry with the place whose handler left it, and where it is sent to."""

    place: Place
    entry: Entry
    destination: Destination


class EntryQueue:
    """The entries of handlers that have ended well, by item, in the order in which they may be sent.

    Args:
        destination: The destination.
    """

    def __init__(self, destination: Destination) -> None:
        self._destination = destination
        self._items: dict[Hashable, deque[Left]] = {}
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
        return enough or self.requests > 1 or (self._entries > 0 and monotonic() - self._since > LONGEST_WAIT)

    def add(self, entries: Collection[Left]) -> None:
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

    def take(self) -> list[Left]:
        """Take the entries of a request."""
        destination, size = self._destination, 0
        taken: list[Left] = []
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

    def sent(self, request: Sequence[Left], errors: Errors) -> None:
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
