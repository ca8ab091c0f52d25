"""Properties of every batch: the lowest undone record is reported, and every route handles every record once."""

import asyncio
import copy
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from router import (
    Change,
    Dispatcher,
    Insert,
    MalformedRecordError,
    MemoryParking,
    Modify,
    Remove,
    Report,
    Routes,
    UnknownEventError,
    any_of,
    changed,
    where,
)
from tests.builders import TTL, Customer, Json, Order, batch, insert, item, modify, record, remove
from tests.examples import examples

# The fixtures of these test functions only parametrize.
PATIENT = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], max_examples=examples(60)
)

SOME_ROUTES = 3
KEYS = "abcd"


@dataclass(frozen=True)
class Plan:
    """One record, and the number of failures of each of its routes before it succeeds."""

    key: str
    number: str
    fails: tuple[int, ...]


# Real numbers have 22 and 23 digits in one shard, so their texts sort in another order.
def numbers() -> st.SearchStrategy[int]:
    near = st.integers(10**22 - 6, 10**22 + 6)
    return near | st.integers(0, 10**40)


def fails() -> st.SearchStrategy[tuple[int, ...]]:
    # Mostly successes: a batch of failures alone would stop at its first record.
    return st.tuples(*[st.sampled_from([0, 0, 0, 0, 1, 2]) for _ in range(SOME_ROUTES)])


@st.composite
def shards(draw: st.DrawFn) -> list[Plan]:
    """Records as a shard delivers them: in the order of their numbers."""
    found = sorted(draw(st.lists(numbers(), min_size=1, max_size=12, unique=True)))
    return [Plan(draw(st.sampled_from(KEYS)), str(number), draw(fails())) for number in found]


@st.composite
def shuffled(draw: st.DrawFn) -> list[Plan]:
    """Records in any order, possibly with equal numbers and keys."""
    few = st.sampled_from(["9" * 22, "1" + "0" * 22, "7", "07", "10"])
    found = draw(st.lists(few | numbers().map(str), min_size=1, max_size=8))
    return [Plan(draw(st.sampled_from(KEYS)), number, draw(fails())) for number in found]


class Shop:
    """Several routes that fail as planned, and the records that they have finished.

    Args:
        plans: The records.
        asynchronous: Whether the second route is async.
    """

    def __init__(self, plans: Sequence[Plan], **options: Any) -> None:
        self.raw = [
            {**modify(plan.number, plan.key, total=position), "eventID": f"e{position}"}
            for position, plan in enumerate(plans)
        ]
        self.left = {(route, position): n for position, plan in enumerate(plans) for route, n in enumerate(plan.fails)}
        self.finished: list[tuple[int, int, str]] = []
        routes = Routes()

        @routes.on(Order)
        def first(change: Change[Order]) -> None:
            self.work(0, change)

        @routes.on_modify(Order)
        async def second(change: Modify[Order]) -> None:
            await asyncio.sleep(0)
            self.work(1, change)

        @routes.on_modify(Order, where(lambda change: change.new.total >= 0))
        def third(change: Modify[Order]) -> None:
            self.work(2, change)

        self.app = Dispatcher(routes, **options)

    def work(self, route: int, change: Change[Order]) -> None:
        position = change.image.total
        if self.left[route, position]:
            self.left[route, position] -= 1
            raise TimeoutError
        self.finished.append((route, position, change.keys["pk"]))


def replay(app: Callable[[Any], Any], raw: list[Json], most: int) -> None:
    """Deliver a shard as Lambda does, from the reported number on, until nothing is reported."""
    left = raw
    for _ in range(most):
        failures = app(batch(*left))["batchItemFailures"]
        if not failures:
            return
        (failure,) = failures
        numbers = [entry["dynamodb"]["SequenceNumber"] for entry in left]
        left = left[numbers.index(failure["itemIdentifier"]) :]
    pytest.fail("the shard never came to its end")


@pytest.mark.parametrize("concurrency", [1, 4])
@PATIENT
@given(plans=shards())
def test_every_route_handles_every_record_once(plans: list[Plan], concurrency: int) -> None:
    """Redelivered until it is done, each record is handled exactly once by each route, with any failures between."""
    shop = Shop(plans, concurrency=concurrency)
    replay(shop.app, shop.raw, most=1 + sum(sum(plan.fails) for plan in plans))
    expected = {(route, position): 1 for route in range(SOME_ROUTES) for position in range(len(plans))}
    assert Counter((route, position) for route, position, _ in shop.finished) == expected


