"""One record on its way: which routes it takes, what became of it there, and what a failure turns into."""

from __future__ import annotations

import concurrent.futures
from asyncio import CancelledError
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Literal

from router.errors import DecodeError, ParkingError, Reject, UnroutedError
from router.event import Event
from router.inject import Invocation
from router.outcomes import Outcome, Stage
from router.policies import Drop, OnError, Park, decide
from router.record import Record
from router.routes import Route
from router.table import Cache, Step

__all__ = ["NO_ROUTE", "Delivery", "Plan", "Unrouted", "finished_pairs", "identity"]

Unrouted = Literal["skip", "fail", "park"]
Pair = tuple[str, str]
ParkRecord = Callable[[Record, "Route | None", "Stage | None", Exception], None]

_FINISHED = ("done", "skipped")
_NOTHING: Mapping[str, Any] = {}

NO_ROUTE = "-"
"""Stands for the key of a route where a record was parked before it reached one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a dispatcher has settled before any record comes.

    Args:
        read_entity: Reads the entity of a record.
        steps: The steps that each entity and event leads to.
        fallback: The step of records whose entity has no route; empty where there is none.
        fold: An entity's name as it is looked up.
        unrouted: What records become whose entity has no route.
        on_error: The dispatcher's policies.
        can_park: Whether there is a place to put records aside; no policy asks for one where there is none.
        park: Puts a record aside.
        troubled: Told of each outcome that somebody should know of.
    """

    read_entity: Callable[[Record], str | None]
    steps: Mapping[str, Mapping[Event, tuple[Step, ...]]]
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
        known: What an earlier delivery has finished.
    """

    __slots__ = ("_invocation", "_known", "_plan", "_shared", "gathered")

    def __init__(self, plan: Plan, invocation: Invocation, known: Collection[Pair] | None) -> None:
        self._plan = plan
        self._invocation = invocation
        self._known = known
        # Of records that look the same, which one was finished cannot be told.
        self._shared = _shared_identities(invocation.batch) if known else frozenset()
        self.gathered: dict[str, Gathered] = {}

    def deliver(self, record: Record, outcomes: list[Outcome], started: float) -> bool:
        """Take a record along its routes.

        Args:
            record: The record.
            outcomes: Where its outcomes go.
            started: When that began, on the clock of ``perf_counter``.

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
        if entity is not None and plan.fold is not None:
            entity = plan.fold(entity)
        events = plan.steps.get(entity) if entity is not None else None
        steps = plan.fallback if events is None else events[record.event]
        if not steps:
            return self._add(outcomes, self._unrouted(record) if events is None else Outcome("skipped", record))
        if len(steps) == 1 and not self._known:
            outcome = self._attempt(steps[0], record, None, started) or Outcome("skipped", record)
            outcomes.append(outcome)
            return outcome.status != "failed"
        return self._take(steps, record, outcomes)

    def _take(self, steps: tuple[Step, ...], record: Record, outcomes: list[Outcome]) -> bool:
        cache: Cache | None = {} if len(steps) > 1 else None
        before = len(outcomes)
        for position, step in enumerate(steps):
            outcome = (
                Outcome("skipped", record, step.route)
                if self._finished(step.key, record)
                else self._attempt(step, record, cache, perf_counter())
            )
            if outcome is None:
                continue
            outcomes.append(outcome)
            if outcome.status == "failed":
                outcomes.extend(Outcome("deferred", record, later.route) for later in steps[position + 1 :])
                return False
        if len(outcomes) == before:
            outcomes.append(Outcome("skipped", record))
        return True

    def _finished(self, key: str, record: Record) -> bool:
        """Whether an earlier delivery has finished this record at the route with this key."""
        if not self._known:
            return False
        name = identity(record)
        return name is not None and name not in self._shared and (key, name) in self._known

    def _attempt(self, step: Step, record: Record, cache: Cache | None, started: float) -> Outcome | None:
        """Take one step; ``None`` where the route's condition does not let the record through."""
        condition = step.condition
        met: bool | None = True
        if condition is not None:
            try:
                met = condition.wire(record.old_image or _NOTHING, record.new_image or _NOTHING)
            except Exception as error:  # noqa: BLE001 - a condition may be the user's own
                return self._failed(record, step.route, step.levels, "handler", error, started)
            if met is False:
                return None
        try:
            change = step.build(record, cache)
        except DecodeError as error:
            return self._failed(record, step.route, step.levels, "decode", error, started)
        except Exception as error:  # noqa: BLE001 - validators are the user's own and may raise anything
            return self._failed(record, step.route, step.levels, "validate", error, started)
        try:
            if met is None and not condition.typed(change, record.old_image or _NOTHING, record.new_image or _NOTHING):  # type: ignore[union-attr]  # only a condition leaves it open
                return None
            if step.batch:
                return self._gather(step, change, record)
            result = step.call(change)
            if result is not None:
                self._invocation.finish(result)
        except (Exception, CancelledError) as error:  # noqa: BLE001 - whatever a handler raises is the record's failure
            return self._failed(record, step.route, step.levels, "handler", _as_exception(error), started)
        return Outcome("done", record, step.route, None, None, perf_counter() - started)

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
                self._invocation.finish(result)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is its records' failure
            return self._settle_failed(step, [outcome for _, outcome in changes], error, started)
        duration = perf_counter() - started
        for _, outcome in changes:
            outcome.status, outcome.duration = "done", duration
        return True

    def _settle_failed(self, step: Step, outcomes: Iterable[Outcome], error: Exception, started: float) -> bool:
        go_on = True
        for outcome in outcomes:
            failed = self._failed(outcome.record, step.route, step.levels, "handler", error, started)
            outcome.status, outcome.stage, outcome.error = failed.status, failed.stage, failed.error
            outcome.duration = failed.duration
            go_on = go_on and failed.status != "failed"
        return go_on

    @staticmethod
    def _add(outcomes: list[Outcome], outcome: Outcome) -> bool:
        outcomes.append(outcome)
        return outcome.status != "failed"

    def _unrouted(self, record: Record) -> Outcome:
        unrouted = self._plan.unrouted
        if unrouted == "skip":
            return Outcome("unrouted", record)
        named = "an entity that has no route" if record.entity else "no entity name where the discriminator reads one"
        error = UnroutedError(f"found {named}, expected a route for every record, because unrouted={unrouted!r}")
        outcome = Outcome("failed", record, None, None, error)
        if unrouted == "park":
            self._park(outcome, error)
        self._plan.troubled(outcome)
        return outcome

    def _failed(
        self,
        record: Record,
        route: Route | None,
        levels: tuple[OnError | None, ...],
        stage: Stage,
        error: Exception,
        started: float | None = None,
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
        outcome.duration = 0.0 if started is None else perf_counter() - started
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
