"""Compare several routes for a record, lanes, removals and a stale pair with one route.

    python -m tests.benchmarks.shapes [--rounds 15] [--records 1000]

Every shape handles one event of flat items with handlers that do nothing, in turn in each round. Ratios to one route are
taken round by round. A stale pair is a pair in the store of completed routes whose record never comes again.
``python -m tests.benchmarks.instructions --shape three-routes`` counts instructions.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import cache, partial
from types import FunctionType
from typing import Any

from router import Dispatcher, Insert, Modify, Remove, Routes
from router.completed import MemoryCompleted
from router.testing import Context
from tests.benchmarks.measuring import interleaved, quiet, ratios, timed
from tests.benchmarks.workloads import Flat, Workload, flat, make_event, models_of

__all__ = ["SHAPES", "main", "shape"]

MODELS = models_of(Flat)
WARM_UP = 3


def insert(change: Insert[Any]) -> None: ...


def modify(change: Modify[Any]) -> None: ...


def remove(change: Remove[Any]) -> None: ...


def routes(decorator: str, handler: Any, each: int) -> Routes:
    """The given number of routes for each entity."""
    found = Routes()
    for model in MODELS.values():
        for copy in (handler, *(_copy(handler) for _ in range(each - 1))):
            getattr(found, decorator)(model)(copy)
    return found


def _copy(handler: FunctionType) -> FunctionType:
    """Another function of the same code: a handler has one route for a change."""
    copy = FunctionType(handler.__code__, handler.__globals__, handler.__name__)
    copy.__annotations__ = handler.__annotations__
    return copy


def stale() -> MemoryCompleted:
    completed = MemoryCompleted()
    completed.remember([("on_insert(Order) tests.benchmarks.shapes.insert", f"{'f' * 32}:99")])
    return completed


def app(each: int = 1, **options: Any) -> Dispatcher:
    return Dispatcher(routes("on_insert", insert, each), **options)


SHAPES: dict[str, tuple[str, Callable[[], Dispatcher], float | None]] = {
    "one-route": ("INSERT", app, None),
    "two-routes": ("INSERT", lambda: app(2), 1.7),
    "three-routes": ("INSERT", lambda: app(3), 2.3),
    "concurrency-4": ("INSERT", lambda: app(concurrency=4), 2.0),
    "stale-pair": ("INSERT", lambda: app(completed=stale()), 1.1),
    "remove": ("REMOVE", lambda: Dispatcher(routes("on_remove", remove, 1)), None),
    "modify": ("MODIFY", lambda: Dispatcher(routes("on_modify", modify, 1)), None),
}
"""The event's name, the Dispatcher, and the highest ratio to one route."""


@cache  # shapes share an event, so that its objects have the same places in memory for all of them
def event_of(name: str, records: int) -> dict[str, Any]:
    # Every event is made of modifications, without the image that its records do not have.
    event = make_event(Workload(key=name, name=name, models=MODELS, item=flat, event_name="MODIFY"), records)
    for record in event["Records"]:
        record["eventName"] = name
        if name != "MODIFY":
            del record["dynamodb"]["OldImage" if name == "INSERT" else "NewImage"]
    return event


def shape(name: str, records: int) -> Callable[[], Any]:
    """The function that handles the event of a shape once."""
    event_name, make, _ = SHAPES[name]
    return partial(make(), event_of(event_name, records), Context(remaining=900))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--records", type=int, default=1000, help="of an event")
    options = parser.parse_args(arguments)
    runs = {name: shape(name, options.records) for name in SHAPES}
    with quiet():
        for run in runs.values():
            for _ in range(WARM_UP):
                run()
        times = interleaved({name: partial(timed, run) for name, run in runs.items()}, options.rounds)
    for name, taken in times.items():
        ratio, most = ratios(taken, times["one-route"]), SHAPES[name][2]
        bound = "" if most is None else f"  at most {most}: {'met' if ratio.median <= most else 'not met'}"
        median = sorted(taken)[len(taken) // 2] / options.records * 1e6
        print(f"{name:<15}{median:6.2f} us a record  {ratio.median:5.2f} ({ratio.low:.2f}-{ratio.high:.2f}){bound}")


if __name__ == "__main__":
    main()
