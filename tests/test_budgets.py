"""The number of calls of a record is exactly its budget.

Calls are the same in every run and on every machine; times are not. The counts show in every run of the tests that a
change made the path of a record longer or shorter. `make bench` and `python -m tests.benchmarks.instructions` show what
it costs or saves.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextvars import Context
from types import FrameType
from typing import Annotated, Any, Literal, NamedTuple

import pytest
from pydantic import BaseModel

from router import Depends, Dispatcher, Drop, Insert, Modify, Remove, Routes, changed
from router.observability.metrics import InvocationFigures
from router.testing import Context as LambdaContext
from tests.benchmarks.contestants.router_app import router_app
from tests.benchmarks.measuring import quiet
from tests.benchmarks.workloads import event_text, workload_of

Event = dict[str, Any]


class Calls(NamedTuple):
    """The calls of one more record in an event: of functions written in Python, and of those written in C."""

    python: int
    c: int


# The calls of a record: Python, C. If a change needs more, raise the number and give the reason in the commit; if it needs
# less, lower it, so that the gain is kept.
BUDGETS = {
    "insert": Calls(3, 8),
    "modify": Calls(4, 13),
    "remove": Calls(3, 8),
    "unrouted": Calls(0, 1),
    "no route for the event": Calls(0, 1),
    "filtered out by a condition": Calls(1, 3),
    "two routes": Calls(9, 20),
    "three routes": Calls(13, 27),
    "a cold_start dependency": Calls(4, 10),
    "metrics": Calls(3, 9),
}


# The same for realistic items with generated parsers, by the workload of the benchmarks.
TASK = 0 if sys.version_info >= (3, 14) else 2  # calls of asyncio's own for a task, which Python 3.14 does without

FUNCTIONS = {
    "realistic": Calls(3, 50),
    "batch": Calls(13, 58),
    "metrics": Calls(3, 51),
    "dependency": Calls(4, 52),
    "async": Calls(15 + TASK, 61 + TASK),
    "all": Calls(16 + TASK, 64 + TASK),
    "remembered": Calls(3, 50),
}


LANES = Calls(35, 38)
REFUSED = Calls(38, 52)
FAILED_BY_HANDLER = Calls(69, 74)

# The calls of an invocation with one record, at most: Pythons differ in their own.
INVOCATION = Calls(68, 65)


class Order(BaseModel):
    EntityType: Literal["Order"]
    pk: str
    status: str
    quantity: int


class Strict(Order):
    status: int  # type: ignore[assignment]  # every item is refused on purpose


def nothing(change: Insert[Order]) -> None: ...


def refused(change: Insert[Strict]) -> None: ...


def failing(change: Insert[Order]) -> None:
    raise ValueError


def nothing_else(change: Insert[Order]) -> None: ...


def nothing_more(change: Insert[Order]) -> None: ...


def neither(change: Modify[Order]) -> None: ...


def gone(change: Remove[Order]) -> None: ...


def one() -> int:
    return 1


def with_cold_start(change: Insert[Order], value: Annotated[int, Depends(one, scope="cold_start")]) -> None: ...


class Taken:
    def emit(self, figures: InvocationFigures) -> None:
        assert figures.total.records


def of_insert() -> Routes:
    return inserts(nothing)


def inserts(*handlers: Any) -> Routes:
    routes = Routes()
    for handler in handlers:
        routes.on_insert(Order)(handler)
    return routes


def of_modify() -> Routes:
    routes = Routes()
    routes.on_modify(Order)(neither)
    return routes


def of_remove() -> Routes:
    routes = Routes()
    routes.on_remove(Order)(gone)
    return routes


def of_condition() -> Routes:
    routes = Routes()
    routes.on_modify(Order, changed("status", to="SHIPPED"))(neither)
    return routes


def of_two() -> Routes:
    return inserts(nothing, nothing_else)


def of_three() -> Routes:
    return inserts(nothing, nothing_else, nothing_more)


def of_cold_start() -> Routes:
    return inserts(with_cold_start)


def of_metrics() -> Dispatcher:
    return Dispatcher(inserts(nothing), metrics=Taken())


def of_refused() -> Dispatcher:
    routes = Routes()
    routes.on_insert(Strict, entity="Order")(refused)
    return Dispatcher(routes, on_error=Drop())


def of_failing() -> Dispatcher:
    return Dispatcher(inserts(failing), on_error=Drop())


Name = Literal["INSERT", "MODIFY", "REMOVE"]
PATHS: dict[str, tuple[Callable[[], Routes | Dispatcher], Name, str]] = {
    "insert": (of_insert, "INSERT", "Order"),
    "modify": (of_modify, "MODIFY", "Order"),
    "remove": (of_remove, "REMOVE", "Order"),
    "unrouted": (of_insert, "INSERT", "Customer"),
    "no route for the event": (of_insert, "MODIFY", "Order"),
    "filtered out by a condition": (of_condition, "MODIFY", "Order"),
    "two routes": (of_two, "INSERT", "Order"),
    "three routes": (of_three, "INSERT", "Order"),
    "a cold_start dependency": (of_cold_start, "INSERT", "Order"),
    "metrics": (of_metrics, "INSERT", "Order"),
}


def event(name: Name, entity: str, records: int) -> Event:
    return {"Records": [record(name, entity, number) for number in range(records)]}


def record(name: str, entity: str, number: int) -> dict[str, Any]:
    pk = {"S": f"ORDER#{number}"}
    new = {"pk": pk, "EntityType": {"S": entity}, "status": {"S": "PAID"}, "quantity": {"N": "2"}, "note": {"S": "-"}}
    old = {**new, "status": {"S": "NEW"}}
    images = {"INSERT": {"NewImage": new}, "MODIFY": {"NewImage": new, "OldImage": old}, "REMOVE": {"OldImage": old}}
    body = {"Keys": {"pk": pk}, "SequenceNumber": str(100 + number), **images[name]}
    return {"eventID": str(number), "eventName": name, "eventSource": "aws:dynamodb", "dynamodb": body}


def calls(run: Callable[[], object]) -> Counter[str]:
    """Count the calls of each kind in a run."""
    counts: Counter[str] = Counter()
    with profiled(lambda _, kind: counts.update([kind])):
        run()
    return counts


@contextlib.contextmanager
def profiled(on_call: Callable[[FrameType, str], object]) -> Iterator[None]:
    """Report each call within the block, with its frame and its kind."""
    before = sys.getprofile()
    gc.disable()  # the callbacks of a collection are calls too, at any time
    sys.setprofile(lambda frame, kind, _: on_call(frame, kind))
    try:
        yield
    finally:
        sys.setprofile(before)
        gc.enable()


def calls_of_a_record(path: str) -> Calls:
    """Count the calls of one more record: the difference of events of 20 and 40 excludes the calls of the invocation."""
    make, name, entity = PATHS[path]
    made = make()
    app = Dispatcher(made) if isinstance(made, Routes) else made
    few, many = event(name, entity, 20), event(name, entity, 40)
    with quiet():
        app(few)  # the first event sets up the log and reads the schemas of models
        # Context variables that another test has left behind cost calls.
        once, twice = calls(lambda: Context().run(app, few)), calls(lambda: Context().run(app, many))
    more = {kind: divmod(twice[kind] - once[kind], 20) for kind in ("call", "c_call")}
    assert not any(rest for _, rest in more.values()), f"{path}: not every record makes the same calls: {more}"
    return Calls(more["call"][0], more["c_call"][0])


@pytest.mark.parametrize("path", PATHS)
def test_a_record_calls_what_it_may(path: str) -> None:
    """A record makes as many calls as its budget: a longer path is noticed, and a shorter one is kept."""
    found, budget = calls_of_a_record(path), BUDGETS[path]
    assert found == budget, (
        f"{path}: found {found}, expected {budget}; correct BUDGETS in {__name__}, and give the reason in the commit"
    )


@pytest.mark.parametrize("key", FUNCTIONS)
def test_a_realistic_item_calls_what_it_may(key: str) -> None:
    """A record of a function with metrics, a dependency, async handlers and so on makes as many calls as its budget."""
    workload = workload_of(key)
    entry, texts = router_app(workload, None), [event_text(workload, records) for records in (600, 200, 400)]
    warm, few, many = (entry.prepare(json.loads(text)) for text in texts)

    def run(event: Event) -> Counter[str]:
        return calls(lambda: Context().run(entry.run, event, None))

    with quiet():
        entry.run(warm, None)  # after it parsers are generated
        once, twice = run(few), run(many)
    more = {kind: divmod(twice[kind] - once[kind], 200) for kind in ("call", "c_call")}
    assert not any(rest for _, rest in more.values()), f"{key}: not every record makes the same calls: {more}"
    found = Calls(more["call"][0], more["c_call"][0])
    assert found == FUNCTIONS[key], f"{key}: found {found}, expected {FUNCTIONS[key]}; correct FUNCTIONS in {__name__}"


def test_an_invocation_calls_what_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most invocations have few records: what they do beside these is most of their cost."""
    monkeypatch.delitem(sys.modules, "structlog._config", raising=False)  # other tests load it, and it is asked then
    app, one, context = Dispatcher(of_insert()), event("INSERT", "Order", 1), LambdaContext()
    with quiet():
        app(event("INSERT", "Order", 200), context)  # after it the parser is generated
        found = calls(lambda: Context().run(app, one, context))
    assert found["call"] <= INVOCATION.python
    assert found["c_call"] <= INVOCATION.c


