"""A backfill: existing items in batches to a target, from a checkpoint to the end or to a stop."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from itertools import groupby
from typing import Any

from router.local.backfill.checkpoint import Checkpoint, FailedItem
from router.local.backfill.existing_items import BackfillError, ExistingItem, ExistingItems
from router.local.backfill.targets import Target
from router.local.deployed_function import FunctionError

__all__ = ["Backfill"]

_MOST_FAILED_INVOCATIONS = 12  # in a row: a batch of 1,000 items is halved ten times until one item is alone
_TICK = 0.1  # seconds


class Backfill:
    """Sends existing items to a target.

    A batch whose invocation fails as a whole is halved until one item is alone, which fails then. Where every
    invocation fails, the backfill ends, and the next run begins with those items.

    Args:
        items: The items.
        target: The target.
        checkpoint: What earlier runs have done.
        takes: Whether to send an item; the others are counted only.
        batch_size: The most items of an invocation.
        limit: The most items of this run.
        sent: Called with the number of items that were read, after each batch.
        stop: Set to end after the batches in flight.
    """

    def __init__(
        self,
        items: ExistingItems,
        target: Target,
        checkpoint: Checkpoint,
        *,
        takes: Callable[[Mapping[str, Any]], bool] = lambda _: True,
        batch_size: int = 100,
        limit: int | None = None,
        sent: Callable[[int], object] = lambda _: None,
        stop: threading.Event | None = None,
    ) -> None:
        self._items = items
        self._target = target
        self._checkpoint = checkpoint
        self._takes = takes
        self._batch_size = batch_size
        self._left = limit
        self._sent = sent
        self._stop = stop or threading.Event()
        self._lock = threading.Lock()
        self._stopped: Callable[[], bool] = lambda: False
        self._failed_invocations = 0
        self.items = 0
        self.passed_over = 0
        self.retried = 0
        self.outcomes: Counter[str] = Counter()

    @property
    def is_finished(self) -> bool:
        """Whether all items were sent, in this run or in earlier ones."""
        return all(map(self._checkpoint.is_finished, self._items.parts))

    def run(self, workers: int, stopped: Callable[[], bool] = lambda: False) -> None:
        """Send the items that earlier runs have not sent, then those that had failed.

        Args:
            workers: How many parts at a time.
            stopped: Whether to end after the batches in flight, asked between two items.

        Raises:
            BackfillError: Items cannot be read, or every invocation fails.
            FunctionNotInvokedError: No invocation is possible.
        """
        self._stopped = stopped
        failures = self._checkpoint.failures
        unfinished = [part for part in self._items.parts if not self._checkpoint.is_finished(part)]
        with ThreadPoolExecutor(workers, thread_name_prefix="part") as pool:
            waiting = [pool.submit(self._run_part, part) for part in unfinished]
            self._wait(waiting)
            by_part = groupby(sorted(failures, key=lambda each: each.part), key=lambda each: each.part)
            self._wait([pool.submit(self._run_again, part, [*failed]) for part, failed in by_part])

    def _ends(self) -> bool:
        return self._stop.is_set() or self._stopped()

    def _wait(self, futures: Iterable[Future[None]]) -> None:
        """Wait until all end; after an error or a stop, the others end with their batches."""
        waiting = set(futures)
        while waiting:
            if self._stopped():
                self._stop.set()  # for who waits for it
            done, waiting = wait(waiting, _TICK, FIRST_EXCEPTION)
            if any(each.exception() for each in done):
                self._stop.set()
                wait(waiting)
            for each in done:
                each.result()

    def _run_part(self, part: str) -> None:
        items = self._items.read(part, self._checkpoint.position(part))
        is_over = False
        while not (is_over or self._ends()) and (size := self._allowed()):
            batch, is_over = self._batch(items, size)
            self._give_back(size - len(batch))
            if batch:
                self._handle(part, batch)
        if is_over:
            self._checkpoint.finish(part)

    def _batch(self, items: Iterator[ExistingItem], size: int) -> tuple[list[ExistingItem], bool]:
        """The next items of a part, and whether there are no more."""
        batch = []
        for item in items:
            batch.append(item)
            if len(batch) == size or self._ends():
                return batch, False
        return batch, True

    def _handle(self, part: str, batch: Sequence[ExistingItem]) -> None:
        taken = [item for item in batch if self._takes(item.wire)]
        outcomes, failed = self._send_all(part, taken)
        self._checkpoint.advance(part, batch[-1].position, len(batch), outcomes, failed)
        with self._lock:
            self.items += len(batch)
            self.passed_over += len(batch) - len(taken)
        self._sent(len(batch))

    def _run_again(self, part: str, failures: Sequence[FailedItem]) -> None:
        while failures and not self._ends() and (size := self._allowed()):
            again, failures = failures[:size], failures[size:]
            self._give_back(size - len(again))
            found = [*self._items.read_again(part, [each.position for each in again])]
            outcomes, failed = self._send_all(part, found)
            self._checkpoint.settle(again, failed, outcomes)
            with self._lock:
                self.retried += len(again)

    def _allowed(self) -> int:
        """How many items the next batch may have; none at the limit."""
        with self._lock:
            if self._left is None:
                return self._batch_size
            size = min(self._batch_size, self._left)
            self._left -= size
            return size

    def _give_back(self, items: int) -> None:
        with self._lock:
            if self._left is not None:
                self._left += items

    def _send_all(self, part: str, items: Sequence[ExistingItem]) -> tuple[Counter[str], list[FailedItem]]:
        places = {str(item.wire["eventID"]): item for item in items}
        outcomes: Counter[str] = Counter()
        failed: list[FailedItem] = []
        for wires in self._target.slices([item.wire for item in items]):
            for some_outcomes, reasons in self._send(wires):
                outcomes.update(some_outcomes)
                failed += [FailedItem(part, places[each].position, reason) for each, reason in reasons.items()]
        with self._lock:
            self.outcomes.update(outcomes)
        return outcomes, failed

    def _send(self, wires: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Counter[str], Mapping[str, str]]]:
        """The outcomes and the failed items of invocations until no item waits."""
        while wires:
            try:
                sent = self._target.send(wires)
                if len(sent.deferred) == len(wires):
                    msg = "found no item that starts before the time runs out, expected one"
                    raise FunctionError(msg)
            except FunctionError as error:
                self._note_failed_invocation(error)
                if len(wires) == 1:
                    yield Counter(failed=1), {str(wires[0]["eventID"]): str(error)}
                    return
                middle = len(wires) // 2
                yield from self._send(wires[:middle])
                yield from self._send(wires[middle:])
                return
            self._failed_invocations = 0
            counts = Counter({status: count for status, count in sent.outcomes.items() if status != "deferred"})
            yield counts, sent.failed
            wires = [wire for wire in wires if wire["eventID"] in sent.deferred]

    def _note_failed_invocation(self, error: FunctionError) -> None:
        with self._lock:
            self._failed_invocations += 1
            if self._failed_invocations >= _MOST_FAILED_INVOCATIONS:
                msg = f"{error}; {self._failed_invocations} invocations in a row have failed"
                raise BackfillError(msg)
