"""The figures that are counted from marks are those of the outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from router import Change, Dispatcher, Drop, MemoryParking, Modify, Reject, Routes, changed, context, discriminators
from router.context import running_on
from router.dispatch import invocation
from router.dispatch.results import Results
from router.dispatch.tally import figures_of
from router.observability.metrics import InvocationFigures
from router.planning.plan import Plan
from router.policies import Policy
from router.record import Record
from tests.builders import Context, Customer, Json, Order, batch, insert, modify, remove, without
from tests.clock import Clock


def routes_of_a_shop(clock: Clock) -> Routes:
    routes = Routes()

    @routes.on(Order)
    def place(change: Change[Order]) -> None:
        clock.advance(0.25)
        if change.image.total == 13:
            raise TimeoutError
        if change.image.total == 12:
            raise Reject
        if change.image.total == 11:
            raise LookupError

    @routes.on(Order, changed("status"))
    def ship(change: Change[Order]) -> None:
        clock.advance(0.5)

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]]) -> None: ...

    @routes.on_modify(Customer, changed("name"))
    def rename(change: Modify[Customer]) -> None: ...

    return routes


def simple_routes(clock: Clock) -> Routes:
    routes = Routes()

    @routes.on(Order)
    def place(change: Change[Order]) -> None:
        clock.advance(0.25)

    @routes.on(Order)
    def notify(change: Change[Order]) -> None:
        clock.advance(0.5)

    @routes.on_modify(Customer, changed("name"))
    def rename(change: Modify[Customer]) -> None: ...

    @routes.fallback
    def other(change: Change[dict[str, Any]]) -> None: ...

    return routes


EVENT = batch(
    insert(1),
    insert(2, entity="Stranger"),
    modify(3, old={"status": "OLD"}),
    insert(4, entity="Customer"),
    modify(5, entity="Customer", name="b", old={"name": "a"}),
    modify(6, entity="Customer", name="a", old={"name": "a"}),
    remove(7),
    without(insert(8), "EntityType"),
    without(insert(9), "NewImage"),
    insert(10, entity="stranger"),
)
for number, each in enumerate(EVENT["Records"]):
    each["dynamodb"]["ApproximateCreationDateTime"] = 1_000_000 + number
FAILING = batch(*EVENT["Records"], insert(11, total=11), insert(12, total=12), insert(13, total=13), *EVENT["Records"])


class Taken:
    def emit(self, figures: InvocationFigures) -> None: ...


def comparable(figures: InvocationFigures) -> Json:
    """All figures; the order of durations means nothing."""
    groups = {"": figures.total, **figures.entities}
    return {
        entity: {**group._asdict(), "durations": sorted(group.durations), "failed": dict(group.failed)}
        for entity, group in groups.items()
    }


@pytest.mark.parametrize("event", [EVENT, FAILING, batch(), batch(insert(1))])
@pytest.mark.parametrize("remaining", [60_000, 0])
@pytest.mark.parametrize("routes", [routes_of_a_shop, simple_routes])
@pytest.mark.parametrize("options", [{}, {"concurrency": 4}, {"discriminator": discriminators.folded("EntityType")}])
def test_the_figures_are_those_of_the_outcomes(
    event: Json, remaining: int, routes: Any, options: Json, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """Counts, ages and durations of each entity are the same, counted either way."""
    pairs: list[tuple[InvocationFigures, InvocationFigures]] = []

    def count_twice(results: Results, plan: Plan) -> InvocationFigures:
        counted = figures_of(results, plan)
        pairs.append((counted, InvocationFigures(results.outcomes(), plan.registered_entity)))
        return counted

    monkeypatch.setattr(invocation, "figures_of", count_twice)
    policies: dict[type[Exception], Policy] = {LookupError: Drop()}
    app = Dispatcher(routes(clock), metrics=Taken(), parking=MemoryParking(), on_error=policies, **options)
    with running_on(context.Clock(lambda: 2_000_000.0, clock)):
        app(event, Context(remaining=remaining))
        ((counted, made),) = pairs
        assert comparable(counted) == comparable(made)


def test_no_outcome_is_made_for_the_metrics(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """Records that are done, skipped or without a route are counted without their outcomes, and nearly without records."""
    made: list[Any] = []
    init = Record.__init__

    def note(record: Record, *arguments: Any, **named: Any) -> None:
        made.append(1)
        init(record, *arguments, **named)

    monkeypatch.setattr(Record, "__init__", note)
    event = batch(*(insert(number, f"k{number}") for number in range(100)))
    Dispatcher(simple_routes(clock), metrics=Taken())(event)
    assert len(made) == 1  # that of the first record, for the age
