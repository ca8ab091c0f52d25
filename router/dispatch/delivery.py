"""One record on its way: which routes it takes, what became of it there, and what a failure turns into."""

from __future__ import annotations

import concurrent.futures
from asyncio import CancelledError
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from time import perf_counter
from typing import Any, Literal
from weakref import ref

from router.errors import DecodeError, ParkingError, Reject, UnroutedError
from router.event import Event
from router.inject.call import Invocation
from router.outcomes import Outcome, Stage
from router.planning.lookup import Choice, Index, Straight
from router.planning.step import Cache, Step, Steps
from router.policies import Drop, OnError, Park, decide
from router.record import Record, Records, make_record
from router.routes import Route

__all__ = ["NO_ROUTE", "UNDONE", "Delivery", "Plan", "Unrouted", "finished_pairs", "identity"]

Unrouted = Literal["skip", "fail", "park"]
Pair = tuple[str, str]
ParkRecord = Callable[[Record, "Route | None", "Stage | None", Exception], None]

_FINISHED = ("done", "skipped")
UNDONE = ("failed", "deferred")
_NOTHING: Mapping[str, Any] = {}
_EVENTS = {"INSERT": Event.INSERT, "MODIFY": Event.MODIFY}
_new = object.__new__

NO_ROUTE = "-"
"""Stands for the key of a route where a record was parked before it reached one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a dispatcher has settled before any record comes.

    Args:
        read_entity: Reads the entity of a record.
        steps: The steps that each entity and event leads to.
        index: The same for records whose wire tells it at a glance, if there are such.
        fallback: The step of records whose entity has no route; empty where there is none.
        fold: An entity's name as it is looked up.
        unrouted: What records become whose entity has no route.
        on_error: The dispatcher's policies.
        can_park: Whether there is a place to put records aside; no policy asks for one where there is none.
        park: Puts a record aside.
        troubled: Told of each outcome that somebody should know of.
    """

    read_entity: Callable[[Record], str | None]
    steps: Steps
    index: Index | None
    fallback: tuple[Step, ...]
    fold: Callable[[str], str] | None
    unrouted: Unrouted
    on_error: OnError | None
    can_park: bool
    park: ParkRecord
    troubled: Callable[[Outcome], None]


class Gathered:
    """What one ``on_batch`` route is to be called with."""

    __slots__ = ("changes", "step")

    def __init__(self, step: Step) -> None:
        self.step = step
        self.changes: list[tuple[Any, Outcome]] = []


