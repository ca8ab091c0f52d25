"""Schedules of deliveries: each record several times, in another order, from concurrent containers that crash.

A delivery is a call of a handler with one record. It runs in a thread that stops before each of its requests, and the
schedule chooses whose request is made next. A container may crash before a request, after it, or so that its request is
made later, when the container is gone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Protocol
from uuid import uuid4

from router import Change, Event, Insert, Modify, Record, Remove
from router.effects import MemoryTables
from router.effects.attributes import to_attributes

__all__ = ["Tables", "WithClient", "change", "changes_of", "deliver"]

Item = dict[str, Any]
Handler = Callable[[Any, Any], object]
"""Handles a change, or the changes of a batch, with the client that it is given."""


class WithClient(Protocol):
    """What has the client that a handler is given, in front of which the schedule stands."""

    client: Any


class Tables:
    """Tables of one test, whose names are its own, and a client of them that an effect is given."""

    def __init__(self, tables: Any) -> None:
        self._tables = tables
        self._suffix = f"-{uuid4().hex}"
        self.client: Any = getattr(tables, "client", tables)

    def name(self, table: str) -> str:
        name = table + self._suffix
        return name if isinstance(self._tables, MemoryTables) else str(self._tables.made(name))

    def put(self, table: str, item: Item) -> None:
        self._tables.put(self.name(table), item)

    def items(self, table: str) -> list[Item]:
        found: list[Item] = self._tables.items(self.name(table))
        return found

    def again(self) -> Tables:
        """Empty tables of the same kind."""
        return Tables(self._tables)


def change(number: int, old: Item | None, new: Item | None, **body: Any) -> Change[Item]:
    """The change of an item with a sequence number, and the seconds of its time with it."""
    images = {"OldImage": old, "NewImage": new}
    dynamodb = {
        "SequenceNumber": str(number),
        "ApproximateCreationDateTime": 1_760_000_000 + number % 1_000,
        **{name: to_attributes(image) for name, image in images.items() if image is not None},
        **body,
    }
    event = Event.INSERT if old is None else Event.DELETE if new is None else Event.MODIFY
    return _change(old, new, Record({"eventID": f"event-{number}", "dynamodb": dynamodb}, dynamodb, event))


def _change(old: Item | None, new: Item | None, record: Record) -> Change[Item]:
    if old is None:
        return Insert(new or {}, record)
    return Remove(old, record) if new is None else Modify(new, old, record)


def changes_of(
    writes: Sequence[tuple[str, Item | None]], first: int = 98, items: dict[str, Item] | None = None
) -> list[Change[Item]]:
    """The changes that writes cause, an item or none under an ID each; what does not change an item is none.

    The numbers get a digit more on the way, where texts and integers sort in different orders.

    Args:
        writes: The writes.
        first: The first number.
        items: The items that are there before, which become those that are there in the end.
    """
    items = {} if items is None else items
    changes: list[Change[Item]] = []
    for name, item in writes:
        old, new = items.get(name), None if item is None else {"id": name, **item}
        if old == new:
            continue
        changes.append(change(first + len(changes), old, new))
        if new is None:
            del items[name]
        else:
            items[name] = new
    return changes


class Crash(BaseException):
    """The container is gone."""


class _Gate:
    """A client whose requests wait for the schedule."""

    def __init__(self, client: Any, container: _Container) -> None:
        self._client = client
        self._container = container

    def __getattr__(self, operation: str) -> Any:
        return lambda **parameters: self._container.request(lambda: getattr(self._client, operation)(**parameters))


class _Container(threading.Thread):
    """One delivery."""

    def __init__(self, client: Any, handle: Handler, given: Any, crash: tuple[int, str] | None) -> None:
        super().__init__(daemon=True)
        self.gate = _Gate(client, self)
        self.handle, self.given, self.crash = handle, given, crash
        self.requests, self.over, self.crashed = 0, False, False
        self.left: Callable[[], Any] | None = None
        self.error: BaseException | None = None
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self._one_request = threading.Lock()  # for the threads of an outbox

    def run(self) -> None:
        self._go.acquire()
        try:
            self.handle(self.gate, self.given)
        except BaseException as error:  # noqa: BLE001 - the schedule looks at it
            self.error = error
        self.over = True
        self._stopped.release()

    def request(self, make: Callable[[], Any]) -> Any:
        with self._one_request:
            self._stopped.release()
            self._go.acquire()
            self.requests += 1
            how = self.crash[1] if self.crash and self.crash[0] == self.requests else ""
            self.crashed = self.crashed or bool(how)
            if how == "late":
                self.left = make
            if self.crashed and how != "after":
                raise Crash
            answer = make()
            if self.crashed:
                raise Crash
            return answer

    def step(self) -> None:
        """Run until the next request, or to the end."""
        if self.ident is None:
            self.start()
        self._go.release()
        self._stopped.acquire()


def deliver(tables: WithClient, handle: Handler, changes: Sequence[Any], seed: int, *, containers: int = 3) -> int:
    """Deliver changes, or batches, one to five times each, in any order; return the number of deliveries.

    The last delivery of each is without a crash.
    """
    random = Random(seed)  # noqa: S311 - a schedule that can be repeated
    waiting = [each for each in changes for _ in range(random.randint(1, 5))]
    random.shuffle(waiting)
    last = {id(each): position for position, each in enumerate(waiting)}
    queue = [(each, position == last[id(each)]) for position, each in enumerate(waiting)]
    running: list[_Container] = []
    late: list[Callable[[], Any]] = []
    while queue or running or late:
        if (late and random.random() < 0.2) or not (queue or running):
            _make_late(late.pop(random.randrange(len(late))))
        elif queue and len(running) < containers and (not running or random.random() < 0.5):
            each, surely = queue.pop(0)
            running.append(_Container(tables.client, handle, each, None if surely else _crash(random)))
        else:
            container = random.choice(running)
            container.step()
            if container.over:
                running.remove(container)
                container.join()
                late += [container.left] if container.left else []
                if container.error is not None and not isinstance(container.error, Crash):
                    raise container.error
    return len(waiting)


def _crash(random: Random) -> tuple[int, str] | None:
    return (random.randint(1, 3), random.choice(["before", "after", "late"])) if random.random() < 0.5 else None


def _make_late(make: Callable[[], Any]) -> None:
    try:
        make()
    except ConnectionError:
        pass
    except Exception as error:
        if not any(word in str(error) for word in ("ConditionalCheckFailed", "TransactionCanceled")):
            raise
