"""Routes: what a team registers with decorators, as values.

A decorator records a route and returns the function untouched. Nothing is global: ``Routes`` are composed, compared and
printed like any other value, and a dispatcher is made of them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, ParamSpec, Protocol, TypeVar, overload

from pydantic import BaseModel

from router.change import Change, Insert, Modify, Remove
from router.conditions import AllOf, Condition
from router.event import Event
from router.naming import name_of, place_of
from router.policies import OnError
from router.registration.annotations import caller_namespaces
from router.registration.arguments import (
    Cause,
    cause_of,
    check_conditions,
    check_model,
    check_options,
    events_of,
    is_type,
)
from router.registration.compatibility import Wanted, check_change
from router.registration.misfit import Misfit, explained
from router.registration.signature import Signature, read_signature
from router.registration.source_text import describe

__all__ = ["Route", "Routes"]

M = TypeVar("M")
Old = TypeVar("Old")
P = ParamSpec("P")
C_contra = TypeVar("C_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)
Entity = str | Sequence[str]


@dataclass(frozen=True, slots=True, repr=False)
class Route:
    """What one decorator registered: which changes go to which handler.

    Args:
        handler: The user's function, untouched.
        events: The events that it takes.
        model: What new images are validated into, and old ones too unless ``old`` says otherwise; ``None`` for a route
            that looks at no image.
        old: What old images are validated into.
        condition: What else a change must meet.
        entities: The entity names that were given with ``entity=``; empty where the model tells them.
        on_error: What this route's failures become; ``None`` leaves it to the dispatcher.
        batch: Whether one call takes all changes of an invocation.
        fallback: Whether it takes what no other route's entity does.
        signature: What the handler's parameters say.
        written: The decorator as it was written.
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

    @property
    def name(self) -> str:
        """The handler's module and name, as logs and metrics show it."""
        return name_of(self.handler)

    @property
    def place(self) -> str | None:
        """The file and line where the handler is defined."""
        return place_of(self.handler)

    def __repr__(self) -> str:
        return f"{self.written} {self.name}"


class Handler(Protocol[C_contra, P, R_co]):  # pyright: ignore[reportInvalidTypeVarUse] - it sees the last overload only
    """A function that can be called with a ``C_contra`` first, whatever else it takes.

    For type checkers: what matches has to match both, so one overload checks the first parameter, and the other takes
    the signature as it is, for a decorator to return unchanged.
    """

    @overload
    def __call__(self, change: C_contra, /, *needs: Any, **named_needs: Any) -> Any: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...


class Registrar(Generic[C_contra]):
    """A decorator that records a route for functions whose first parameter takes a ``C_contra``."""

    __slots__ = ("_register",)

    def __init__(self, register: Callable[[Callable[..., Any]], None]) -> None:
        self._register = register

    def __call__(self, handler: Handler[C_contra, P, R_co]) -> Callable[P, R_co]:
        """Record the route.

        Raises:
            RegistrationError: The handler could never be called; the message shows it and says what would fit.
        """
        self._register(handler)
        return handler


