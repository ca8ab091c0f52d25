"""The Dispatcher: a Lambda event in, a partial batch response out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any, Never

from router.completed import Completed, MemoryCompleted
from router.discriminators import Discriminator, discriminator_of
from router.dispatch.init_phase import prepare
from router.dispatch.invocation import invoke
from router.errors import RouterError, UnknownEventError
from router.garbage_collection import freeze
from router.inject.scopes import Containers
from router.observability.safe_errors import alone
from router.outcomes import Outcome, Report
from router.parking import MemoryParking, Parking
from router.planning.options import Options, Unrouted, check_options, check_routes, check_unknown, latest_changes
from router.planning.plan import make_plan
from router.planning.shared_values import changes_are_watched
from router.planning.table import RouteTable
from router.policies import OnError, Retry
from router.record import Record
from router.registration.annotations import caller_place
from router.routes import Route, Routes
from router.sources import receive
from router.stream_view import View
from router.types import Middleware

if TYPE_CHECKING:
    from router.observability.metrics import Meter
    from router.observability.tracing import Tracer
    from router.planning.explain import Explanation

__all__ = ["Dispatcher"]


class Dispatcher:
    """Routes the records of Lambda events to handlers and answers which records Lambda has to deliver again.

    An instance is the Lambda handler: ``Handler: handlers.app`` in the template is ``app = Dispatcher(...)`` here.
    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html

    Args:
        routes: The routes. Several routes of one record run in this order.
        discriminator: Where an item names its entity: an attribute's name, one of ``router.discriminators``, or a
            function of the wire image.
        view: The stream view type of the table.
        on_error: The policy for failures: ``Retry()``, ``Park()``, ``Drop()``, or a mapping of exception types to
            these. A route's own policy comes first.
        unrouted: What becomes of a record whose entity has no route: ``"skip"``, ``"fail"`` or ``"park"``.
        parking: The place for parked records.
        middleware: Callables around every handler, outermost first.
        concurrency: How many lanes, that is items, run at a time. Changes of one item never do.
        reserve: Seconds of the function's time-out to keep. With less left, no record starts; it is reported instead.
        completed: The store of routes that finished beyond the position from which Lambda delivers again.
        metrics: Takes the figures of each invocation: ``Metrics("Shop")``.
        tracing: Sees invocations and calls begin and end: ``Tracing()``.
        version: The version of the app, for the documents of parked records; by default that of the function.
        skip_own_writes: Whether to skip records that only a write of the function made: one stamped by
            ``router.stamp``. The attribute of the stamp, if it is another one.
        skip_replicated: Whether to skip what a global table of version 2017.11.29 copied from another region; or the
            attribute in which each write names its region.
        skip_stale: Whether to skip a change from Kinesis that is older than the latest one of its item which this
            container has handled, or the same.

    Raises:
        RegistrationError: An option or a route can never work.

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
        version: str | None = None,
        skip_own_writes: bool | str = False,
        skip_replicated: bool | str = False,
        skip_stale: bool = False,
        **unknown: Never,
    ) -> None:
        check_unknown(unknown)
        check_routes(routes)
        # Decorators of Lambda handlers ask a function for its name.
        self.__name__ = self.__qualname__ = type(self).__name__
        self.routes = Routes(*(route for collection in routes for route in collection))
        self._options = Options(
            discriminator=discriminator_of(discriminator),
            view=view,
            on_error=on_error,
            unrouted=unrouted,
            parking=parking,
            middleware=middleware,
            concurrency=concurrency,
            reserve=reserve,
            completed=MemoryCompleted() if completed is None else completed,
            metrics=metrics,
            tracing=tracing,
            version=version,
            skip_own_writes=skip_own_writes,
            skip_replicated=skip_replicated,
            skip_stale=latest_changes(skip_stale),
        )
        check_options(self._options, self.routes)
        self.overrides: dict[Callable[..., Any], Callable[..., Any]] = {}
        self._table = RouteTable(tuple(self.routes), self._options.discriminator, view)
        self._options = replace(self._options, discriminator=self._table.discriminator)
        self._plan = make_plan(self._table, self._options, {})
        self._planned_overrides: dict[Callable[..., Any], Callable[..., Any]] = {}
        self._containers = Containers()
        self._planning = Lock()
        place = caller_place()
        for collection in (*routes, self.routes):
            collection.finish(place)
        self._invoked = False
        prepare(self.routes, self._options, self._containers)

    if not TYPE_CHECKING:  # type checkers would take it for a leave to use any attribute

        def __getattr__(self, name: str) -> Never:
            msg = f"{type(self).__name__!r} object has no attribute {name!r}"
            if hasattr(Routes, name):
                msg += f"; Routes have: routes = Routes(), then @routes.{name}, then app = Dispatcher(routes)"
            raise AttributeError(msg)

    def __call__(self, event: Any, context: Any = None) -> dict[str, Any]:
        """Handle a Lambda event.

        Args:
            event: The event.
            context: Lambda's context object, if there is one.

        Returns:
            The partial batch response.

        Raises:
            UnknownEventError: The event is of no known source.
            MalformedRecordError: A record without an identifier failed: Lambda has to deliver the whole batch again.
        """
        return self._handle(event, context)[1]

    def dispatch(self, event: Any, context: Any = None) -> Report:
        """Handle a Lambda event and return the outcomes of its records with the response.

        Args:
            event: The event.
            context: Lambda's context object, if there is one.

        Raises:
            UnknownEventError: The event is of no known source.
            MalformedRecordError: A record without an identifier failed: Lambda has to deliver the whole batch again.
        """
        outcomes, response = self._handle(event, context)
        return Report(outcomes(), response)

    def _handle(self, event: Any, context: Any) -> tuple[Callable[[], list[Outcome]], dict[str, Any]]:
        if not self._invoked:
            self._invoked = True
            freeze()  # what was made after this Dispatcher, too
        received = receive(event)
        if self.overrides != self._planned_overrides:
            self._apply_overrides()
        containers = self._containers
        container = containers.take()
        try:
            return invoke(self._plan, self._options, container, received, context)
        finally:
            containers.give_back(container)

    def _apply_overrides(self) -> None:
        """Make the plan again after a test has changed ``overrides``, and close the values of the old one."""
        with self._planning:
            self._plan = make_plan(self._table, self._options, self.overrides)
            self._planned_overrides = dict(self.overrides)
        self.close()

    def close(self) -> None:
        """Clean up the values of scope ``cold_start``, for the end of the process; a later event makes new ones.

        Raises:
            Exception: The error of the first clean-up that failed.

        Example:
            >>> Dispatcher().close()
        """
        self._containers.close()

    def explain(self, record: Record | dict[str, Any]) -> Explanation:
        """Explain, without running anything, which routes a record reaches and why it does not reach the others.

        Args:
            record: A record, or the dict of one as it stands in an event.

        Raises:
            UnknownEventError: It is no record of a known source.
        """
        if not isinstance(record, Record):
            records = receive({"Records": [record]}).records
            if not records:
                msg = "found a message that has no record, such as S3's test message, expected one with a record"
                raise UnknownEventError(msg)
            record = records[0]
        from router.planning.explain import explain  # not for most events

        return explain(record, self._table, self._options)

    def record_handler(self, record: Any, lambda_context: Any = None) -> Report:
        """Handle one record: fits Powertools' ``BatchProcessor`` as its ``record_handler``.

        Args:
            record: One record of an event, as Powertools' data class or as a dict.
            lambda_context: Lambda's context object, if there is one.

        Raises:
            Exception: The error of the record, so that Powertools reports it.
        """
        report = self.dispatch({"Records": [getattr(record, "raw_event", record)]}, lambda_context)
        for outcome in report:
            if outcome.status == "failed" and outcome.error is not None:
                raise alone(outcome.error)
            if outcome.status == "deferred":
                msg = "found too little time left to start the record, expected more than the reserve"
                raise RouterError(msg)
        return report

    def entities_of(self, route: Route) -> tuple[str, ...]:
        """The entity names that lead to a route; none for the fallback.

        Args:
            route: One of this Dispatcher's routes.
        """
        return self._table.entities_of(route)

    @property
    def discriminator(self) -> Discriminator:
        """Where an item names its entity."""
        return self._options.discriminator

    @property
    def version(self) -> str | None:
        """The version of the app, if it has one."""
        return self._options.version

    @property
    def unrouted(self) -> Unrouted:
        """What becomes of a record whose entity has no route."""
        return self._options.unrouted

    @property
    def view(self) -> View:
        """The stream view type of the table."""
        return self._options.view

    @property
    def parking(self) -> Parking | None:
        """The place for parked records."""
        return self._options.parking

    @property
    def completed(self) -> Completed:
        """The store of completed routes."""
        return self._options.completed

    @property
    def skip_own_writes(self) -> bool | str:
        """Whether records of own writes are skipped, or the attribute of their stamp."""
        return self._options.skip_own_writes

    @property
    def skip_replicated(self) -> bool | str:
        """Whether echoes of other regions are skipped, or the attribute that names a write's region."""
        return self._options.skip_replicated

    @property
    def concurrency(self) -> int:
        """How many lanes run at a time."""
        return self._options.concurrency

    @property
    def reserve(self) -> float:
        """Seconds of the function's time-out that are kept."""
        return self._options.reserve

    @contextmanager
    def in_new_container(self, *, keep_places: bool = False) -> Iterator[MemoryParking]:
        """Run as in a container that has just started, for tools such as the pytest plugin.

        Inside, values of scope ``cold_start`` are made anew, and nothing is written to the app's own places: completed
        routes are kept in memory, and a record that is parked goes to the place that this yields. A Dispatcher without
        parking place stays without. A handler fails that changes what is nested in an item and is given to another
        handler of the record. Afterwards everything is as before, ``overrides`` too.

        Args:
            keep_places: Whether the app's parking place and its store of completed routes stay in use.

        Example:
            >>> app = Dispatcher()
            >>> with app.in_new_container() as parked:
            ...     app({"Records": []})
            {'batchItemFailures': []}
        """
        options, containers, overrides = self._options, self._containers, dict(self.overrides)
        place, inside = MemoryParking(), Containers()
        self._containers = inside
        if not keep_places:
            parking = None if options.parking is None else place
            self._options = replace(options, parking=parking, completed=MemoryCompleted())
        try:
            with changes_are_watched():
                yield place
        finally:
            self.overrides.clear()
            self.overrides.update(overrides)
            self._options, self._containers = options, containers
            inside.close()
