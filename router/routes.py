"""Routes: what a team registers with decorators, as values.

A decorator records a route and returns the function untouched. Nothing is global: ``Routes`` are composed, compared and
printed like any other value, and a dispatcher is made of them.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Concatenate, Generic, Literal, NoReturn, ParamSpec, TypeVar, overload

from router.change import Change, Insert, Modify, Remove
from router.conditions import AllOf, Condition, is_condition
from router.errors import RegistrationError
from router.event import Event
from router.policies import OnError, check_on_error
from router.readers import reader_for
from router.signature import Misfit, Signature, caller_namespace, describe, name_of, place_of, read_signature, show

__all__ = ["Route", "Routes"]

C = TypeVar("C")
M = TypeVar("M")
P = ParamSpec("P")
R = TypeVar("R")
Old = TypeVar("Old")
Cause = Literal["ttl", "user"]
Entity = str | Sequence[str]

_CAUSES: dict[str | None, Event] = {None: Event.REMOVE, "user": Event.DELETE, "ttl": Event.EXPIRE}
_FITTING = {
    Event.INSERT: ("Insert", "on_insert"),
    Event.MODIFY: ("Modify", "on_modify"),
    Event.REMOVE: ("Remove", "on_remove"),
}


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


class Registrar(Generic[C]):
    """A decorator that records a route for functions whose first parameter takes a ``C``."""

    __slots__ = ("_register",)

    def __init__(self, register: Callable[[Callable[..., Any]], None]) -> None:
        self._register = register

    def __call__(self, handler: Callable[Concatenate[C, P], R]) -> Callable[Concatenate[C, P], R]:
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
        return self._registrar("on_modify", Event.MODIFY, model, conditions, options, takes=("old",))

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
        return self._registrar("on_remove", Event.REMOVE, model, conditions, options, takes=("cause",))

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
        return self._registrar("on", None, model, events, options, takes=("old",))

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
        return self._registrar("on_batch", None, model, events, options, takes=("old",))

    def fallback(
        self, handler: Callable[Concatenate[Change[dict[str, Any]], P], R]
    ) -> Callable[Concatenate[Change[dict[str, Any]], P], R]:
        """Register a handler for records whose entity has no route, or that name none.

        Images come as plain dicts, exactly decoded. Where a record carries no image, ``change.image`` holds its keys.

        Raises:
            RegistrationError: The handler could never be called.
        """
        self._add("fallback", "fallback", Event.ANY, dict[str, Any], (), {}, handler)
        return handler

    def include(self, routes: Routes) -> None:
        """Add all routes of another collection, after those that are here."""
        self._routes.extend(routes)

    def _registrar(
        self,
        decorator: str,
        events: Event | None,
        model: Any,
        terms: tuple[Any, ...],
        options: dict[str, Any],
        takes: tuple[str, ...] = (),
    ) -> Registrar[Any]:
        written = _written(decorator, model, terms, options)
        _check_options(written, decorator, options, ("entity", "on_error", *takes))
        _check_model(written, model, options)
        if events is None:
            events, terms = _events(written, terms)
        if "cause" in options:
            events = _cause(written, options["cause"])
        _check_conditions(written, terms)
        return Registrar(lambda handler: self._add(decorator, written, events, model, terms, options, handler))

    def _add(
        self,
        decorator: str,
        written: str,
        events: Event,
        model: Any,
        conditions: tuple[Any, ...],
        options: dict[str, Any],
        handler: Any,
    ) -> None:
        try:
            signature = read_signature(handler, _namespace(model, options.get("old")))
            route = Route(
                handler=handler,
                events=events,
                model=model,
                old=options.get("old") or model,
                condition=conditions[0] if len(conditions) == 1 else AllOf(conditions) if conditions else None,
                entities=_entities(options.get("entity")),
                on_error=options.get("on_error"),
                batch=decorator == "on_batch",
                fallback=decorator == "fallback",
                signature=signature,
                written=written,
            )
            _check_change(route, decorator)
        except Misfit as misfit:
            raise RegistrationError(_misfit_text(written, handler, misfit)) from None
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
    shown = [describe(model) if _is_type(model) else f"<{type(model).__name__}>", *map(_shown, terms)]
    shown += [f"{name}={_shown(value)}" for name, value in options.items() if value is not None]
    return f"{decorator}({', '.join(shown)})"


def _shown(value: Any) -> str:
    if isinstance(value, Event):
        return str(value)
    return value.__name__ if isinstance(value, type) else repr(value)


def _is_type(model: Any) -> bool:
    return model is None or isinstance(model, type) or hasattr(model, "__origin__")


def _refuse(written: str, found: str, expected: str) -> NoReturn:
    msg = f"{written}: found {found}, expected {expected}"
    raise RegistrationError(msg)


def _check_options(written: str, decorator: str, options: Mapping[str, Any], known: tuple[str, ...]) -> None:
    unknown = next((name for name in options if name not in known), None)
    if unknown is not None:
        near = difflib.get_close_matches(unknown, known, n=1)
        hint = f"; did you mean {near[0]}=?" if near else ""
        _refuse(written, f"the unknown option {unknown}=", f"{', '.join(f'{name}=' for name in known)}{hint}")
    try:
        check_on_error(options.get("on_error"))
    except RegistrationError as error:
        raise RegistrationError(f"{written}: {error}") from None
    entity = options.get("entity")
    names = (entity,) if isinstance(entity, str) else entity
    if names is not None and not (
        isinstance(names, Sequence) and names and all(isinstance(name, str) and name for name in names)
    ):
        _refuse(
            written, "an entity= that is no name", "a name, or several: entity='Order' or entity=('Order', 'OrderV1')"
        )


def _check_model(written: str, model: Any, options: Mapping[str, Any]) -> None:
    if model is None:
        if options.get("entity") is None:
            _refuse(written, "no model and no entity=", "entity= to name the entity where there is no model to tell it")
        return
    for candidate in (model, options.get("old")):
        if candidate is None:
            continue
        if not _is_type(candidate):
            _refuse(written, f"a value of type {type(candidate).__name__}", "a pydantic model, as a class")
        try:
            reader_for(candidate)
        except Exception as error:  # noqa: BLE001 - whatever pydantic says of a class, it is no model
            _refuse(
                written,
                f"{describe(candidate)}, which pydantic cannot validate into ({type(error).__name__})",
                "a pydantic model, a dataclass or a TypedDict",
            )


def _events(written: str, terms: tuple[Any, ...]) -> tuple[Event, tuple[Any, ...]]:
    events = [term for term in terms if isinstance(term, Event)]
    if len(events) > 1:
        _refuse(written, f"{len(events)} events", "one, with '|' between its parts: Event.INSERT | Event.MODIFY")
    if events and not events[0]:
        _refuse(written, "an empty Event", "at least one event: Event.INSERT")
    return (events[0] if events else Event.ANY), tuple(term for term in terms if not isinstance(term, Event))


def _cause(written: str, cause: Any) -> Event:
    try:
        return _CAUSES[cause]
    except (KeyError, TypeError):
        _refuse(written, f"cause={cause!r}", "cause='ttl', cause='user', or neither for both")


def _check_conditions(written: str, conditions: tuple[Any, ...]) -> None:
    for condition in conditions:
        if is_condition(condition):
            continue
        if isinstance(condition, Event):
            _refuse(
                written,
                "an event among the conditions",
                "conditions; to choose events, register with on(Model, events)",
            )
        hint = "; put the function into where()" if callable(condition) else ""
        _refuse(
            written,
            f"a value of type {type(condition).__name__} among the conditions",
            f"conditions such as changed('status') or where(function){hint}",
        )


def _entities(entity: Entity | None) -> tuple[str, ...]:
    return () if entity is None else (entity,) if isinstance(entity, str) else tuple(entity)


def _namespace(*models: Any) -> dict[str, Any]:
    named = {model.__name__: model for model in models if isinstance(model, type)}
    return {**caller_namespace(), **named}


def _check_change(route: Route, decorator: str) -> None:
    """Hold the annotation of the first parameter against the events and the models of the route."""
    change = route.signature.change
    fitting, takes = _fitting(route)
    name = next(iter(_parameter_names(route.handler)))
    if change.many != route.batch:
        raise Misfit(
            f"parameter {name!r} takes {'a sequence of changes' if change.many else 'one change'}",
            f"{fitting}, because {decorator} calls it {'once with all of them' if route.batch else 'for each'}",
            f"annotate it {name}: {fitting}" + ("" if route.batch else ", or register it with on_batch"),
        )
    missing = route.events & ~change.events
    if missing:
        raise Misfit(
            f"parameter {name!r} takes {' | '.join(kind.__name__ for kind in change.types)}, which is never {missing}",
            fitting,
            f"annotate it {name}: {fitting}{_elsewhere(change.events, takes)}",
        )
    _check_models(route, name, fitting)


def _check_models(route: Route, name: str, fitting: str) -> None:
    change = route.signature.change
    pairs = [*((route.model, model) for model in change.new), *((route.old, model) for model in change.old)]
    wrong = next((annotated for given, annotated in pairs if not _accepts(annotated, given)), None)
    if wrong is not None:
        given = " and ".join(dict.fromkeys((describe(route.model), describe(route.old))))
        raise Misfit(
            f"parameter {name!r} takes changes of {describe(wrong)}, but the route validates into {given}",
            fitting,
            f"annotate it {name}: {fitting}, or register the route for {describe(wrong)}",
        )


def _accepts(annotated: Any, given: Any) -> bool:
    if annotated is Any or annotated is object or annotated == given or isinstance(annotated, TypeVar):
        return True
    if annotated is type(None):
        return given is None
    if annotated is dict or annotated is Mapping:
        return getattr(given, "__origin__", given) is dict
    return isinstance(annotated, type) and isinstance(given, type) and issubclass(given, annotated)


def _fitting(route: Route) -> tuple[str, str]:
    """The annotation that fits best, and the decorator whose own change class it is."""
    kind, takes = next(
        ((kind, takes) for events, (kind, takes) in _FITTING.items() if route.events in events), ("Change", "on")
    )
    models = [describe(route.model)]
    if route.old is not route.model and kind in ("Modify", "Change"):
        models.append(describe(route.old))
    if route.batch:
        return f"Sequence[Change[{', '.join(models)}]]", takes
    return f"{kind}[{', '.join(models)}]", takes


def _elsewhere(events: Event, takes: str) -> str:
    other = next((decorator for event, (_, decorator) in _FITTING.items() if event == events), None)
    return f", or register the handler with {other}" if other and other != takes else ""


def _parameter_names(handler: Callable[..., Any]) -> Sequence[str]:
    import inspect

    return tuple(inspect.signature(handler).parameters)


def _misfit_text(written: str, handler: Any, misfit: Misfit) -> str:
    place = place_of(handler)
    lines = [
        f"{written} cannot register this handler:",
        "",
        f"    {show(handler)}",
        "",
        f"  found:    {misfit.found}",
        f"  expected: {misfit.expected}",
        f"  to do:    {misfit.remedy}",
        *([f"  defined:  {place}"] if place else []),
    ]
    return "\n".join(lines)