class Routes:
    """An ordered collection of routes, filled by its decorators.

    Several routes may match one record: they run in the order of registration.

    Example:
        >>> from pydantic import BaseModel
        >>> class Order(BaseModel):
        ...     total: int
        >>> routes = Routes()
        >>> @routes.on_insert(Order)
        ... def place(change: Insert[Order]) -> None: ...
        >>> len(routes)
        1
    """

    def __init__(self, *routes: Route) -> None:
        self._routes: list[Route] = list(routes)

    @overload
    def on_insert(
        self,
        model: type[M],
        *conditions: Condition[Insert[M]],
        entity: Entity | None = None,
        on_error: OnError | None = None,
    ) -> Registrar[Insert[M]]: ...
    @overload
    def on_insert(
        self,
        model: None,
        *conditions: Condition[Insert[None]],
        entity: Entity,
        on_error: OnError | None = None,
    ) -> Registrar[Insert[None]]: ...
    def on_insert(self, model: Any, *conditions: Any, **options: Any) -> Any:
        """Register a handler for items that are new.

        Args:
            model: What the item is validated into. ``None`` decodes nothing: the handler works with the keys.
            conditions: What else a change must meet, all of it: ``changed("status")``.
            entity: The entity's name, or several, where the model does not tell.
            on_error: What this route's failures become: ``Retry()``, ``Park()``, ``Drop()``, or a mapping of exception
                types to these.

        Raises:
            RegistrationError: Something is wrong that can be known now.
        """
        return self._registrar("on_insert", Event.INSERT, model, conditions, options)

    @overload
    def on_modify(
        self,
        model: type[M],
        *conditions: Condition[Modify[M]],
        entity: Entity | None = None,
        on_error: OnError | None = None,
    ) -> Registrar[Modify[M]]: ...
    @overload
    def on_modify(
        self,
        model: type[M],
        *conditions: Condition[Modify[M, Old]],
        old: type[Old],
        entity: Entity | None = None,
        on_error: OnError | None = None,
    ) -> Registrar[Modify[M, Old]]: ...
    @overload
    def on_modify(
        self,
        model: None,
        *conditions: Condition[Modify[None]],
        entity: Entity,
        on_error: OnError | None = None,
    ) -> Registrar[Modify[None]]: ...
    def on_modify(self, model: Any, *conditions: Any, **options: Any) -> Any:
        """Register a handler for items that were changed.

        Args:
            model: What both images are validated into. ``None`` decodes nothing: the handler works with the keys.
            conditions: What else a change must meet, all of it: ``changed("status")``.
            old: What the old image is validated into instead, where older items look different.
            entity: The entity's name, or several, where the model does not tell.
            on_error: What this route's failures become: ``Retry()``, ``Park()``, ``Drop()``, or a mapping of exception
                types to these.

        Raises:
            RegistrationError: Something is wrong that can be known now.
        """
        return self._registrar("on_modify", Event.MODIFY, model, conditions, options)

    @overload
    def on_remove(
        self,
        model: type[M],
        *conditions: Condition[Remove[M]],
        cause: Cause | None = None,
        entity: Entity | None = None,
        on_error: OnError | None = None,
    ) -> Registrar[Remove[M]]: ...
    @overload
    def on_remove(
        self,
        model: None,
        *conditions: Condition[Remove[None]],
        cause: Cause | None = None,
        entity: Entity,
        on_error: OnError | None = None,
    ) -> Registrar[Remove[None]]: ...
    def on_remove(self, model: Any, *conditions: Any, **options: Any) -> Any:
        """Register a handler for items that are gone.

        Args:
            model: What the item, as it was, is validated into. ``None`` decodes nothing.
            conditions: What else a change must meet, all of it.
            cause: ``"ttl"``, its time to live ran out; ``"user"``, somebody deleted it; both when left out.
            entity: The entity's name, or several, where the model does not tell.
            on_error: What this route's failures become: ``Retry()``, ``Park()``, ``Drop()``, or a mapping of exception
                types to these.

        Raises:
            RegistrationError: Something is wrong that can be known now.
        """
        return self._registrar("on_remove", Event.REMOVE, model, conditions, options)

    @overload
    def on(
        self,
        model: type[M],
        *events: Event | Condition[Change[M]],
        entity: Entity | None = None,
        on_error: OnError | None = None,
    ) -> Registrar[Change[M]]: ...
    @overload
    def on(
        self,
        model: type[M],
        *events: Event | Condition[Change[M, Old]],
        old: type[Old],
        entity: Entity | None = None,
        on_error: OnError | None = None,
    ) -> Registrar[Change[M, Old]]: ...
    @overload
    def on(
        self,
        model: None,
        *events: Event | Condition[Change[None]],
        entity: Entity,
        on_error: OnError | None = None,
    ) -> Registrar[Change[None]]: ...
    def on(self, model: Any, *events: Any, **options: Any) -> Any:
        """Register a handler for several events, or for every one.

        Args:
            model: What images are validated into. ``None`` decodes nothing: the handler works with the keys.
            events: ``Event.INSERT | Event.MODIFY``; every event when left out. Conditions may follow.
            old: What the old image is validated into instead, where older items look different.
            entity: The entity's name, or several, where the model does not tell.
            on_error: What this route's failures become: ``Retry()``, ``Park()``, ``Drop()``, or a mapping of exception
                types to these.

        Raises:
            RegistrationError: Something is wrong that can be known now.
        """
        return self._registrar("on", None, model, events, options)

    @overload
    def on_batch(
        self,
        model: type[M],
        *events: Event | Condition[Change[M]],
        entity: Entity | None = None,
        on_error: OnError | None = None,
    ) -> Registrar[Sequence[Change[M]]]: ...
    @overload
    def on_batch(
        self,
        model: type[M],
        *events: Event | Condition[Change[M, Old]],
        old: type[Old],
        entity: Entity | None = None,
        on_error: OnError | None = None,
    ) -> Registrar[Sequence[Change[M, Old]]]: ...
    @overload
    def on_batch(
        self,
        model: None,
        *events: Event | Condition[Change[None]],
        entity: Entity,
        on_error: OnError | None = None,
    ) -> Registrar[Sequence[Change[None]]]: ...
    def on_batch(self, model: Any, *events: Any, **options: Any) -> Any:
        """Register a handler that is called once per invocation with all changes of the entity.

        It runs after the handlers of single records, with those changes that nothing before them failed to let through;
        its success and its failure are those of every change in it.

        Args:
            model: What images are validated into. ``None`` decodes nothing: the handler works with the keys.
            events: ``Event.INSERT | Event.MODIFY``; every event when left out. Conditions may follow.
            old: What the old image is validated into instead, where older items look different.
            entity: The entity's name, or several, where the model does not tell.
            on_error: What this route's failures become: ``Retry()``, ``Park()``, ``Drop()``, or a mapping of exception
                types to these.

        Raises:
            RegistrationError: Something is wrong that can be known now.
        """
        return self._registrar("on_batch", None, model, events, options)

    def fallback(self, handler: Handler[Change[dict[str, Any]], P, R_co]) -> Callable[P, R_co]:
        """Register a handler for records whose entity has no route, or that name none.

        Images come as plain dicts, exactly decoded. Where a record carries no image, ``change.image`` holds its keys.

        Raises:
            RegistrationError: The handler could never be called.
        """
        self._add(Wanted("fallback", Event.ANY, dict[str, Any], dict[str, Any]), "fallback", (), {}, handler)
        return handler

    def include(self, routes: Routes) -> None:
        """Add all routes of another collection, after those that are here."""
        self._routes += [*routes]  # a copy, for it may be this collection itself

    def _registrar(
        self, decorator: str, events: Event | None, model: Any, terms: tuple[Any, ...], options: dict[str, Any]
    ) -> Registrar[Any]:
        written = _written(decorator, model, terms, options)
        check_options(written, decorator, options)
        check_model(written, decorator, model, options)
        if events is None:
            events, terms = events_of(written, terms)
        if "cause" in options:
            events = cause_of(written, options["cause"])
        check_conditions(written, decorator, terms)
        wanted = Wanted(decorator, events, model, options.get("old") or model)
        return Registrar(lambda handler: self._add(wanted, written, terms, options, handler))

    def _add(
        self, wanted: Wanted, written: str, conditions: tuple[Any, ...], options: dict[str, Any], handler: Any
    ) -> None:
        try:
            signature = read_signature(handler, wanted.fitting, caller_namespaces())
            check_change(wanted, handler, signature)
        except Misfit as misfit:
            raise explained(f"{written} cannot register this handler", handler, misfit) from None
        route = Route(
            handler=handler,
            events=wanted.events,
            model=wanted.model,
            old=wanted.old,
            condition=conditions[0] if len(conditions) == 1 else AllOf(conditions) if conditions else None,
            entities=_entities(options.get("entity")),
            on_error=options.get("on_error"),
            batch=wanted.batch,
            fallback=wanted.decorator == "fallback",
            signature=signature,
            written=written,
        )
        self._routes.append(route)

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def __len__(self) -> int:
        return len(self._routes)

    def __add__(self, other: Routes) -> Routes:
        return Routes(*self, *other)

    def __eq__(self, other: object) -> bool:
        return self._routes == other._routes if isinstance(other, Routes) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it grows

    def __repr__(self) -> str:
        return f"Routes({', '.join(map(repr, self._routes))})"


def _written(decorator: str, model: Any, terms: tuple[Any, ...], options: dict[str, Any]) -> str:
    """The decorator as it was written, for all that can be told from its arguments."""
    shown = [_shown(model), *map(_shown, terms)]
    shown += [f"{name}={_shown(value)}" for name, value in options.items() if value is not None]
    return f"{decorator}({', '.join(shown)})"


def _shown(value: Any) -> str:
    if is_type(value):
        return describe(value)
    if isinstance(value, BaseModel):
        return f"{type(value).__name__}(...)"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_shown(key)}: {_shown(inner)}' for key, inner in value.items())}}}"
    return value.__name__ if inspect.isroutine(value) else repr(value)


def _entities(entity: Entity | None) -> tuple[str, ...]:
    return () if entity is None else (entity,) if isinstance(entity, str) else tuple(entity)
