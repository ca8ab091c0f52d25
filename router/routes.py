"""Routes: what a team registers with decorators, as values.

A decorator records a route and returns the function unchanged. There is no global registry: collections of routes are
composed, compared and printed as values, and a Dispatcher is made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from typing import Any, Generic, ParamSpec, Protocol, TypeVar, overload

from pydantic import BaseModel
from typing_extensions import Unpack

from router.change import Change, Insert, Modify, Remove
from router.conditions import Condition
from router.errors import RegistrationError
from router.event import Event
from router.naming import kind_of, name_of, place_of
from router.policies import OnError
from router.registration.arguments import FALLBACK, Arguments, read_arguments
from router.registration.compatibility import fitting_signature
from router.registration.misfit import Misfit, explained
from router.registration.options import (
    KeysOptions,
    OldOptions,
    RemoveKeysOptions,
    RemoveOptions,
    RouteOptions,
    WindowKeysOptions,
    WindowOptions,
)
from router.registration.signature import Signature
from router.value_classes import dataclass
from router.window import Window

__all__ = ["Route", "Routes"]

M = TypeVar("M")
Old = TypeVar("Old")
State = TypeVar("State", bound=BaseModel)
P = ParamSpec("P")
C_contra = TypeVar("C_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True, repr=False)
class Route:
    """What one decorator registered: which changes go to which handler.

    Args:
        handler: The user's function, unchanged.
        events: The events that it handles.
        model: The model of new images, and of old ones unless ``old`` differs; ``None`` for a route without images.
        old: The model of old images.
        condition: The condition that a change must meet.
        entities: The names in ``entity=``; empty if the model names the entity.
        on_error: The policy for this route's failures; ``None`` for the dispatcher's.
        batch: Whether one call takes all changes of an invocation.
        fallback: Whether it takes the records of entities without a route.
        signature: The parameters of the handler.
        written: The decorator as source text.
        state: The model of a tumbling window's state; ``None`` for a route without windows.
        backfill: Whether it takes the items that a backfill delivers.
    """

    handler: Callable[..., Any]
    events: Event
    model: Any
    old: Any
    condition: Condition[Any] | None
    entities: tuple[str, ...]
    on_error: OnError | None
    batch: bool
    fallback: bool
    signature: Signature = field(compare=False)
    written: str = field(compare=False)
    state: type[BaseModel] | None = None
    backfill: bool = True

    @property
    def name(self) -> str:
        """The handler's module and qualified name, as in logs and metrics."""
        return name_of(self.handler)

    @property
    def place(self) -> str | None:
        """The file and line that define the handler."""
        return place_of(self.handler)

    def __repr__(self) -> str:
        return f"{self.written} {self.name}"


class Handler(Protocol[C_contra, P, R_co]):  # pyright: ignore[reportInvalidTypeVarUse] - it sees the last overload only
    """A function that takes a ``C_contra`` first; for type checkers.

    A function has to match both overloads: the first checks its first parameter, the second captures its whole
    signature, which the decorator returns unchanged.
    """

    @overload
    def __call__(self, change: C_contra, /, *needs: Any, **named_needs: Any) -> Any: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...


class Registrar(Generic[C_contra]):
    """A decorator that records a route for a function whose first parameter takes a ``C_contra``."""

    __slots__ = ("_register",)

    def __init__(self, register: Callable[[Callable[..., Any]], None]) -> None:
        self._register = register

    def __call__(self, handler: Handler[C_contra, P, R_co]) -> Callable[P, R_co]:
        """Record the route and return the handler unchanged.

        Raises:
            RegistrationError: The handler can never be called; the message shows it and what to correct.
        """
        self._register(handler)
        return handler