class Delivery:
    """The records of one invocation, taken along their routes one by one.

    Args:
        plan: What the dispatcher has settled.
        invocation: The invocation.
        records: Its records.
        known: What an earlier delivery has finished.
    """

    __slots__ = (
        "_counting",
        "_ends",
        "_known",
        "_outcomes",
        "_plan",
        "_reached",
        "_shared",
        "_started",
        "_taken",
        "_told",
        "gathered",
        "invocation",
        "records",
        "stopped",
        "unrouted",
        "unrouted_entities",
    )

    def __init__(self, plan: Plan, invocation: Invocation, records: Records, known: Collection[Pair] | None) -> None:
        self._plan = plan
        self.invocation = invocation
        self.records = records
        self._known = known
        # Of records that look the same, which one was finished cannot be told.
        self._shared = _shared_identities(records) if known else frozenset()
        # Outcomes are made when somebody asks for them. Until then a record that went straight to its handler is the
        # way that it took and when it was done, and one that nothing took is not even that.
        self._taken: list[Straight | None] = [None] * len(records)
        self._ends = [0.0] * len(records)
        self._told: dict[int, list[Outcome]] = {}
        self._reached = 0
        self._started = perf_counter()
        self._outcomes: list[Outcome] | None = None
        self.gathered: dict[str, Gathered] = {}
        self.stopped = False
        self.unrouted = 0
        self.unrouted_entities: set[str] = set()
        self._counting = Lock()

    def run(self, deadline: float) -> None:
        """Take the records along their routes, one after the other, until one fails or the time runs out.

        Args:
            deadline: When, on the clock of ``perf_counter``, nothing may start any more, in seconds.
        """
        index = self._plan.index
        if index is None or self._known:
            self._reached = self._run_plainly(deadline)
        else:
            self._reached = self._run_indexed(index, deadline)

    def run_lanes(self, run: Callable[[Callable[[Record, list[Outcome]], bool]], list[Outcome]]) -> None:
        """Let somebody else choose the order in which records are taken along their routes.

        Args:
            run: Is given :meth:`deliver`, and returns all outcomes in the order of the records.
        """
        self._outcomes = run(self.deliver)
        self.stopped = any(outcome.status in UNDONE for outcome in self._outcomes)

    def _run_plainly(self, deadline: float) -> int:
        """Deliver record by record; returns the position of the first that was not started."""
        for position, record in enumerate(self.records):
            self.stopped = perf_counter() > deadline
            if self.stopped:
                return position
            self.stopped = not self.deliver(record, self._told_at(position))
            if self.stopped:
                return position + 1
        return len(self.records)

    def _run_indexed(self, index: Index, deadline: float) -> int:  # noqa: C901 - one function, for the reason below
        """The same, with a shorter way for records that tell at a glance where they go, as nearly every one does.

        Every record there is goes through this loop. So it calls nothing that it can do itself, looks at the clock
        once, and leaves behind nothing but what an outcome could not be made without.
        """
        records, taken, ends, unrouted, passed = self.records, self._taken, self._ends, set[str](), 0
        attribute, ways_of = index.attribute, index.ways
        skips = self._plan.unrouted == "skip" and not self._plan.fallback
        find_record, finish = record_finder(records, attribute), self.invocation.finish
        now = self._started = perf_counter()
        reached = len(records)
        for position, raw in enumerate(records.raws):
            if now > deadline:
                self.stopped, reached = True, position
                break
            old = None
            # What is not as usual raises, here or by itself, and goes the careful way, which tells what is wrong.
            try:
                ways = ways_of[raw["eventName"]]
                body = raw["dynamodb"]
                new = body["NewImage"]
                entity = new[attribute]["S"]
                way = ways.get(entity)
                if "OldImage" in body and type(old := body["OldImage"]) is not dict:
                    raise TypeError
                if type(way) is not Straight:
                    if way is None:
                        if entity not in unrouted:
                            if not (skips and entity and type(entity) is str):
                                raise KeyError
                            unrouted.add(entity)
                        passed += 1
                        continue
                    if type(way) is Choice:
                        way = way.way(old, new)
            except (KeyError, TypeError):
                go_on = self.deliver(records.at(position), self._told_at(position))
            else:
                if type(way) is Straight:
                    try:
                        change = _new(way.kind)
                        change._new = way.new.parse(new, "NewImage")
                        change._old = None if way.old is None else way.old.parse(old, "OldImage")
                    except Exception as error:  # noqa: BLE001 - validators are the user's own and may raise anything
                        if old is None and way.old is not None:
                            go_on = self.deliver(records.at(position), self._told_at(position))
                        else:
                            go_on = self._fail(
                                position, find_record(raw, position), way, _stage_of_reading(error), error, now
                            )
                    else:
                        change._record = None
                        change._find_record = find_record
                        change._raw = raw
                        change._position = position
                        try:
                            result = way.call(change)
                            if result is not None:
                                finish(result)
                        except (Exception, CancelledError) as error:  # noqa: BLE001 - whatever a handler raises
                            go_on = self._fail(
                                position, find_record(raw, position), way, "handler", _as_exception(error), now
                            )
                        else:
                            taken[position] = way
                            ends[position] = now = perf_counter()
                            continue
                elif way:
                    go_on = self._take(way, find_record(raw, position), self._told_at(position))
                else:
                    continue
            ends[position] = now = perf_counter()
            if not go_on:
                self.stopped, reached = True, position + 1
                break
        self.unrouted_entities |= unrouted
        self.unrouted += passed
        return reached

    def _fail(
        self, position: int, record: Record, way: Straight, stage: Stage, error: Exception, started: float
    ) -> bool:
        """Settle a record that failed on its straight way; returns whether those after it may start."""
        outcome = self._failed_at(way.step, record, stage, error)
        outcome.duration = perf_counter() - started
        return self._add(self._told_at(position), outcome)

    def _told_at(self, position: int) -> list[Outcome]:
        """Where the outcomes of a record go that are made at once."""
        outcomes = self._told[position] = []
        return outcomes

    def outcomes(self) -> list[Outcome]:
        """What became of the records, in their order, once they have run."""
        if self._outcomes is None:
            self._outcomes = list(self._made_outcomes())
        return self._outcomes

    def _made_outcomes(self) -> Iterator[Outcome]:
        started = self._started
        for position, record in enumerate(self.records):
            way, end = self._taken[position], self._ends[position] or started
            if position >= self._reached:
                yield Outcome("deferred", record)
            elif position in self._told:
                yield from self._told[position]
            else:  # it told its entity at a glance
                record.entity = self._plan.read_entity(record)
                if way is not None:
                    yield Outcome("done", record, way.route, duration=end - started)
                else:
                    yield Outcome("unrouted" if self._steps_of(record, record.entity) is None else "skipped", record)
            started = end

    def deliver(self, record: Record, outcomes: list[Any]) -> bool:
        """Take a record along its routes.

        Args:
            record: The record.
            outcomes: Where its outcomes go.

        Returns:
            Whether records after it may start.
        """
        if self._known and self._finished(NO_ROUTE, record):
            return self._add(outcomes, Outcome("skipped", record))
        if record.flaw is not None:
            return self._add(outcomes, self._failed(record, None, (), *record.flaw))
        plan = self._plan
        try:
            record.entity = entity = plan.read_entity(record)
        except Exception as error:  # noqa: BLE001 - a discriminator may be the user's own function
            return self._add(outcomes, self._failed(record, None, (), "envelope", error))
        steps = self._steps_of(record, entity)
        if steps:
            return self._take(steps, record, outcomes)
        return self._add(outcomes, self._unrouted(record) if steps is None else Outcome("skipped", record))

    def _steps_of(self, record: Record, entity: str | None) -> tuple[Step, ...] | None:
        """The steps of a record; ``None`` where its entity has no route."""
        plan = self._plan
        if entity is not None and plan.fold is not None:
            entity = plan.fold(entity)
        events = plan.steps.get(entity) if entity is not None else None
        return (plan.fallback or None) if events is None else events[record.event]

    def _take(self, steps: tuple[Step, ...], record: Record, outcomes: list[Any]) -> bool:
        cache: Cache | None = {} if len(steps) > 1 else None
        before = len(outcomes)
        first = started = perf_counter()
        for position, step in enumerate(steps):
            if started > first and started > self.invocation.deadline.at:
                outcomes.extend(_deferred(steps[position:], record))
                return False
            if self._known and self._finished(step.key, record):
                outcomes.append(Outcome("skipped", record, step.route))
                continue
            outcome = self._attempt(step, record, cache)
            if outcome is None:
                continue
            now = perf_counter()
            outcome.duration = now - started
            started = now
            outcomes.append(outcome)
            if outcome.status == "failed":
                outcomes.extend(_deferred(steps[position + 1 :], record))
                return False
        if len(outcomes) == before:
            outcomes.append(Outcome("skipped", record))
        return True

    def _finished(self, key: str, record: Record) -> bool:
        """Whether an earlier delivery, of which something is known, finished this record at the route with this key."""
        name = identity(record)
        return name is not None and name not in self._shared and (key, name) in (self._known or ())

    def _attempt(self, step: Step, record: Record, cache: Cache | None) -> Outcome | None:
        """Take one step; ``None`` where the route's condition does not let the record through."""
        condition = step.condition
        met: bool | None = True
        if condition is not None:
            try:
                met = condition.wire(record.old_image or _NOTHING, record.new_image or _NOTHING)
            except Exception as error:  # noqa: BLE001 - a condition may be the user's own
                return self._failed_at(step, record, "handler", error)
            if met is False:
                return None
        try:
            change = step.build(record, cache)
        except Exception as error:  # noqa: BLE001 - validators are the user's own and may raise anything
            return self._failed_at(step, record, _stage_of_reading(error), error)
        try:
            if met is None and not condition.typed(change, record.old_image or _NOTHING, record.new_image or _NOTHING):  # type: ignore[union-attr]  # only a condition leaves it open
                return None
            if step.batch:
                return self._gather(step, change, record)
            result = step.call(change)
            if result is not None:
                self.invocation.finish(result)
        except (Exception, CancelledError) as error:  # noqa: BLE001 - whatever a handler raises is the record's failure
            return self._failed_at(step, record, "handler", _as_exception(error))
        return Outcome("done", record, step.route)

    def _gather(self, step: Step, change: Any, record: Record) -> Outcome:
        # Deferred until the batch is called; lanes may gather at the same time, and these operations are atomic.
        gathered = self.gathered.setdefault(step.key, Gathered(step))
        outcome = Outcome("deferred", record, step.route)
        gathered.changes.append((change, outcome))
        return outcome

    def call_batch(self, step: Step, changes: Sequence[tuple[Any, Outcome]]) -> bool:
        """Call an ``on_batch`` handler and settle the outcomes of its changes.

        Returns:
            Whether all that follows may start.
        """
        started = perf_counter()
        try:
            result = step.call([change for change, _ in changes])
            if result is not None:
                self.invocation.finish(result)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is its records' failure
            return self._settle_failed(step, [outcome for _, outcome in changes], error, started)
        duration = perf_counter() - started
        for _, outcome in changes:
            outcome.status, outcome.duration = "done", duration
        return True

    def _settle_failed(self, step: Step, outcomes: Iterable[Outcome], error: Exception, started: float) -> bool:
        go_on = True
        for outcome in outcomes:
            failed = self._failed_at(step, outcome.record, "handler", error)
            outcome.status, outcome.stage, outcome.error = failed.status, failed.stage, failed.error
            outcome.duration = perf_counter() - started
            go_on = go_on and failed.status != "failed"
        return go_on

    @staticmethod
    def _add(outcomes: list[Any], outcome: Outcome) -> bool:
        outcomes.append(outcome)
        return outcome.status != "failed"

    def _unrouted(self, record: Record) -> Outcome:
        unrouted = self._plan.unrouted
        if unrouted == "skip":
            with self._counting:  # lanes count at the same time
                self.unrouted += 1
            if record.entity is not None:
                self.unrouted_entities.add(record.entity)
            return Outcome("unrouted", record)
        named = "an entity that has no route" if record.entity else "no entity name where the discriminator reads one"
        error = UnroutedError(f"found {named}, expected a route for every record, because unrouted={unrouted!r}")
        outcome = Outcome("failed", record, None, None, error)
        if unrouted == "park":
            self._park(outcome, error)
        self._plan.troubled(outcome)
        return outcome

    def _failed_at(self, step: Step, record: Record, stage: Stage, error: Exception) -> Outcome:
        return self._failed(record, step.route, step.levels, stage, error)

    def _failed(
        self,
        record: Record,
        route: Route | None,
        levels: tuple[OnError | None, ...],
        stage: Stage,
        error: Exception,
    ) -> Outcome:
        """What a failure becomes: the policy decides, and what it decides is done here."""
        permanent = stage != "handler" or isinstance(error, Reject)
        chosen = decide(
            error,
            permanent=permanent,
            levels=levels or (self._plan.on_error,),
            age=record.age(),
            can_park=self._plan.can_park,
        )
        outcome = Outcome("failed", record, route, stage, error)
        if isinstance(chosen, Drop):
            outcome.status = "skipped"
        elif isinstance(chosen, Park):
            self._park(outcome, error)
        self._plan.troubled(outcome)
        return outcome

    def _park(self, outcome: Outcome, error: Exception) -> None:
        try:
            self._plan.park(outcome.record, outcome.route, outcome.stage, error)
        except Exception as refusal:  # noqa: BLE001 - whatever the place raises, the record is not kept
            failure = ParkingError(
                f"the parking place raised {type(refusal).__name__}, so the record, which failed with "
                f"{type(error).__name__}, is not kept there and is reported as failed"
            )
            failure.__cause__ = refusal
            outcome.stage, outcome.error = "park", failure
        else:
            outcome.status = "parked"