@pytest.mark.parametrize("concurrency", [1, 4])
@PATIENT
@given(plans=shards())
def test_every_item_is_handled_in_order(plans: list[Plan], concurrency: int) -> None:
    """For each route, the changes of one item succeed in the order of the stream, through all redeliveries."""
    shop = Shop(plans, concurrency=concurrency)
    replay(shop.app, shop.raw, most=1 + sum(sum(plan.fails) for plan in plans))
    order: dict[tuple[int, str], list[int]] = defaultdict(list)
    for route, position, key in shop.finished:
        order[route, key].append(position)
    assert all(positions == sorted(positions) for positions in order.values())


@pytest.mark.parametrize("concurrency", [1, 4])
@PATIENT
@given(plans=shuffled())
def test_the_response_is_empty_or_the_lowest_not_done(plans: list[Plan], concurrency: int) -> None:
    """After one delivery, in any order, the reported number is the lowest of the records that some route has not finished."""
    shop = Shop(plans, concurrency=concurrency)
    failures = shop.app(batch(*shop.raw))["batchItemFailures"]
    done = Counter(position for _, position, _ in shop.finished)
    undone = [plan.number for position, plan in enumerate(plans) if done[position] < SOME_ROUTES]
    reported = [int(failure["itemIdentifier"]) for failure in failures]
    assert reported == ([min(map(int, undone))] if undone else [])


@PATIENT
@given(plans=shuffled())
def test_one_lane_stops_at_the_first_failure(plans: list[Plan]) -> None:
    """Without concurrency, exactly the records before the first failure are done, and no route runs after it."""
    shop = Shop(plans)
    shop.app(batch(*shop.raw))
    first = next((position for position, plan in enumerate(plans) if any(plan.fails)), len(plans))
    expected = [(route, position) for position in range(first) for route in range(SOME_ROUTES)]
    if first < len(plans):
        failing = plans[first].fails
        route = next(route for route, times in enumerate(failing) if times)
        expected += [(earlier, first) for earlier in range(route)]
    assert [(route, position) for route, position, _ in shop.finished] == expected


@pytest.mark.parametrize("concurrency", [1, 4])
@PATIENT
@given(plans=shuffled())
def test_reported_identifiers_come_from_the_event(plans: list[Plan], concurrency: int) -> None:
    """A reported identifier is exactly a text of the event."""
    shop = Shop(plans, concurrency=concurrency)
    failures = shop.app(batch(*shop.raw))["batchItemFailures"]
    assert {failure["itemIdentifier"] for failure in failures} <= {plan.number for plan in plans}


@pytest.mark.parametrize("concurrency", [1, 4])
@PATIENT
@given(plans=shuffled())
def test_outcomes_and_response_agree(plans: list[Plan], concurrency: int) -> None:
    """The response is empty exactly if no outcome is failed or deferred, and every record has an outcome."""
    shop = Shop(plans, concurrency=concurrency)
    report = shop.app.dispatch(batch(*shop.raw))
    undone = any(outcome.status in ("failed", "deferred") for outcome in report)
    assert bool(report.response["batchItemFailures"]) == undone
    assert {id(outcome.record.raw) for outcome in report} == set(map(id, shop.raw))


# ---------------------------------------------------------------------------------------------------------- malformed input

TEXTS = st.sampled_from(
    ["", "INSERT", "MODIFY", "aws:dynamodb", "Order", "S", "N", "1", "-1", "NaN", "\ud800", "ключ", "100"]
)


def junk() -> st.SearchStrategy[Any]:
    """Any JSON value."""
    leaves = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.sampled_from([10**400, -(10**30)]),
        TEXTS,
        st.text(max_size=4),
    )
    names = st.sampled_from(["S", "N", "M", "L", "B", "SS", "NULL", "eventSource", "type", "pk"]) | st.text(max_size=3)
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=8
    )


FULL: Json = {
    "total": 5,
    "lines": {"L": [{"M": {"sku": {"S": "x"}, "count": {"N": "1"}}}]},
    "tags": {"SS": ["a", "b"]},
    "photo": {"B": "aGk="},
    "gone": {"NULL": True},
}
RECORDS = [
    insert(1, **FULL),
    modify(2, status="SHIPPED", old=FULL, **FULL),
    remove(3, "b", **FULL),
    {**remove(4, "c"), "userIdentity": TTL},
    insert(5, "d", "Customer", name="n"),
    insert(6, "e", "Stranger", **FULL),
    insert("9" * 22, "a", total="many"),
    record("1" + "0" * 22, "MODIFY", "a", ApproximateCreationDateTime=1_700_000_000.0),
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values inside a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for name, inner in inside for place in [(*path, name), *places(inner, (*path, name))]]


def put(event: Any, path: tuple[Any, ...], value: Any) -> None:
    *way, last = path
    for name in way:
        event = event[name]
    event[last] = value


