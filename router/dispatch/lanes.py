"""In which order records run: one after the other, or lanes of records beside each other.

A lane is an item. Its records run in the order of the stream, always; records of different lanes may run at the same
time. After a failure, or when the time runs out, nothing new starts, and what did not start is deferred.
"""

from __future__ import annotations

import heapq
import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextvars import copy_context
from time import perf_counter
from typing import Any

from router.dispatch.delivery import UNDONE, Delivery
from router.inject.call import Loop
from router.outcomes import Outcome
from router.record import Record

__all__ = ["Lanes", "run_batches", "run_lanes", "undone_records"]

Deliver = Callable[[Record, list[Outcome]], bool]


class Lanes:
    """Runs the records of a batch in lanes, several lanes at a time.

    Whoever is free takes the earliest record whose lane is free, so that a failure leaves little finished behind it.

    Args:
        records: The records of the batch.
        deliver: Takes one along its routes and tells whether new ones may start.
        deadline: When, on the clock of ``perf_counter``, nothing may start any more, in seconds.
    """

    def __init__(self, records: Sequence[Record], deliver: Deliver, deadline: float) -> None:
        self._records = records
        self._deliver = deliver
        self._deadline = deadline
        self._outcomes: list[list[Outcome]] = [[] for _ in records]
        self._free = _lanes(records)
        self._stopped = False
        self._lock = threading.Lock()

    def run(self, concurrency: int, loop: Loop, submit: Callable[[Callable[[], None]], Any]) -> list[Outcome]:
        """Run them.

        Args:
            concurrency: How many lanes may run at a time.
            loop: The container's event loop, which runs here meanwhile.
            submit: Starts a function in a thread and returns its concurrent future.
        """
        workers = min(concurrency, len(self._free))
        context = copy_context()
        works = [lambda: context.copy().run(self._work) for _ in range(workers)]
        if works:
            loop.run_beside(works, submit, self._stop)
        return [
            outcome
            for record, outcomes in zip(self._records, self._outcomes, strict=True)
            for outcome in (outcomes or [Outcome("deferred", record)])
        ]

    def _stop(self) -> None:
        self._stopped = True

    def _work(self) -> None:
        while (lane := self._take()) is not None:
            go_on = False
            try:
                go_on = self._deliver(self._records[lane[0]], self._outcomes[lane[0]])
            finally:
                self._give_back(lane, go_on)

    def _take(self) -> deque[int] | None:
        with self._lock:
            if self._stopped or not self._free or perf_counter() > self._deadline:
                return None
            return heapq.heappop(self._free)[1]

    def _give_back(self, lane: deque[int], go_on: bool) -> None:
        with self._lock:
            lane.popleft()
            self._stopped = self._stopped or not go_on
            if lane:
                heapq.heappush(self._free, (lane[0], lane))


def _lanes(records: Sequence[Record]) -> list[tuple[int, deque[int]]]:
    """The positions of each lane's records, as a heap by the lane's earliest."""
    lanes: dict[Hashable, deque[int]] = {}
    for position, record in enumerate(records):
        lanes.setdefault(_lane(record), deque()).append(position)
    return [(lane[0], lane) for lane in lanes.values()]


def _lane(record: Record) -> Hashable:
    try:
        return record.lane
    except (RecursionError, TypeError):
        return None  # such keys name no item: the record is among those that do not say whose they are


def run_lanes(
    delivery: Delivery, concurrency: int, loop: Loop, submit: Callable[[Callable[[], None]], Any], deadline: float
) -> None:
    """Take the records of a delivery along their routes, in lanes; the arguments are those of :class:`Lanes`."""
    delivery.run_lanes(lambda deliver: Lanes(delivery.records, deliver, deadline).run(concurrency, loop, submit))


def run_batches(delivery: Delivery, deadline: float) -> None:
    """Call each ``on_batch`` handler with the changes of those records that stand before everything undone.

    The others come again, and with them the call. Handlers are called in the order of registration; after one that
    failed, none is.

    Args:
        delivery: What gathered the changes.
        deadline: When, on the clock of ``perf_counter``, nothing may start any more, in seconds.
    """
    if not delivery.gathered:
        return
    delivery.stopped = True  # for all that is known: not each of them may be called, or succeed
    outcomes, records = delivery.outcomes(), delivery.records
    positions = {id(record): position for position, record in enumerate(records)}
    waiting = {id(outcome) for gathered in delivery.gathered.values() for _, outcome in gathered.changes}
    undone = (outcome for outcome in outcomes if outcome.status in UNDONE and id(outcome) not in waiting)
    end = min((positions[id(outcome.record)] for outcome in undone), default=len(records))
    for gathered in sorted(delivery.gathered.values(), key=lambda gathered: gathered.step.position):
        placed = ((positions[id(outcome.record)], change, outcome) for change, outcome in gathered.changes)
        ready = sorted((entry for entry in placed if entry[0] < end), key=lambda entry: entry[0])
        if perf_counter() > deadline:
            return
        if ready and not delivery.call_batch(gathered.step, [(change, outcome) for _, change, outcome in ready]):
            return


def undone_records(outcomes: Iterable[Outcome]) -> list[Record]:
    """The records that have to come again, each once, in order."""
    return list({id(outcome.record): outcome.record for outcome in outcomes if outcome.status in UNDONE}.values())