def _deferred(steps: Sequence[Step], record: Record) -> Iterator[Outcome]:
    """What becomes of steps that are not taken now, but for those whose conditions would not let the record through."""
    for step in steps:
        met: bool | None = None
        if step.condition is not None:
            with suppress(Exception):  # it may be the user's own, and is asked again when the record comes again
                met = step.condition.wire(record.old_image or _NOTHING, record.new_image or _NOTHING)
        if met is not False:
            yield Outcome("deferred", record, step.route)


def record_finder(records: Records, attribute: str) -> Callable[[Any, int], Record]:
    """What finds the record of one in the event that told at a glance where it goes, given that and its position.

    It does not keep the event. After the invocation, where there are no records any more, it makes a new one.

    Args:
        records: The records of the event.
        attribute: Whose text in the new image is the entity's name.
    """
    reference = ref(records)

    def find(raw: Any, position: int) -> Record:
        records = reference()
        record = None if records is None else records.made[position]
        body = raw["dynamodb"]
        new = body["NewImage"]
        if record is None:
            record = make_record(raw, body, _EVENTS[raw["eventName"]], new, body.get("OldImage"))
            if records is not None:
                records.made[position] = record
        record.entity = new[attribute]["S"]
        return record

    return find


def _stage_of_reading(error: Exception) -> Stage:
    return "decode" if isinstance(error, DecodeError) else "validate"