class Routes:
    """An ordered collection of routes, filled by its decorators.

    Several routes may match one record: they run in the order of registration. Every decorator refuses, with a
    ``RegistrationError``, arguments and handlers that can never work.

    Example:
        >>> from pydantic import BaseModel
        >>> from router import changed
        >>> class Order(BaseModel):
        ...     status: str
        >>> routes = Routes()
        >>> @routes.on_insert(Order)
        ... def place(change: Insert[Order]) -> None: ...
        >>> @routes.on_modify(Order, changed("status"))
        ... def ship(change: Modify[Order]) -> None: ...
        >>> @routes.on_remove(Order, cause="ttl")
        ... def expire(change: Remove[Order]) -> None: ...
        >>> @routes.on(Order, Event.INSERT | Event.MODIFY)
        ... def audit(change: Change[Order]) -> None: ...
        >>> @routes.on_batch(Order)
        ... def index(changes: Sequence[Change[Order]]) -> None: ...
        >>> class Totals(BaseModel):
        ...     count: int = 0
        >>> @routes.on_window(Order, state=Totals)
        ... def total(window: Window[Order, Totals]) -> None: ...
        >>> len(routes)
        6
    """

    def __init__(self, *routes: Route) -> None:
        other = next((each for each in routes if not isinstance(each, Route)), None)
        if other is not None:
            msg = (
                f"Routes() found {kind_of(other)}, expected routes; to join collections: orders.routes + others.routes"
            )
            raise RegistrationError(msg)
        self._routes: list[Route] = list(routes)
        self._parts: list[Routes] = []
        self._dispatcher_place: str | None = None

    @overload
    def on_insert(
        self, model: type[M], *conditions: Condition[Insert[M]], **options: Unpack[RouteOptions]
    ) -> Registrar[Insert[M]]: ...
    @overload
    def on_insert(
        self, model: None, *conditions: Condition[Insert[None]], **options: Unpack[KeysOptions]
    ) -> Registrar[Insert[None]]: ...
    def on_insert(self, model: Any, *conditions: Any, **options: Any) -> Any:
        """Register a handler for new items.

        Args:
            model: The model of the item; ``None`` for none: the handler works with the keys.
            conditions: Conditions, all of which a change must meet: ``changed("status")``.
            entity: The entity's name or several names, if the model does not name it.
            on_error: What a failure becomes: ``Retry()``, ``Park()``, ``Drop()``, or these by exception type.
            backfill: Whether the handler takes the items that ``router backfill`` delivers.
        """
        return self._registrar("on_insert", Event.INSERT, model, conditions, options)

    @overload
    def on_modify(
        self, model: type[M], *conditions: Condition[Modify[M]], **options: Unpack[RouteOptions]
    ) -> Registrar[Modify[M]]: ...
    @overload
    def on_modify(
        self, model: type[M], *conditions: Condition[Modify[M, Old]], **options: Unpack[OldOptions[Old]]
    ) -> Registrar[Modify[M, Old]]: ...
    @overload
    def on_modify(
        self, model: None, *conditions: Condition[Modify[None]], **options: Unpack[KeysOptions]
    ) -> Registrar[Modify[None]]: ...
    def on_modify(self, model: Any, *conditions: Any, **options: Any) -> Any:
        """Register a handler for modified items.

        Args:
            model: The model of both images; ``None`` for none: the handler works with the keys.
            conditions: Conditions, all of which a change must meet: ``changed("status")``.
            old: The model of old images, if it differs.
            entity: The entity's name or several names, if the model does not name it.
            on_error: What a failure becomes: ``Retry()``, ``Park()``, ``Drop()``, or these by exception type.
            backfill: Whether the handler takes the items that ``router backfill`` delivers.
        """
        return self._registrar("on_modify", Event.MODIFY, model, conditions, options)

    @overload
    def on_remove(
        self, model: type[M], *conditions: Condition[Remove[M]], **options: Unpack[RemoveOptions]
    ) -> Registrar[Remove[M]]: ...
    @overload
    def on_remove(
        self, model: None, *conditions: Condition[Remove[None]], **options: Unpack[RemoveKeysOptions]
    ) -> Registrar[Remove[None]]: ...
    def on_remove(self, model: Any, *conditions: Any, **options: Any) -> Any:
        """Register a handler for removed items.

        Args:
            model: The model of the item before its removal; ``None`` for none: the handler works with the keys.
            conditions: Conditions, all of which a change must meet: ``changed("status")``.
            cause: ``"ttl"`` for items that expired, ``"user"`` for items that a request deleted; by default both.
            entity: The entity's name or several names, if the model does not name it.
            on_error: What a failure becomes: ``Retry()``, ``Park()``, ``Drop()``, or these by exception type.
            backfill: Whether the handler takes the items that ``router backfill`` delivers.
        """
        return self._registrar("on_remove", Event.REMOVE, model, conditions, options)

    @overload
    def on(
        self, model: type[M], *events: Event | Condition[Change[M]], **options: Unpack[RouteOptions]
    ) -> Registrar[Change[M]]: ...
    @overload
    def on(
        self, model: type[M], *events: Event | Condition[Change[M, Old]], **options: Unpack[OldOptions[Old]]
    ) -> Registrar[Change[M, Old]]: ...
    @overload
    def on(
        self, model: None, *events: Event | Condition[Change[None]], **options: Unpack[KeysOptions]
    ) -> Registrar[Change[None]]: ...
    def on(self, model: Any, *events: Any, **options: Any) -> Any:
        """Register a handler for several events, or for every one.

        Args:
            model: The model of both images; ``None`` for none: the handler works with the keys.
            events: ``Event.INSERT | Event.MODIFY``, by default every event; then conditions, all of which a change must
                meet.
            old: The model of old images, if it differs.
            entity: The entity's name or several names, if the model does not name it.
            on_error: What a failure becomes: ``Retry()``, ``Park()``, ``Drop()``, or these by exception type.
            backfill: Whether the handler takes the items that ``router backfill`` delivers.
        """
        return self._registrar("on", None, model, events, options)

    @overload
    def on_batch(
        self, model: type[M], *events: Event | Condition[Change[M]], **options: Unpack[RouteOptions]
    ) -> Registrar[Sequence[Change[M]]]: ...
    @overload
    def on_batch(
        self, model: type[M], *events: Event | Condition[Change[M, Old]], **options: Unpack[OldOptions[Old]]
    ) -> Registrar[Sequence[Change[M, Old]]]: ...
    @overload
    def on_batch(
        self, model: None, *events: Event | Condition[Change[None]], **options: Unpack[KeysOptions]
    ) -> Registrar[Sequence[Change[None]]]: ...
    def on_batch(self, model: Any, *events: Any, **options: Any) -> Any:
        """Register a handler that receives all changes of the entity in one call per invocation.

        It runs after the handlers of single records, without the changes for which one of them failed. Its success or
        failure counts for every change.

        Args:
            model: The model of both images; ``None`` for none: the handler works with the keys.
            events: ``Event.INSERT | Event.MODIFY``, by default every event; then conditions, all of which a change must
                meet.
            old: The model of old images, if it differs.
            entity: The entity's name or several names, if the model does not name it.
            on_error: What a failure becomes: ``Retry()``, ``Park()``, ``Drop()``, or these by exception type.
            backfill: Whether the handler takes the items that ``router backfill`` delivers.
        """
        return self._registrar("on_batch", None, model, events, options)

    @overload
    def on_window(
        self, model: type[M], *events: Event | Condition[Change[M]], **options: Unpack[WindowOptions[State]]
    ) -> Registrar[Window[M, State]]: ...
    @overload
    def on_window(
        self, model: None, *events: Event | Condition[Change[None]], **options: Unpack[WindowKeysOptions[State]]
    ) -> Registrar[Window[None, State]]: ...
    def on_window(self, model: Any, *events: Any, **options: Any) -> Any:
        """Register a handler of tumbling windows: it receives the changes of an invocation and the window's state.

        It is called as an ``on_batch`` handler is, and once more without changes when its window ends. Its event source
        mapping needs ``TumblingWindowInSeconds``.

        Args:
            model: The model of both images; ``None`` for none: the handler works with the keys.
            events: ``Event.INSERT | Event.MODIFY``, by default every event; then conditions, all of which a change must
                meet.
            state: The model of the window's state, a pydantic model whose fields have defaults.
            entity: The entity's name or several names, if the model does not name it.
            on_error: What a failure becomes: ``Retry()``, ``Park()``, ``Drop()``, or these by exception type.
        """
        return self._registrar("on_window", None, model, events, options)

    def fallback(self, handler: Handler[Change[dict[str, Any]], P, R_co]) -> Callable[P, R_co]:
        """Register a handler for records whose entity has no route, and for records that name no entity.

        Images are dicts with exactly decoded values. If a record carries no image, ``change.image`` holds its keys.

        Raises:
            RegistrationError: The handler can never be called; the message shows it and what to correct.
        """
        self._add(FALLBACK, handler)
        return handler

    def include(self, routes: Routes) -> None:
        """Append the routes that another collection has now.

        Raises:
            RegistrationError: The argument is no ``Routes``, or a Dispatcher has been made of this collection.
        """
        if not isinstance(routes, Routes):
            msg = f"include() found {kind_of(routes)}, expected Routes: include(orders.routes)"
            raise RegistrationError(msg)
        if self._dispatcher_place is not None:
            msg = f"include() found {_finished(self._dispatcher_place)}, expected all routes before it is made"
            raise RegistrationError(msg)
        self._routes += [*routes]  # a copy: the other collection may be this one
        self._parts.append(routes)

    def parts(self) -> Iterator[Routes]:
        """The collection itself and those that it was made of, at any depth."""
        found: dict[int, Routes] = {}
        waiting = [self]
        while waiting:
            part = waiting.pop()
            if id(part) not in found:
                found[id(part)] = part
                waiting += part._parts  # noqa: SLF001 - of its own class
        return iter(found.values())

    def finish(self, dispatcher_place: str) -> None:
        """Refuse more routes, here and in the collections that this one was made of.

        Args:
            dispatcher_place: The file and line of the Dispatcher that would not see them.
        """
        for part in self.parts():
            part._dispatcher_place = dispatcher_place  # noqa: SLF001 - of its own class

    def _registrar(
        self, decorator: str, events: Event | None, model: Any, terms: tuple[Any, ...], options: dict[str, Any]
    ) -> Registrar[Any]:
        arguments = read_arguments(decorator, events, model, terms, options)
        return Registrar(lambda handler: self._add(arguments, handler))

    def _add(self, arguments: Arguments, handler: Callable[..., Any]) -> None:
        if self._dispatcher_place is not None:
            misfit = Misfit(
                _finished(self._dispatcher_place),
                "all routes before their Dispatcher is made",
                "import the module of this handler before app = Dispatcher(...), or move the decorator above it",
            )
            raise explained(f"{arguments.written} comes too late", handler, misfit)
        route = Route(
            handler=handler,
            events=arguments.events,
            model=arguments.model,
            old=arguments.old,
            condition=arguments.condition,
            entities=arguments.entities,
            on_error=arguments.on_error,
            batch=arguments.batch,
            fallback=arguments.fallback,
            signature=fitting_signature(arguments, handler),
            written=arguments.written,
            state=arguments.state,
            backfill=arguments.backfill,
        )
        if route in self._routes:
            misfit = Misfit("this decorator on this handler already", "each route once", "take one of the two away")
            raise explained(f"{route.written} is there twice", handler, misfit)
        self._routes.append(route)

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def __len__(self) -> int:
        return len(self._routes)

    def __add__(self, other: Routes) -> Routes:
        if not isinstance(other, Routes):
            return NotImplemented
        routes = Routes(*self, *other)
        routes._parts = [self, other]
        return routes

    def __eq__(self, other: object) -> bool:
        return self._routes == other._routes if isinstance(other, Routes) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # a collection can grow

    def __repr__(self) -> str:
        return f"Routes({', '.join(map(repr, self._routes))})"


def _finished(dispatcher_place: str) -> str:
    return f"Routes of which a Dispatcher has been made at {dispatcher_place}"
