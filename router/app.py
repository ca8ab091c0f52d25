"""The dispatcher: a Lambda event in, a partial batch response out, and the way of a record in between."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from threading import RLock
from typing import TYPE_CHECKING, Any, Never, get_args

from router.completed import Completed, MemoryCompleted, Pair
from router.context import Deadline
from router.discriminators import Discriminator, discriminator_of
from router.dispatch.delivery import Delivery, Plan, Unrouted, finished_pairs, identity
from router.dispatch.lanes import run_batches, run_lanes, undone_records
from router.errors import RouterError
from router.inject.call import Container, Invocation, current_invocation, injected, uses_invocation_scope
from router.inject.middleware import wrap
from router.observability.logs import (
    InvocationLogs,
    log_out_of_time,
    log_trouble,
    log_unrouted,
    safe_error,
    without_inputs,
)
from router.observability.metrics import Meter, Tally
from router.observability.tracing import Tracer
from router.outcomes import Outcome, Report, Stage
from router.parking import Parked, Parking, now
from router.planning.explain import Explanation, explain
from router.planning.lookup import index_of
from router.planning.options import (
    check_choice,
    check_completed,
    check_concurrency,
    check_metrics,
    check_middleware,
    check_parking,
    check_reserve,
    check_routes,
    check_tracing,
    check_unknown,
)
from router.planning.table import Table, entity_reader
from router.policies import OnError, Retry, check_on_error
from router.record import Batch, Record, Records
from router.routes import Route, Routes
from router.sources import Source, source_of
from router.stream_view import VIEWS, View
from router.types import Call, Middleware

if TYPE_CHECKING:
    import structlog

__all__ = ["Dispatcher"]

_OPTIONS = [
    "discriminator",
    "view",
    "on_error",
    "unrouted",
    "parking",
    "middleware",
    "concurrency",
    "reserve",
    "completed",
    "metrics",
    "tracing",
]


class Dispatcher:
    """Routes the records of Lambda events to handlers, and tells Lambda what has to come again.

    An instance is the Lambda handler: ``Handler: handlers.app`` in the template is ``app = Dispatcher(...)`` here.
    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html

    Args:
        routes: The routes, in the order in which several of one record run.
        discriminator: Where an item says what entity it is: an attribute's name, one of ``router.discriminators``, or
            a function of the wire image.
        view: The stream view type of the table, which says what images there are.
        on_error: What failures become: ``Retry()``, ``Park()``, ``Drop()``, or a mapping of exception types to these. A
            route's own comes first.
        unrouted: What records become whose entity has no route: ``"skip"``, ``"fail"`` or ``"park"``.
        parking: Where records are parked.
        middleware: What runs around every handler, outermost first.
        concurrency: How many lanes, that is items, may run at a time. Changes of one item never do.
        reserve: Seconds of the function's time to keep: with less left, nothing starts, and it is reported instead.
        completed: What remembers routes that finished beyond the point from which Lambda delivers again.
        metrics: Where the figures of each invocation go: ``Metrics("Shop")``.
        tracing: What sees invocations and calls begin and end: ``Tracing()``.

    Raises:
        RegistrationError: Something is wrong that can be known now.

    Example:
        >>> from pydantic import BaseModel
        >>> from router import Insert, Routes
        >>> class Order(BaseModel):
        ...     total: int
        >>> routes = Routes()
        >>> @routes.on_insert(Order)
        ... def place(change: Insert[Order]) -> None: ...
        >>> app = Dispatcher(routes)
        >>> app({"Records": []}, None)
        {'batchItemFailures': []}
    """

    def __init__(
        self,
        *routes: Routes,
        discriminator: str | Discriminator | Callable[[Any], str | None] = "EntityType",
        view: View = "NEW_AND_OLD_IMAGES",
        on_error: OnError = Retry(),  # noqa: B008 - frozen, so one serves all
        unrouted: Unrouted = "skip",
        parking: Parking | None = None,
        middleware: Sequence[Middleware] = (),
        concurrency: int = 1,
        reserve: float = 0.5,
        completed: Completed | None = None,
        metrics: Meter | None = None,
        tracing: Tracer | None = None,
        **unknown: Never,
    ) -> None:
        check_unknown(unknown, _OPTIONS)
        check_routes(routes)
        check_choice("view", view, VIEWS)
        check_choice("unrouted", unrouted, get_args(Unrouted))
        check_concurrency(concurrency)
        check_reserve(reserve)
        check_middleware(middleware)
        check_on_error(on_error)
        check_metrics(metrics)
        check_tracing(tracing)
        self.overrides: dict[Callable[..., Any], Callable[..., Any]] = {}
        self.routes = Routes(*(route for collection in routes for route in collection))
        self._discriminator = discriminator_of(discriminator)
        self._view: View = view
        self._table = Table(tuple(self.routes), self._discriminator, view)
        check_parking(self.routes, on_error, unrouted, parking)
        self._on_error = on_error
        self._unrouted: Unrouted = unrouted
        self._parking = parking
        self._middleware = tuple(middleware)
        self._concurrency = concurrency
        self._reserve = reserve
        self._completed = MemoryCompleted() if completed is None else completed
        check_completed(self._completed)
        self._metrics = metrics
        self._tracing = tracing
        self._container = Container()
        self._turn = RLock()
        self._overridden: dict[Callable[..., Any], Callable[..., Any]] = {}
        self._plan = self._make_plan()

    def __call__(self, event: Any, context: Any = None) -> dict[str, Any]:
        """Handle a Lambda event.

        Args:
            event: The event.
            context: Lambda's context object, if there is one.

        Returns:
            The partial batch response.

        Raises:
            UnknownEventError: It is no event of a known source.
            MalformedRecordError: A record failed that nothing identifies, so that the whole batch has to come again.
        """
        return self._handle(event, context)[1]

    def dispatch(self, event: Any, context: Any = None) -> Report:
        """Handle a Lambda event and tell what became of every record.

        Args:
            event: The event.
            context: Lambda's context object, if there is one.

        Raises:
            UnknownEventError: It is no event of a known source.
            MalformedRecordError: A record failed that nothing identifies, so that the whole batch has to come again.
        """
        delivery, response = self._handle(event, context)
        return Report(delivery.outcomes(), response)

    def _handle(self, event: Any, context: Any) -> tuple[Delivery, dict[str, Any]]:
        source = source_of(event)
        records = source.records(event)
        running = current_invocation.get(None)
        if running is not None and running.container is self._container and self._concurrency > 1:
            msg = "found a dispatch inside a handler of the same dispatcher, expected none where concurrency is above 1"
            raise RouterError(msg)
        # Lambda gives a container one event at a time, and the loop and the overrides count on it; local tools may not.
        with self._turn:
            return self._deliver(source, event, records, context)

    def _deliver(self, source: Source, event: Any, records: Records, context: Any) -> tuple[Delivery, dict[str, Any]]:
        self._apply_overrides()
        deadline = _deadline(context, self._reserve)
        invocation = Invocation(self._container, context, Batch(records), InvocationLogs(context).bound, deadline)
        log = invocation.log(None, None)
        log.info("batch received", source=source.name, batch_size=len(records))
        known = self._completed.recall(records)
        delivery = Delivery(self._plan, invocation, records, known or None)
        token = current_invocation.set(invocation)
        try:
            self._traced(source, delivery)
        finally:
            current_invocation.reset(token)
        self._emit(log, delivery)
        undone = undone_records(delivery.outcomes()) if delivery.stopped else []
        if undone or known:
            self._keep_completed(log, known, delivery.outcomes(), records, source.coming_again(records, undone))
        if delivery.unrouted:
            log_unrouted(log, delivery.unrouted, delivery.unrouted_entities)
        if undone:
            log_out_of_time(log, delivery.outcomes())
        return delivery, source.respond(event, undone)

    def explain(self, record: Record | dict[str, Any]) -> Explanation:
        """Tell, without running anything, what routes a record reaches and why it does not reach the others.

        Args:
            record: A record, or the dict of one as it stands in an event.

        Raises:
            UnknownEventError: It is no record of a known source.
        """
        if not isinstance(record, Record):
            event = {"Records": [record]}
            record = source_of(event).records(event)[0]
        return explain(record, self._table, self._discriminator)

    def entities_of(self, route: Route) -> tuple[str, ...]:
        """Tell which entity names lead to a route; none for the fallback.

        Args:
            route: One of this dispatcher's routes.
        """
        return self._table.names.get(id(route), ())

    @property
    def discriminator(self) -> Discriminator:
        """Where an item says what entity it is."""
        return self._discriminator

    @property
    def unrouted(self) -> Unrouted:
        """What records become whose entity has no route."""
        return self._unrouted

    @property
    def view(self) -> View:
        """The stream view type of the table."""
        return self._view

    @property
    def parking(self) -> Parking | None:
        """Where records are parked."""
        return self._parking

    @property
    def concurrency(self) -> int:
        """How many lanes may run at a time."""
        return self._concurrency

    @property
    def reserve(self) -> float:
        """Seconds of the function's time that are kept."""
        return self._reserve

    def record_handler(self, record: Any, lambda_context: Any = None) -> Report:
        """Handle one record: what Powertools' ``BatchProcessor`` takes as its ``record_handler``.

        Args:
            record: One record of an event, as Powertools' data class or as a dict.
            lambda_context: Lambda's context object, if there is one.

        Raises:
            Exception: What the record failed with, so that Powertools reports it.
        """
        report = self.dispatch({"Records": [getattr(record, "raw_event", record)]}, lambda_context)
        for outcome in report:
            if outcome.status == "failed" and outcome.error is not None:
                raise without_inputs(outcome.error)
            if outcome.status == "deferred":
                msg = "found too little time left to start the record, expected more than the reserve"
                raise RouterError(msg)
        return report

    def _make_plan(self) -> Plan:
        steps, fallback = self._table.steps(self._planned_call, self._on_error)
        return Plan(
            read_entity=entity_reader(self._discriminator),
            steps=steps,
            index=index_of(self._discriminator, steps),
            fallback=fallback,
            fold=self._table.fold if self._table.folds else None,
            unrouted=self._unrouted,
            on_error=self._on_error,
            can_park=self._parking is not None,
            park=self._park,
            troubled=_tell,
        )

    def _planned_call(self, route: Route) -> Call:
        call = wrap(injected(route, route.signature, self.overrides), self._middleware)
        if self._tracing is None:
            return call
        return wrap(call, [partial(self._tracing.route, route=route, entities=self.entities_of(route))])

    def _apply_overrides(self) -> None:
        """Plan the calls anew when a test has changed ``overrides``, and let go of what the others had made."""
        if self.overrides == self._overridden:
            return
        self._plan = self._make_plan()
        self._container.values.close()
        self._overridden = dict(self.overrides)

    def _traced(self, source: Source, delivery: Delivery) -> None:
        if self._tracing is None:
            self._run(delivery)
            return

        def run() -> list[Outcome]:
            self._run(delivery)
            return delivery.outcomes()

        self._tracing.invocation(run, source.name, len(delivery.records))

    def _run(self, delivery: Delivery) -> None:
        invocation = delivery.invocation
        deadline = invocation.deadline.at
        try:
            if self._concurrency == 1:
                delivery.run(deadline)
            else:
                run_lanes(delivery, self._concurrency, self._container.loop, self._threads.submit, deadline)
            run_batches(delivery, deadline)
        except BaseException as error:
            invocation.values.close(error)
            raise
        self._close(delivery)

    @staticmethod
    def _close(delivery: Delivery) -> None:
        """Clean up what served the invocation; what that spoils is not done, whatever its handler returned."""
        invocation = delivery.invocation
        try:
            invocation.values.close()
        except Exception as error:  # noqa: BLE001 - whatever a factory's clean-up raises
            invocation.log(None, None).error("clean-up failed", **safe_error(error))
            delivery.stopped = True
            for outcome in delivery.outcomes():
                route = outcome.route
                if outcome.status == "done" and route and uses_invocation_scope(route.signature.parameters):
                    outcome.status, outcome.stage, outcome.error = "failed", "handler", error
                    _tell(outcome)

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._concurrency, thread_name_prefix="lane")

    def _emit(self, log: structlog.typing.FilteringBoundLogger, delivery: Delivery) -> None:
        """Give away the figures, before anything that can still raise, so that those of a bad batch are not missing."""
        if self._metrics is None:
            return
        try:
            self._metrics.emit(Tally(delivery.outcomes(), self._registered_entity))
        except Exception as error:  # noqa: BLE001 - whatever a meter raises
            log.warning("metrics failed", **safe_error(error))

    def _registered_entity(self, record: Record) -> str | None:
        """The name under which a record's entity was registered; ``None`` where it was not."""
        entity = record.entity
        if entity is None:
            try:
                entity = self._plan.read_entity(record)  # nobody has, of a record that did not start
            except Exception:  # noqa: BLE001 - a discriminator may be the user's own function
                return None
        return None if entity is None else self._entities.get(self._table.fold(entity))

    @cached_property
    def _entities(self) -> dict[str, str]:
        """The registered names, by what they are compared as."""
        return {self._table.fold(name): name for names in self._table.names.values() for name in names}

    def _keep_completed(
        self,
        log: structlog.typing.FilteringBoundLogger,
        known: Collection[Pair],
        outcomes: list[Outcome],
        records: Sequence[Record],
        coming_again: Sequence[Record],
    ) -> None:
        """Remember what is finished among the records that come again, and forget what was of the others.

        The store may fail: then handlers run again, which they have to bear anyway, and no more has failed for it.
        """
        again = {id(record) for record in coming_again}
        kept = (outcome for outcome in outcomes if id(outcome.record) in again)
        finished = finished_pairs(kept, self._table.keys)
        over = {identity(record) for record in records if id(record) not in again}
        stale = [pair for pair in known if pair[1] in over]
        try:
            if stale:
                self._completed.forget(stale)
            if finished:
                self._completed.remember(finished)
        except Exception as error:  # noqa: BLE001 - whatever a store raises
            log.warning("completed store failed", **safe_error(error))

    def _park(self, record: Record, route: Route | None, stage: Stage | None, error: Exception) -> None:
        fields = safe_error(error)
        reason = fields.get("reason") or "; ".join(fields.get("faults", ()))
        parked = Parked(
            record=dict(record.raw),
            entity=record.entity,
            route=None if route is None else route.name,
            stage=stage,
            error=fields["error"],
            reason=reason,
            parked_at=now(),
        )
        assert self._parking is not None  # noqa: S101 - a plan parks only where there is a place
        self._parking.park(parked)


def _tell(outcome: Outcome) -> None:
    log_trouble(current_invocation.get().log(outcome.record, outcome.route), outcome)


def _deadline(context: Any, reserve: float) -> Deadline:
    """When nothing may start any more; never, where the context does not tell."""
    try:
        left = context.get_remaining_time_in_millis()
        told = type(left) in (int, float) and not math.isnan(left)
        return Deadline(left / 1000 - reserve) if told else Deadline()
    except Exception:  # noqa: BLE001 - a stand-in for Lambda's context may lack it, or raise anything
        return Deadline()
