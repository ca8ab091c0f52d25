"""What a dispatcher is told, held against what it can do, while it is made."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from router.errors import RegistrationError
from router.policies import OnError, parks, policies_of
from router.routes import Routes

__all__ = [
    "check_choice",
    "check_completed",
    "check_concurrency",
    "check_metrics",
    "check_middleware",
    "check_parking",
    "check_reserve",
    "check_routes",
    "check_tracing",
    "check_unknown",
]


def check_unknown(unknown: Iterable[str], known: Sequence[str]) -> None:
    """Refuse an option that there is not, and name the nearest that there is."""
    for name in unknown:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]}=?" if near else ""
        expected = ", ".join(f"{option}=" for option in known)
        _refuse(f"Dispatcher() found the unknown option {name}={hint}\n  expected: {expected}")


def check_routes(routes: Iterable[Any]) -> None:
    """Refuse what is no collection of routes."""
    for collection in routes:
        if not isinstance(collection, Routes):
            _refuse(
                f"Dispatcher() found a value of type {type(collection).__name__}, expected Routes: "
                "Dispatcher(orders.routes, customers.routes)"
            )


def check_choice(name: str, value: Any, choices: Sequence[str]) -> None:
    """Refuse a value that is none of the choices."""
    if value not in choices:
        found = repr(value) if isinstance(value, str) else f"a value of type {type(value).__name__}"
        _refuse(f"Dispatcher({name}=) found {found}, expected {' or '.join(map(repr, choices))}")


def check_concurrency(value: Any) -> None:
    """Refuse what is no number of lanes."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        _refuse(f"Dispatcher(concurrency=) found {_number(value)}, expected a whole number of lanes, 1 or more")


def check_reserve(value: Any) -> None:
    """Refuse what is no time to keep."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        _refuse(f"Dispatcher(reserve=) found {_number(value)}, expected seconds, 0 or more")


def check_middleware(middleware: Any) -> None:
    """Refuse what is no sequence, as one middleware on its own is not."""
    if not isinstance(middleware, Sequence) or isinstance(middleware, str):
        found = "a function" if callable(middleware) else f"a value of type {type(middleware).__name__}"
        _refuse(f"Dispatcher(middleware=) found {found}, expected a sequence: middleware=[timed]")


def check_completed(completed: Any) -> None:
    """Refuse what cannot remember."""
    _check_methods("completed", completed, ("recall", "remember", "forget"), "a store such as MemoryCompleted()")


def check_metrics(metrics: Any) -> None:
    """Refuse what takes no figures."""
    if metrics is not None:
        _check_methods("metrics", metrics, ("emit",), "what takes figures: metrics=Metrics('Shop')")


def check_tracing(tracing: Any) -> None:
    """Refuse what cannot see a call begin and end."""
    if tracing is not None:
        _check_methods("tracing", tracing, ("invocation", "route"), "a tracer: tracing=Tracing()")


def check_parking(routes: Routes, on_error: OnError, unrouted: str, parking: Any) -> None:
    """Refuse a policy that parks without a place to park in, and a place that nothing can be put into."""
    if parking is not None:
        _check_methods("parking", parking, ("park",), "a parking place such as MemoryParking()")
        return
    wants = [f"the route {route}" for route in routes if any(map(parks, policies_of(route.on_error)))]
    wants += ["on_error="] * any(map(parks, policies_of(on_error)))
    wants += ["unrouted='park'"] * (unrouted == "park")
    if wants:
        _refuse(
            f"Dispatcher() found no parking=, which {wants[0]} needs; give it one: "
            "parking=JsonLinesParking('parked.jsonl')"
        )


def _check_methods(option: str, value: Any, methods: Iterable[str], expected: str) -> None:
    """Refuse a class, which is to be called first, and what has not all of the methods."""
    if isinstance(value, type) or not all(callable(getattr(value, name, None)) for name in methods):
        found = f"the class {value.__name__}" if isinstance(value, type) else f"a {type(value).__name__}"
        _refuse(f"Dispatcher({option}=) found {found}, expected {expected}")


def _number(value: Any) -> str:
    return str(value) if isinstance(value, int | float) else f"a value of type {type(value).__name__}"


def _refuse(message: str) -> NoReturn:
    raise RegistrationError(message)