def test_a_record_in_a_lane_calls_what_it_may() -> None:
    """A record whose async handler waits costs a task of its loop at most. asyncio's own calls vary between Pythons."""
    routes = Routes()

    @routes.on_insert(Order)
    async def wait(change: Insert[Order]) -> None:
        await asyncio.sleep(0)

    app = Dispatcher(routes, concurrency=4)
    few, many = event("INSERT", "Order", 20), event("INSERT", "Order", 40)
    with quiet():
        for each in (few, many):  # the first events start what is started once
            app(each)
        once, twice = calls(lambda: Context().run(app, few)), calls(lambda: Context().run(app, many))
    found = [(twice[kind] - once[kind]) / 20 for kind in ("call", "c_call")]
    assert found[0] <= LANES.python
    assert found[1] <= LANES.c


@pytest.mark.parametrize(("make", "budget"), [(of_refused, REFUSED), (of_failing, FAILED_BY_HANDLER)])
def test_a_record_that_is_dropped_calls_what_it_may(make: Callable[[], Dispatcher], budget: Calls) -> None:
    """A record that the model refuses, or that its handler fails, costs no more calls than its budget.

    Python 3.12 calls no comprehensions, so later Pythons need fewer.
    """
    app = make()
    few, many = event("INSERT", "Order", 20), event("INSERT", "Order", 40)
    with quiet():
        app(few)
        once, twice = calls(lambda: Context().run(app, few)), calls(lambda: Context().run(app, many))
    found = [(twice[kind] - once[kind]) / 20 for kind in ("call", "c_call")]
    assert found[0] <= budget.python
    assert found[1] <= budget.c


def test_the_log_is_written_once_an_invocation() -> None:
    """A record that succeeds makes no call of the log: a line costs as much as ten records."""
    app = Dispatcher(of_insert())
    written: list[str] = []

    def note(frame: FrameType, kind: str) -> None:
        if kind == "call" and "structlog" in frame.f_code.co_filename:
            written.append(frame.f_code.co_name)

    with quiet():
        app(event("INSERT", "Order", 1))
        with profiled(note):
            app(event("INSERT", "Order", 1))
            once = len(written)
            app(event("INSERT", "Order", 500))
    assert once
    assert len(written) == 2 * once
