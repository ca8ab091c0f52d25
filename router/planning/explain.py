"""Explanations: why a record reaches a route or does not, found without running anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from router.discriminator_rules import Discriminator
from router.event import Event
from router.loops import loop_guard
from router.planning.lookup import images_of, what_it_found
from router.planning.options import Options
from router.planning.table import RouteTable
from router.record import Record
from router.routes import Route

__all__ = ["Explanation", "Verdict", "explain"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one route takes a record, and why.

    Args:
        route: The route.
        matches: Whether it would run; ``None`` where that depends on the typed change.
        reason: Why.
    """

    route: Route
    matches: bool | None
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the discriminator reads of a record, and the verdict of each route.

    Args:
        record: The record.
        entity: The entity's name, or ``None`` where the discriminator reads none.
        read_from: The image it was read from: ``NewImage``, ``OldImage`` or ``Keys``.
        discriminator: The rule that read it.
        verdicts: One for each route.
        problem: Why the record cannot be routed at all, if it cannot.
        found: What stands where the discriminator looked, if it read no entity: names of attributes and types.
    """

    record: Record
    entity: str | None
    read_from: str | None
    discriminator: Discriminator
    verdicts: tuple[Verdict, ...]
    problem: str | None = None
    found: str | None = None

    @property
    def matching(self) -> tuple[Route, ...]:
        """The routes that run, or may run."""
        return tuple(verdict.route for verdict in self.verdicts if verdict.matches is not False)

    def __str__(self) -> str:
        read = f"entity {self.entity!r} from {self.read_from}" if self.entity else "no entity"
        if self.found:
            read += f" ({self.found})"
        lines = [f"{self.discriminator!r} reads {read}; the event is {self.record.event}"]
        if self.problem:
            lines.append(f"cannot be routed: {self.problem}")
        marks = {True: "+", False: "-", None: "?"}
        lines += [f"{marks[verdict.matches]} {verdict.route}: {verdict.reason}" for verdict in self.verdicts]
        return "\n".join(lines)


def explain(record: Record, table: RouteTable, options: Options) -> Explanation:
    """Explain a record.

    Args:
        record: The record.
        table: The routes of the Dispatcher.
        options: Its options, with the discriminator and what tells which records it skips.
    """
    discriminator = options.discriminator
    if record.flaw is not None:
        return Explanation(record, None, None, discriminator, (), str(record.flaw.error))
    try:
        entity, read_from = _read(record, discriminator)
    except Exception as error:  # noqa: BLE001 - a discriminator may be the user's own function
        problem = f"the discriminator raised {type(error).__name__}"
        return Explanation(record, None, None, discriminator, (), problem)
    skipped = _why_skipped(record, options)
    verdicts = tuple(
        Verdict(verdict.route, False, skipped) if skipped and verdict.matches is not False else verdict
        for verdict in _verdicts(record, entity, table)
    )
    found = what_it_found(discriminator, record) if entity is None else None
    return Explanation(record, entity, read_from, discriminator, verdicts, found=found)


def _why_skipped(record: Record, options: Options) -> str | None:
    if options.skip_stale and (reason := options.skip_stale.reason(record)):
        return reason
    guard = loop_guard(options.skip_own_writes, options.skip_replicated)
    return None if guard is None else guard.reason(record.event, record.wire, record.new_image, record.old_image)


def _read(record: Record, discriminator: Discriminator) -> tuple[str | None, str | None]:
    for name, image in images_of(record):
        entity = discriminator.read(image)
        if entity is not None:
            return entity, name
    return None, None


def _verdicts(record: Record, entity: str | None, table: RouteTable) -> Iterator[Verdict]:
    routed = table.routes_of(entity)
    for route in table.routes:
        if route.fallback:
            reason = "the entity has routes" if routed else "the entity has no route"
            yield Verdict(route, not routed, reason)
        elif not any(route is other for other in routed):
            yield Verdict(route, False, f"it takes entity {' or '.join(map(repr, table.names[id(route)]))}")
        elif record.origin == "backfill" and not route.backfill:
            reason = "it refuses items of a backfill" if route.state is None else "a backfill has no windows"
            yield Verdict(route, False, reason)
        elif record.event not in route.events:
            yield Verdict(route, False, f"it takes {route.events}{_hint(record, route)}")
        else:
            yield _condition_verdict(record, route)


def _hint(record: Record, route: Route) -> str:
    """The addition for a removal, whose cause its event name does not show."""
    if record.event in Event.REMOVE and route.events & Event.REMOVE:
        return ", of all removals only those"
    return ""


def _condition_verdict(record: Record, route: Route) -> Verdict:
    if route.condition is None:
        return Verdict(route, True, "entity and event match")
    empty: dict[str, Any] = {}
    try:
        met = route.condition.wire(record.old_image or empty, record.new_image or empty)
    except Exception as error:  # noqa: BLE001 - a condition may be the user's own
        return Verdict(route, None, f"{route.condition!r} raises {type(error).__name__}")
    reason = {
        True: f"entity and event match, and {route.condition!r} is met",
        False: f"{route.condition!r} is not met",
        None: f"entity and event match; {route.condition!r} depends on the typed change",
    }
    return Verdict(route, met, reason[met])
