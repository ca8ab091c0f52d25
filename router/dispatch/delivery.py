"""The records of one invocation, each taken along its way: the one loop over records."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Hashable, Iterable, Iterator
from contextvars import Context
from typing import TYPE_CHECKING, Any
from weakref import ref

from router.dispatch.failure import Failures
from router.dispatch.gathered import Entry, Gathered
from router.dispatch.redelivery import Known
from router.dispatch.results import Results
from router.errors import any_error
from router.inject.context_variables import comparable
from router.inject.scopes import Invocation
from router.outcomes import Outcome, Stage, comes_again
from router.planning.plan import Plan
from router.planning.shared_values import watched
from router.planning.step import Mark, Step, Waiting
from router.planning.way import skip_record
from router.record import Record, Records
from router.sources import Received

if TYPE_CHECKING:
    import asyncio

    from router.dispatch.windows import Windows

__all__ = ["Delivery"]


class Delivery:
    """Takes the records of one invocation along their ways.

    Args:
        plan: The Dispatcher's plan.
        failures: Settles failures.
        invocation: The invocation.
        received: Its records, with the groups that are delivered again together.
        known: What earlier deliveries have completed of them.
        windows: Their tumbling window; ``None`` without ``on_window`` routes.
    """

    __slots__ = (
        "_plan",
        "counter",
        "deadline",
        "failed_groups",
        "failures",
        "find_record",
        "for_batches",
        "groups",
        "invocation",
        "known",
        "positions",
        "records",
        "results",
        "stopped",
        "unrouted_entities",
        "wait_for",
        "watch",
        "windows",
    )

    def __init__(
        self,
        plan: Plan,
        failures: Failures,
        invocation: Invocation,
        received: Received,
        known: Known | None,
        windows: Windows | None = None,
    ) -> None:
        self._plan = plan
        self.failures = failures
        self.invocation = invocation
        self.deadline = invocation.deadline.at
        self.counter = invocation.deadline.counter
        self.wait_for: Callable[[Any], asyncio.Task[Any] | None] = invocation.wait_for
        self.records = records = received.records
        self.groups = received.groups
        self.failed_groups: set[Hashable] = set()
        self.known = known
        self.find_record = _record_finder(records, plan.read_entity)
        self.results = Results(records, self.find_record)
        self.positions: Iterable[int] = range(len(records.wires))
        self.for_batches: dict[str, Gathered] = {}
        self.unrouted_entities: set[str] = set()
        self.stopped = False
        self.watch = watched.get()
        self.windows = windows

    def pass_over(self, positions: Collection[int]) -> None:
        """Skip records before they reach a route.

        Args:
            positions: Their positions.
        """
        for position in positions:
            self.results.marks[position] = Outcome("skipped", self.records.at(position))
        self.positions = [position for position in self.positions if position not in positions]

    def run(self, positions: Iterable[int]) -> None:
        """Take records along their ways, and wait for each."""
        for _ in self.run_lane(positions):
            pass

    def run_lane(self, positions: Iterable[int]) -> Iterator[asyncio.Task[Any]]:
        """Take records along their ways, until one has to be delivered again or the time runs out.

        Yields each task that has to end before the next record starts, if :attr:`wait_for` returns tasks.

        No record sees the context variables that another one has set: each finds those of the invocation. An unchanged
        context serves the next record too, because to make one for each record costs more than to compare.

        Args:
            positions: The positions of the records. The next one is asked for when the record before it is finished.
        """
        variables = self.invocation.variables
        records = self._run_records(positions, comparable(variables))
        next(records)
        try:
            while True:
                context = variables.copy()
                while (task := context.run(records.send, context)) is not None:
                    yield task
        except StopIteration:  # of the records
            return

    def _run_records(  # noqa: C901 - as it says
        self, positions: Iterable[int], unchanged: object
    ) -> Generator[asyncio.Task[Any] | None, Context, None]:
        """Take records along their ways, in the contexts that are sent.

        Yields each task that a record waits for, and ``None`` where the next record needs another context.

        Every record passes through this loop, so it looks ways up itself and reads the clock once a record.

        Args:
            positions: The positions of the records.
            unchanged: Equal to a context while that is unchanged.
        """
        raws, marks, durations, deadline = self.records.wires, self.results.marks, self.results.durations, self.deadline
        index, skips_unrouted = self._plan.index, self._plan.skips_unrouted
        attribute, with_new, without_new = index.attribute, index.with_new_image, index.without_new_image
        entities, skipped, groups = self.unrouted_entities, skip_record, self.groups
        counter, parker = self.counter, self.failures.parker
        waiting, holds = parker.waiting, parker.holds
        depends_on_others = groups is not None or parker.takes_several
        context, now = (yield None), counter()
        for position in positions:
            if now > deadline:
                self.stopped = True
                return
            if depends_on_others:
                if waiting and holds(position):
                    self.park_waiting()
                    if self.stopped:
                        return
                if groups is not None and groups[position].name in self.failed_groups:
                    continue
            raw = raws[position]
            # Only a record with nothing unusual about it gets past this block.
            try:
                body = raw["dynamodb"]
                if "NewImage" in body:
                    ways = with_new[raw["eventName"]]
                    image = new = body["NewImage"]
                    old = None
                    if "OldImage" in body:
                        old = body["OldImage"]
                        if type(old) is not dict or not old:
                            raise TypeError
                else:
                    ways = without_new[raw["eventName"]]
                    if "userIdentity" in raw:
                        raise TypeError
                    image = old = body["OldImage"]
                    new = None
                entity = image[attribute]["S"]
                way = ways.get(entity)
                if way is None:
                    if entity not in entities:
                        if not (skips_unrouted and entity and type(entity) is str):
                            raise KeyError
                        entities.add(entity)
                    marks[position] = "unrouted"
                    continue
            except (KeyError, TypeError):
                mark = self._deliver_exactly(position)
            else:
                if way is skipped:
                    marks[position] = None
                    continue
                mark = way(self, raw, position, new, old)  # pyright: ignore[reportArgumentType]  # as below
            while type(mark) is Waiting:
                yield mark.task
                mark = mark.resume()
            marks[position] = mark  # type: ignore[assignment]  # mypy does not narrow by an exact type
            end = counter()
            durations[position] = end - now
            now = end
            if self.stopped:
                return
            try:
                changed = context != unchanged
            except Exception:  # noqa: BLE001 - only values that are not the same are compared, and may raise anything
                changed = True
            if changed:
                context = yield None

    def _deliver_exactly(self, position: int) -> Mark | Waiting:
        """Take a record along its way after a look at all that can be unusual about it."""
        record, plan = self.records.at(position), self._plan
        if record.flaw is not None:
            return self._settled(self.failures.settle(record, position, *record.flaw), position)
        try:
            record.entity = plan.read_entity(record)
        except any_error() as error:  # of a discriminator that is the user's own function
            return self._settled(self.failures.settle(record, position, "envelope", error), position)
        way = plan.way(record.entity, record.event)
        if way == "unrouted":
            return self._unrouted(record, position)
        # An item has its keys at least, so an empty image is none.
        new, old = record.new_image or None, record.old_image or None
        # pyright takes a function in a slot for a method.
        return way(self, record.wire, position, new, old)  # pyright: ignore[reportArgumentType]

    def _unrouted(self, record: Record, position: int) -> Mark:
        if not self._plan.skips_unrouted:
            return self._settled(self.failures.settle_unrouted(record, position), position)
        if record.entity is not None:
            self.unrouted_entities.add(record.entity)
        return "unrouted"

    def _settled(self, outcome: Outcome, position: int) -> Outcome:
        if comes_again(outcome):
            self._undone_at(position)
        elif self.failures.parker.is_full:
            self.failures.parker.park_waiting(self.failures.parker.most - 1, self._undone_at)
        return outcome

    def _undone_at(self, position: int) -> None:
        """After a record that has to be delivered again, nothing of its group starts."""
        if self.groups is None:
            self.stopped = True
        else:
            self.failed_groups.add(self.groups[position].name)

    def park_waiting(self) -> None:
        """Park the records that wait for it."""
        self.failures.parker.park_waiting(0, self._undone_at)

    # --------------------------------------------------------------------------------------- what steps report

    def has_completed(self, key: str, position: int) -> bool:
        """Whether an earlier delivery has completed a record at the route with this key."""
        return self.known is not None and self.known.has_completed(key, position)

    def failed(self, step: Step, raw: Any, position: int, stage: Stage, error: BaseException) -> Outcome:
        """Settle a failure at a step."""
        record = self.find_record(raw, position)
        return self._settled(self.failures.settle(record, position, stage, error, step.route, step.levels), position)

    def gathered(self, step: Step, raw: Any, position: int, change: Any) -> Outcome:
        """Keep a change for the one call of its ``on_batch`` handler; until then it is deferred."""
        outcome = Outcome("deferred", self.find_record(raw, position), step.route)
        # Lanes gather at the same time; each of these operations is atomic.
        gathered = self.for_batches.get(step.key)
        if gathered is None:
            gathered = self.for_batches.setdefault(step.key, Gathered(step))
        gathered.entries.append(Entry(position, change, outcome))
        return outcome

    # ---------------------------------------------------------------------------------------------- what comes out

    def group(self, position: int) -> Hashable:
        """The name of the group of the record at a position; ``None`` where all records are one group."""
        return None if self.groups is None else self.groups[position].name

    def undone(self) -> list[Record]:
        """The records that have to be delivered again, each once, in their order."""
        return self.results.undone() if self.stopped or self.failed_groups else []


def _record_finder(records: Records, read_entity: Callable[[Record], str | None]) -> Callable[[Any, int], Record]:
    """The function that finds the record of a change, given the record as delivered and its position.

    It does not keep the event: a change that is kept after its invocation makes a record of its own.
    """
    reference, make = ref(records), records.make

    def find(raw: Any, position: int) -> Record:
        records = reference()
        record = make(raw, position) if records is None else records.at(position)
        if record.entity is None and record.flaw is None:
            record.entity = read_entity(record)
        return record

    return find
