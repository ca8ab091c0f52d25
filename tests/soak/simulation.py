"""A soak in this process: simulated sources, and containers that end and are replaced.

Every invocation goes to one of four containers, as Lambda chooses any that is idle. A container that is killed, or that
hangs beyond the time-out, gives no response, and a new one takes its place.
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from router import Dispatcher
from router.completed import MemoryCompleted
from router.effects import MemoryEvents, MemoryTables
from router.testing import Context
from tests.soak.app import make_app
from tests.soak.contestant import make_contestant
from tests.soak.database import Database
from tests.soak.effects import EFFECTS, PARENT, make_effects
from tests.soak.faults import Faults
from tests.soak.histories import Write, damaged, histories
from tests.soak.redeliveries import Redeliveries
from tests.soak.sources import SOURCES, Answer, Json

__all__ = ["Killed", "Simulation"]

_CONTAINERS = 4
_AT_A_TIME = 1_000
_RESPONSE_LOST = 0.01
_REFUSED = 20  # events, which are sent again
Handler = Callable[[Any, Any], Any]


class Killed(BaseException):
    """The end of a container, as by ``kill -9``: nothing after it runs, and no response is sent."""


class _Deeds:
    """Faults without real time."""

    def die(self) -> None:
        raise Killed

    def hang(self) -> None:
        raise Killed

    def wait(self, seconds: float) -> None:
        """Time does not pass here."""


class _Shared:
    """A store that outlives containers, as a table does."""

    def __init__(self) -> None:
        self._pairs = MemoryCompleted()
        self.recall, self.remember, self.forget = self._pairs.recall, self._pairs.remember, self._pairs.forget


class Simulation:
    """A run.

    Args:
        path: The file of the database, which is not there yet.
        changes: How many changes there are.
        seed: Of the histories and of the faults.
        source: The name of the source in :data:`tests.soak.sources.SOURCES`.
        by: ``shared``: the Dispatcher with one store of completed routes for all containers; ``memory``: with one in
            each; ``effects``: one whose handlers are effects; ``powertools``.
        concurrency: How many lanes of a batch run at a time.
        intensity: A factor of the rates of all faults; 0 for none.
        broken: Makes a handler of that of a container, to see that the checker finds what is wrong with it.
    """

    def __init__(
        self,
        path: Path,
        changes: int,
        *,
        seed: int = 1,
        source: str = "streams",
        by: str = "shared",
        concurrency: int = 4,
        intensity: float = 1.0,
        broken: Callable[[Handler], Handler] = lambda handler: handler,
    ) -> None:
        self._changes = changes
        self._seed = seed
        self._database = Database(path)
        self._faults = Faults(self._database, _Deeds(), seed, intensity, changes)
        self._by = by
        self._concurrency = concurrency
        self._broken = broken
        self._intensity = intensity
        self._shared = _Shared()
        self._tables = MemoryTables()
        self._events = MemoryEvents()
        self._events.refuse("InternalError", lambda event: event.detail["number"] % 5 == 0, times=_REFUSED)
        self._redeliveries = Redeliveries(path, seed)
        self._chosen = random.Random(seed)
        self._source = SOURCES[source](self._invoke, self._give_up, self._chosen)
        self._deliveries: Counter[str] = Counter()
        self._unanswered: Counter[str] = Counter()
        self._malformed: dict[str, int] = {}  # the number of the change of each damaged record, by its event ID
        self._apps: dict[int, Dispatcher] = {}  # of the containers, to close what they have open
        self._containers = [self._container(number) for number in range(_CONTAINERS)]

    def run(self, progress: Callable[[int], object] = lambda _: None) -> None:
        """Write and deliver all changes.

        Args:
            progress: Receives the number of changes that are handled, parked or given up.
        """
        done = 0
        for writes in _portions([*histories(self._changes, self._seed)]):
            self._database.write_changes((write.item, write.number, write.event, write.kind) for write in writes)
            self._keep_parents(writes)
            records = [*self._records(writes, done)]
            self._database.write_stream(
                (record["eventID"], write.item, write.number) for write, record in zip(writes, records, strict=True)
            )
            self._source.deliver(records)
            done += len(writes)
            progress(done)
        self._database.write_deliveries(self._deliveries, self._unanswered)
        for number in range(_CONTAINERS):
            self._close(number)
        if self._by == "effects":
            self._deliver_again()
            self._database.write_items([*self._tables.items(EFFECTS), *self._told()])
        self._database.close()

    def _keep_parents(self, writes: list[Write]) -> None:
        for write in writes:
            key = {"pk": {"S": write.item}, "sk": {"S": PARENT}}
            if write.event == "INSERT":
                self._tables.put_item(TableName=EFFECTS, Item=key)
            elif write.event == "REMOVE":
                self._tables.delete_item(TableName=EFFECTS, Key=key)

    def _told(self) -> Iterator[Json]:
        """The numbers of each item's events, as a listener has them that recognises IDs."""
        numbers: defaultdict[str, list[int]] = defaultdict(list)
        for event in self._events.once.values():
            numbers[event.detail["item"]].append(event.detail["number"])
        for item, found in numbers.items():
            yield {"pk": item, "sk": "EVENTS", "numbers": found}

    def _deliver_again(self) -> None:
        faults = Faults(self._database, _Deeds(), self._seed, intensity=0, changes=self._changes)
        with closing(make_effects(self._tables, self._database, faults, events=self._events)) as app:
            self._redeliveries.deliver(
                lambda event: app({"Records": [self._delivered(record) for record in event["Records"]]}, Context())
            )

    def _records(self, writes: list[Write], done: int) -> Iterator[Json]:
        for count, write in enumerate(writes, start=done + 1):
            if write.kind == "malformed":
                self._malformed[f"e{count}"] = write.number
            yield self._source.images.record(write, count)

    def _container(self, number: int) -> Handler:
        if self._by == "powertools":
            return self._broken(make_contestant(self._database, self._faults))
        completed = self._shared if self._by == "shared" else MemoryCompleted()
        make = partial(make_effects, self._tables, events=self._events) if self._by == "effects" else make_app
        app = make(self._database, self._faults, concurrency=self._concurrency, completed=completed)
        self._apps[number] = app
        return self._broken(app)

    def _end(self, number: int) -> None:
        """End a container; another one takes its place."""
        self._close(number)
        self._containers[number] = self._container(number)

    def _close(self, number: int) -> None:
        if number in self._apps:
            self._apps.pop(number).close()

    def _invoke(self, records: list[Json], wrap: Callable[[list[Json]], Any]) -> Answer:
        """Deliver records to one of the containers; ``None`` if it gives no response."""
        self._deliveries.update(record["eventID"] for record in records)
        self._redeliveries.note(records)
        event = wrap([self._delivered(record) for record in records])
        number = self._chosen.randrange(_CONTAINERS)
        answer: Answer
        try:
            answer = self._containers[number](json.loads(json.dumps(event)), Context())
        except Killed:
            self._end(number)
            answer = None
        except Exception:  # noqa: BLE001 - any error of a handler is a function error
            answer = None
        if self._chosen.random() < _RESPONSE_LOST * self._intensity:
            self._database.count("fault: killed before the response")
            self._end(number)
            answer = None
        if answer is None:
            self._unanswered.update(record["eventID"] for record in records)
        return answer

    def _delivered(self, record: Json) -> Json:
        number = self._malformed.get(record["eventID"])
        return record if number is None else damaged(record, number)

    def _give_up(self, records: list[Json]) -> None:
        self._database.write_document("discarded", None, json.dumps({"payload": json.dumps({"Records": records})}))


def _portions(writes: list[Write]) -> Iterator[list[Write]]:
    for start in range(0, len(writes), _AT_A_TIME):
        yield writes[start : start + _AT_A_TIME]