def take_out(event: Any, path: tuple[Any, ...]) -> None:
    *way, last = path
    for name in way:
        event = event[name]
    del event[last]


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """An event with keys removed, values replaced by junk at any depth, and records doubled or moved."""
    chosen = draw(st.lists(st.sampled_from(RECORDS), min_size=1, max_size=5))
    event: Any = copy.deepcopy(batch(*chosen))
    for _ in range(draw(st.integers(0, 4))):
        found = places(event)
        if not found:
            break
        path = draw(st.sampled_from(found))
        if draw(st.booleans()):
            put(event, path, draw(junk()))
        else:
            take_out(event, path)
    return event


def large(change: Any) -> bool:
    return bool(change.image.total > 4)


def make_app(**options: Any) -> Dispatcher:
    routes = Routes()

    @routes.on_insert(Order)
    def placed(change: Insert[Order]) -> None: ...

    @routes.on_modify(Order, any_of(changed("status", "lines[0].count", "tags"), where(large)))
    async def modified(change: Modify[Order]) -> None:
        assert change.diff is not None

    @routes.on_remove(Order, cause="ttl")
    def expired(change: Remove[Order]) -> None: ...

    @routes.on(Order)
    def failing(change: Change[Order]) -> None:
        if change.image.total == 5:
            raise TimeoutError(change.image)

    @routes.on_batch(Customer)
    def index(changes: Sequence[Change[Customer]]) -> None:
        raise KeyError

    @routes.fallback
    def unknown(change: Change[dict[str, Any]]) -> None:
        assert change.keys is not None

    return Dispatcher(routes, **options)


def dispatcher_without_fallback() -> Dispatcher:
    routes = Routes()

    @routes.on(Order, changed("total"))
    def handler(change: Change[Order]) -> None: ...

    return Dispatcher(routes, unrouted="park", parking=MemoryParking(), concurrency=2)


APPS = [
    make_app,
    lambda: make_app(concurrency=3),
    lambda: make_app(parking=MemoryParking()),
    dispatcher_without_fallback,
]


def sequence_numbers(event: Any) -> list[Any]:
    """The sequence number of each record, or None."""
    found = []
    for entry in event["Records"]:
        body = entry.get("dynamodb") if isinstance(entry, dict) else None
        found.append(body.get("SequenceNumber") if isinstance(body, dict) else None)
    return found


def answer(make: Callable[[], Dispatcher], event: Any) -> Report | None:
    """The report of an app for an event; ``None`` if the app refuses the event for a valid reason."""
    try:
        return make().dispatch(event)
    except UnknownEventError:
        return None
    except MalformedRecordError:
        assert not all(isinstance(number, str) and number for number in sequence_numbers(event))
        return None


def check(report: Report | None, event: Any) -> None:
    if report is None:
        return
    failures = report.response["batchItemFailures"]
    assert len(failures) <= 1
    for failure in failures:
        identifier = failure["itemIdentifier"]
        assert isinstance(identifier, str)
        assert identifier
        assert identifier in sequence_numbers(event)
    assert {id(outcome.record.raw) for outcome in report} == set(map(id, event["Records"]))


@pytest.mark.parametrize("make", APPS)
@settings(PATIENT, max_examples=examples(150))
@given(event=mutated())
@example(event=batch(record(1, "INSERT", NewImage=item(total=5), ApproximateCreationDateTime=10**400)))
@example(event=batch(record(1, "INSERT", NewImage=item(total=5), Keys={})))
def test_malformed_records_cost_themselves(make: Callable[[], Dispatcher], event: Any) -> None:
    """A malformed event raises no other error than a refusal of the event, and reports only numbers of the event."""
    check(answer(make, event), event)


@pytest.mark.parametrize("make", APPS)
@PATIENT
@given(event=junk())
def test_junk_is_no_event(make: Callable[[], Dispatcher], event: Any) -> None:
    """Any JSON that is no event raises UnknownEventError, unless it is an empty batch."""
    report = answer(make, event)
    assert report is None or event["Records"] == []


@PATIENT
@given(event=mutated())
def test_events_survive_json(event: Any) -> None:
    """An event gives the same outcomes as a Python value and after a round trip through JSON."""
    try:
        text = json.dumps(event)
    except (TypeError, ValueError):
        return
    answers = [answer(APPS[0], again) for again in (event, json.loads(text))]
    one, other = ([] if report is None else [report.response, report.counts()] for report in answers)
    assert one == other


@PATIENT
@given(event=mutated())
def test_explaining_a_malformed_record_never_fails(event: Any) -> None:
    """A malformed record is explained, or is of no known source."""
    app = make_app()
    for entry in event["Records"] if isinstance(event, dict) and isinstance(event.get("Records"), list) else []:
        try:
            text = str(app.explain(entry))
        except UnknownEventError:
            continue
        assert text


@PATIENT
@given(event=mutated())
def test_an_event_is_never_changed(event: Any) -> None:
    """Handling a malformed event does not change it."""
    before = repr(event)
    answer(APPS[0], event)
    assert repr(event) == before
