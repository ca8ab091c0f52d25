"""The plan of a Dispatcher: everything that is settled before the first event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal

from router.errors import any_error
from router.event import Event
from router.inject.call import ends_in_a_task, injected
from router.inject.middleware import wrap
from router.loops import loop_guard
from router.planning.lookup import Index, Ways, entity_reader, guarded, index_of, ways_of
from router.planning.options import Options
from router.planning.step import Step, Steps, Way
from router.planning.table import RouteTable
from router.planning.way import way_of
from router.record import Record
from router.routes import Route
from router.types import Call, Overrides
from router.value_classes import dataclass

__all__ = ["Plan", "make_plan"]


@dataclass(frozen=True)
class Plan:
    """Where records go.

    Args:
        table: The routes of each entity.
        read_entity: Reads the entity name of a record.
        ways: The way of each event and entity.
        index: The same, for a lookup on the record as delivered.
        fallback: The way of each event for entities without a route; empty without a fallback.
        skips_unrouted: Whether a record whose entity has no route is just counted.
        windows: One step of each ``on_window`` route.
        lanes_are_tasks: Whether lanes need no threads, because plain code waits for nothing.
    """

    table: RouteTable
    read_entity: Callable[[Record], str | None]
    ways: Ways
    index: Index
    fallback: Mapping[Event, Way]
    skips_unrouted: bool
    windows: tuple[Step, ...]
    lanes_are_tasks: bool

    def way(self, entity: str | None, event: Event) -> Way | Literal["unrouted"]:
        """The way of an entity's records of one event.

        Args:
            entity: What the discriminator read.
            event: The event.
        """
        ways = self.ways[event]
        if entity is not None and (name := self.table.fold(entity)) in ways:
            return ways[name]
        return self.fallback[event] if self.fallback else "unrouted"

    def registered_entity(self, record: Record) -> str | None:
        """The name under which a record's entity was registered; ``None`` where it has no route."""
        entity = record.entity
        if entity is None:
            try:
                entity = self.read_entity(record)  # a record that did not start has not been read
            except any_error():  # of a discriminator that is the user's own function
                return None
        return None if entity is None else self.table.registered_name(entity)


def make_plan(table: RouteTable, options: Options, overrides: Overrides) -> Plan:
    """Compile the routes of a table.

    Args:
        table: The routes of each entity.
        options: The options of the Dispatcher.
        overrides: Factories that replace others.

    Raises:
        RegistrationError: A middleware or an override could never be called, or an override replaces nothing.
    """
    if overrides:
        from router.planning.override_checks import check_overrides

        check_overrides(overrides, table.routes)
    steps, fallback = table.steps(partial(_call, table, options, overrides), options.on_error)
    guard = loop_guard(options.skip_own_writes, options.skip_replicated)
    ways = ways_of(steps, guard)
    return Plan(
        table=table,
        read_entity=entity_reader(options.discriminator),
        ways=ways,
        index=index_of(options.discriminator, ways),
        fallback={event: guarded(way_of([step]), event, guard) for event, step in fallback.items()},
        skips_unrouted=options.unrouted == "skip" and not fallback,
        windows=_windows(steps),
        lanes_are_tasks=not options.middleware and options.tracing is None and all(map(ends_in_a_task, table.routes)),
    )


def _windows(steps: Steps) -> tuple[Step, ...]:
    every = (step for by_event in steps.values() for of_event in by_event.values() for step in of_event)
    return tuple({step.key: step for step in every if step.route.state is not None}.values())


def _call(table: RouteTable, options: Options, overrides: Overrides, route: Route) -> Call:
    """The call of a route's handler: what it declares is inside, then the middleware, then the tracer."""
    call = wrap(injected(route, route.signature, overrides), options.middleware)
    if options.tracing is None:
        return call
    return wrap(call, [partial(options.tracing.route, route=route, entities=table.entities_of(route))])
