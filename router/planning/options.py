"""The options of a Dispatcher, checked when it is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NoReturn, get_args

from router.completed import Completed
from router.discriminator_rules import Discriminator
from router.errors import RegistrationError
from router.event import Event
from router.loops import images_needed
from router.naming import kind_of
from router.parking import Parking
from router.policies import OnError, check_on_error, parks, policies_of
from router.registration.misfit import Misfit, explained
from router.routes import Routes
from router.stream_view import VIEWS, View, carried
from router.types import Middleware
from router.value_classes import dataclass

if TYPE_CHECKING:
    from router.latest_changes import LatestChanges
    from router.observability.metrics import Meter
    from router.observability.tracing import Tracer

__all__ = ["Options", "Unrouted", "check_options", "check_routes", "check_unknown", "latest_changes"]

_MOST_THREADS = 1024  # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_LONGEST_TIMEOUT = 5400

Unrouted = Literal["skip", "fail", "park"]
"""What a record becomes whose entity has no route."""


@dataclass(frozen=True)
class Options:
    """The options of a Dispatcher; its docstring says what they mean."""

    discriminator: Discriminator
    view: View
    on_error: OnError
    unrouted: Unrouted
    parking: Parking | None
    middleware: Sequence[Middleware]
    concurrency: int
    reserve: float
    completed: Completed
    metrics: Meter | None
    tracing: Tracer | None
    version: str | None
    skip_own_writes: bool | str
    skip_replicated: bool | str
    skip_stale: LatestChanges | None


def check_unknown(unknown: Mapping[str, Any]) -> None:
    """Refuse an option that does not exist, and name the nearest that does.

    Raises:
        RegistrationError: There is one.
    """
    if not unknown:
        return
    import difflib

    known = list(Options.__dataclass_fields__)
    for name in unknown:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]}=?" if near else ""
        expected = ", ".join(f"{option}=" for option in known)
        _refuse(f"Dispatcher() found the unknown option {name}={hint}\n  expected: {expected}")


def check_routes(routes: Iterable[Any]) -> None:
    """Refuse what is no ``Routes``, and a collection that has grown after it was made a part of another.

    Raises:
        RegistrationError: One of the arguments is something else, or lacks routes of its parts.
    """
    collections = [*routes]
    for collection in collections:
        if not isinstance(collection, Routes):
            expected = "Routes: Dispatcher(orders.routes, customers.routes)"
            _refuse(f"Dispatcher() found {kind_of(collection)}, expected {expected}")
    given = {id(route) for collection in collections for route in collection}
    for collection in collections:
        late = next((route for part in collection.parts() for route in part if id(route) not in given), None)
        if late is not None:
            misfit = Misfit(
                "Routes that were added to others before they had this route",
                "collections that are complete when they are added with '+' or include()",
                "import the module of this handler before its routes are added",
            )
            raise explained(f"{late.written} comes too late", late.handler, misfit)


def check_options(options: Options, routes: Routes) -> None:
    """Refuse values that an option cannot have.

    Args:
        options: The options.
        routes: The routes, whose policies may need a parking place.

    Raises:
        RegistrationError: An option has a wrong value.
    """
    _check_choice("view", options.view, VIEWS)
    _check_choice("unrouted", options.unrouted, get_args(Unrouted))
    _check_concurrency(options.concurrency)
    _check_reserve(options.reserve)
    _check_middleware(options.middleware)
    own_writes, replicated = options.skip_own_writes, options.skip_replicated
    _check_skip("skip_own_writes", own_writes, options.view, images_needed(own_writes, replicated=False))
    _check_skip("skip_replicated", replicated, options.view, images_needed(own_writes=False, replicated=replicated))
    check_on_error(options.on_error)
    _check_methods(
        "completed", options.completed, ("recall", "remember", "forget"), "a store such as MemoryCompleted()"
    )
    if options.metrics is not None:
        _check_methods("metrics", options.metrics, ("emit",), "what takes figures: metrics=Metrics('Shop')")
    if options.tracing is not None:
        _check_methods("tracing", options.tracing, ("invocation", "route"), "a tracer: tracing=Tracing()")
    if options.version is not None and (not isinstance(options.version, str) or not options.version):
        _refuse(f"Dispatcher(version=) found {kind_of(options.version)}, expected a text: version='1.4.0'")
    if options.parking is not None:
        _check_methods("parking", options.parking, ("park",), "a parking place such as MemoryParking()")
        if hasattr(type(options.parking), "park_bulk"):  # a double of unittest.mock has every attribute
            _check_most(getattr(options.parking, "most", None))
    else:
        _check_no_parking(options, routes)


def latest_changes(skip_stale: Any) -> LatestChanges | None:
    """What tells stale changes, if a Dispatcher is asked to skip them.

    Raises:
        RegistrationError: The option is no switch.
    """
    if not isinstance(skip_stale, bool):
        _refuse(f"Dispatcher(skip_stale=) found {kind_of(skip_stale)}, expected True or False")
    if not skip_stale:
        return None
    from router.latest_changes import LatestChanges  # most apps need none

    return LatestChanges()


def _check_choice(name: str, value: Any, choices: Sequence[str]) -> None:
    if value not in choices:
        found = repr(value) if isinstance(value, str) else kind_of(value)
        _refuse(f"Dispatcher({name}=) found {found}, expected {' or '.join(map(repr, choices))}")


def _check_concurrency(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        _refuse(f"Dispatcher(concurrency=) found {_number(value)}, expected a whole number of lanes, 1 or more")
    if value > _MOST_THREADS:
        _refuse(f"Dispatcher(concurrency=) found {value}, expected {_MOST_THREADS} at most: Lambda has no more threads")


def _check_reserve(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        _refuse(f"Dispatcher(reserve=) found {_number(value)}, expected seconds, 0 or more")
    if value >= _LONGEST_TIMEOUT:
        _refuse(
            f"Dispatcher(reserve=) found {value}, expected seconds, less than the longest time-out of a function "
            f"({_LONGEST_TIMEOUT}): no record would start"
        )


def _check_skip(name: str, value: Any, view: View, needed: set[str]) -> None:
    """Refuse what is no switch and no attribute, and a stream that does not show who made a record."""
    if not isinstance(value, bool | str) or value == "":
        found = repr(value) if value == "" else kind_of(value)
        _refuse(f"Dispatcher({name}=) found {found}, expected True, or the name of an attribute")
    if not needed <= {*carried(view, Event.MODIFY)}:
        _refuse(f"Dispatcher({name}=) found view={view!r}, expected a stream with {' and '.join(sorted(needed))}")


def _check_middleware(middleware: Any) -> None:
    if not isinstance(middleware, Sequence) or isinstance(middleware, str):
        _refuse(f"Dispatcher(middleware=) found {kind_of(middleware)}, expected a sequence: middleware=[timed]")


def _check_most(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        expected = "the most records of a call as its attribute most, 1 or more"
        _refuse(f"Dispatcher(parking=) found a place with park_bulk() and {_number(value)}, expected {expected}")


def _check_no_parking(options: Options, routes: Routes) -> None:
    """Refuse a policy that parks, as there is no parking place."""
    wants = [f"the route {route}" for route in routes if any(map(parks, policies_of(route.on_error)))]
    wants += ["on_error="] * any(map(parks, policies_of(options.on_error)))
    wants += ["unrouted='park'"] * (options.unrouted == "park")
    if wants:
        _refuse(
            f"Dispatcher() found no parking=, which {wants[0]} needs; give it one: "
            "parking=JsonLinesParking('parked.jsonl')"
        )


def _check_methods(option: str, value: Any, methods: Iterable[str], expected: str) -> None:
    """Refuse a class, which has to be called first, and an object that lacks one of the methods."""
    if isinstance(value, type) or not all(callable(getattr(value, name, None)) for name in methods):
        _refuse(f"Dispatcher({option}=) found {kind_of(value)}, expected {expected}")


def _number(value: Any) -> str:
    return str(value) if isinstance(value, int | float) else kind_of(value)


def _refuse(message: str) -> NoReturn:
    raise RegistrationError(message)
