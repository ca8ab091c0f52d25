"""Several lanes of records at a time.

A lane is an item. Its records run in the order of the stream; records of different lanes may run at the same time.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any

from router.dispatch.delivery import Delivery
from router.inject.event_loop import Loop
from router.inject.turns import Begin, Worker

__all__ = ["Lanes", "run_lanes"]


class Lanes:
    """Hands out the positions of records to workers: the earliest record whose lane is free comes next.

    So a failure leaves little completed behind it.

    Args:
        positions: The positions of the records to run, in rising order.
        lanes: The lane of every record of the event.
    """

    def __init__(self, positions: Iterable[int], lanes: Sequence[Hashable]) -> None:
        self._next: dict[int, int] = {}  # the next position in the lane of a position
        self._free: list[int] = []  # a heap: the first position of each lane that no worker holds
        latest: dict[Hashable, int] = {}
        for position in positions:
            lane = lanes[position]
            if lane in latest:
                self._next[latest[lane]] = position
            else:
                self._free.append(position)
            latest[lane] = position
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._free)

    def positions(self, delivery: Delivery) -> Iterator[int]:
        """The positions for one worker, until the delivery is stopped. A worker holds a lane until its next position.

        Args:
            delivery: The delivery whose records run.
        """
        following: int | None = None
        while True:
            with self._lock:
                if delivery.stopped:
                    return
                if following is not None:
                    position = heapq.heappushpop(self._free, following)
                elif self._free:
                    position = heapq.heappop(self._free)
                else:
                    return
            yield position
            following = self._next.get(position)


def run_lanes(
    delivery: Delivery,
    lanes_of: Sequence[Hashable],
    concurrency: int,
    loop: Loop,
    submit: Callable[[], Callable[[Callable[[], None]], Any]],
    *,
    as_tasks: bool,
) -> None:
    """Run the records of a delivery in lanes: as tasks of one loop, or else in threads, of which any may wait.

    Args:
        delivery: The delivery.
        lanes_of: The lane of each record.
        concurrency: How many lanes may run at a time.
        loop: The container's event loop, which runs in this thread meanwhile.
        submit: Gives what starts a function in a thread and returns its concurrent future.
        as_tasks: Whether plain code waits for nothing, so that the lanes need no threads.
    """
    lanes = Lanes(delivery.positions, lanes_of)
    workers = min(concurrency, len(lanes))
    if not workers:
        return

    def stop() -> None:
        delivery.stopped = True

    if as_tasks:

        def make_workers(begin: Begin) -> list[Worker]:
            delivery.wait_for = begin
            return [delivery.run_lane(lanes.positions(delivery)) for _ in range(workers)]

        loop.run_in_turn(make_workers, stop)
        return

    def work() -> None:
        try:
            delivery.run(lanes.positions(delivery))
        except BaseException:
            delivery.stopped = True
            raise

    loop.run_beside(work, workers, submit(), stop)