def _as_exception(error: Exception | CancelledError) -> Exception:
    """asyncio's cancellation is no ``Exception``, because it ends the task that it is raised in; here there is none."""
    if isinstance(error, Exception):
        return error
    cancelled = concurrent.futures.CancelledError(*error.args)
    cancelled.__cause__ = error
    return cancelled


def identity(record: Record) -> str | None:
    """What names a record in whatever batch it comes again; ``None`` where it has nothing that could."""
    event_id, sequence_number = record.event_id, record.sequence_number
    return None if event_id is None and sequence_number is None else f"{event_id}:{sequence_number}"


def finished_pairs(outcomes: Iterable[Outcome], keys: Mapping[int, str]) -> list[Pair]:
    """What of these must not run again when it is delivered again.

    Two records of one batch may bear the same identity. Which of them is finished could not be told later, so neither
    is remembered, and both run again.
    """
    outcomes = list(outcomes)
    shared = _shared_identities({id(outcome.record): outcome.record for outcome in outcomes}.values())
    return [
        (NO_ROUTE if outcome.route is None else keys[id(outcome.route)], name)
        for outcome in outcomes
        if outcome.status == "parked" or (outcome.route is not None and outcome.status in _FINISHED)
        for name in [identity(outcome.record)]
        if name is not None and name not in shared
    ]


def _shared_identities(records: Iterable[Record]) -> frozenset[str | None]:
    """The identities that more than one record of a batch bears."""
    counts = Counter(map(identity, records))
    return frozenset(name for name, count in counts.items() if count > 1)
