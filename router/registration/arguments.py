"""Read and check the arguments of a decorator, before it receives a handler."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, get_origin

from pydantic import PydanticUndefinedAnnotation, PydanticUserError
from pydantic_core import SchemaError

from router.conditions import AllOf, Condition, is_condition
from router.event import Event
from router.naming import kind_of
from router.parsing.parser import parser_for
from router.policies import OnError
from router.registration.options import check_options, events_of_cause, refuse
from router.registration.source_text import describe, is_type, show_decorator
from router.value_classes import dataclass

__all__ = ["FALLBACK", "Arguments", "read_arguments"]

_KINDS = {Event.INSERT: "Insert", Event.MODIFY: "Modify", Event.REMOVE: "Remove"}
_NOT_AN_ITEM = (str, bytes, int, float, list, tuple, set, frozenset)


@dataclass(frozen=True)
class Arguments:
    """The checked arguments of a decorator.

    Args:
        decorator: The decorator's name.
        events: The events that it selects.
        model: The model of new images.
        old: The model of old images.
        condition: The conditions as one, or ``None``.
        entities: The names in ``entity=``.
        on_error: The route's policy.
        written: The decorator as source text.
        state: The model of a window's state; ``None`` for a route without windows.
        backfill: Whether it takes the items that a backfill delivers.
    """

    decorator: str
    events: Event
    model: Any
    old: Any
    condition: Condition[Any] | None
    entities: tuple[str, ...]
    on_error: OnError | None
    written: str
    state: Any = None
    backfill: bool = True

    @property
    def batch(self) -> bool:
        """Whether one call receives all changes of an invocation."""
        return self.decorator in ("on_batch", "on_window")

    @property
    def fallback(self) -> bool:
        """Whether the handler receives the changes of entities without a route."""
        return self.decorator == "fallback"

    @property
    def annotation(self) -> str:
        """The narrowest annotation for the handler's first parameter, as source text."""
        single = next((kind for event, kind in _KINDS.items() if self.events in event), "Change")
        kind = "Change" if self.batch else single
        models = describe(self.model)
        if self.old != self.model and kind in ("Modify", "Change"):
            models += f", {describe(self.old)}"
        if self.state is not None:
            return f"Window[{models}, {describe(self.state)}]"
        return f"Sequence[{kind}[{models}]]" if self.batch else f"{kind}[{models}]"


FALLBACK = Arguments("fallback", Event.ANY, dict[str, Any], dict[str, Any], None, (), None, "fallback")


def read_arguments(
    decorator: str, events: Event | None, model: Any, terms: tuple[Any, ...], options: Mapping[str, Any]
) -> Arguments:
    """Check the arguments of a decorator.

    Args:
        decorator: The decorator's name.
        events: The events that its name selects; ``None`` if the terms may select them.
        model: The first argument.
        terms: The other positional arguments: conditions, and an event where the decorator takes one.
        options: The keyword arguments.

    Raises:
        RegistrationError: An argument is wrong.
    """
    written = show_decorator(decorator, model, terms, options)
    check_options(written, decorator, options)
    _check_model(written, decorator, model, options)
    if decorator == "on_window":
        from router.registration.window_state import check_state  # few apps have windows

        check_state(written, options.get("state"))
    if events is None:
        events, terms = _events_of(written, terms)
    if "cause" in options:
        events = events_of_cause(written, options["cause"])
    _check_conditions(written, decorator, terms)
    entity, old = options.get("entity"), options.get("old") or model
    condition = terms[0] if len(terms) == 1 else AllOf(terms) if terms else None
    if condition is not None:
        from router.registration.condition_checks import check_condition  # some apps have none

        check_condition(written, condition, events, model, old)
    return Arguments(
        decorator=decorator,
        events=events,
        model=model,
        old=old,
        condition=condition,
        entities=() if entity is None else tuple(map(str.__str__, [entity] if isinstance(entity, str) else entity)),
        on_error=options.get("on_error"),
        written=written,
        state=options.get("state"),
        # A window counts the changes of a time; items that are there belong to none.
        backfill=options.get("backfill", decorator != "on_window"),
    )


def _check_model(written: str, decorator: str, model: Any, options: Mapping[str, Any]) -> None:
    """Refuse a model that pydantic cannot validate an item into."""
    if model is None and options.get("entity") is None:
        refuse(written, "neither a model nor entity=", "entity='Order', because nothing else names the entity")
    for candidate in (model, options.get("old")):
        if candidate is None:
            continue
        if not is_type(candidate):
            refuse(written, *_not_a_type(decorator, candidate))
        _check_type(written, candidate)


def _not_a_type(decorator: str, model: Any) -> tuple[str, str]:
    if callable(model):
        return kind_of(model), f"a model: @routes.{decorator}(Model)"
    if isinstance(model, str):
        return "a string as the model", f"a class; pass a name as entity=: {decorator}(None, entity={model!r})"
    return kind_of(model), f"a class as the model: {decorator}({type(model).__name__})"


def _check_type(written: str, model: Any) -> None:
    kind = get_origin(model) or model
    expected = "a pydantic model, a dataclass, a TypedDict or dict[str, Any]"
    if isinstance(kind, type) and issubclass(kind, _NOT_AN_ITEM):
        refuse(written, f"{describe(model)}, which cannot hold an item", expected)
    try:
        parser = parser_for(model)
    except (PydanticUserError, PydanticUndefinedAnnotation, SchemaError, TypeError) as error:
        refuse(written, f"{describe(model)}, which pydantic cannot validate ({_said(error)})", expected)
    if unreadable := parser.unreadable_parts():
        found = f"{describe(model)}, whose strict parts {', '.join(unreadable)} take no text, number or map"
        remedy = "lax fields for dates, enums, decimals and their like: Annotated[datetime, Strict(False)]"
        refuse(written, found, remedy)


def _said(error: Exception) -> str:
    """The type of pydantic's error, or its own sentence where that says what to write instead."""
    if isinstance(error, PydanticUserError) and error.code == "typed-dict-version":
        return error.message
    return type(error).__name__


def _events_of(written: str, terms: tuple[Any, ...]) -> tuple[Event, tuple[Any, ...]]:
    """Separate the event among the terms, by default every event, from the conditions."""
    events = [term for term in terms if isinstance(term, Event)]
    if len(events) > 1:
        refuse(written, f"{len(events)} events", "one, combined with '|': Event.INSERT | Event.MODIFY")
    if events and not events[0]:
        refuse(written, "an empty event", "at least one, such as Event.INSERT | Event.MODIFY")
    return (events[0] if events else Event.ANY), tuple(term for term in terms if not isinstance(term, Event))


def _check_conditions(written: str, decorator: str, conditions: Iterable[Any]) -> None:
    for condition in conditions:
        if not is_condition(condition) or isinstance(condition, type):
            refuse(written, *_not_a_condition(decorator, condition))


def _not_a_condition(decorator: str, value: Any) -> tuple[str, str]:
    if isinstance(value, Event):
        return "an event among the conditions", "conditions only; to select events, register with on(Model, events)"
    found = f"{kind_of(value)} among the conditions"
    if isinstance(value, type):
        return found, "one model; to register a handler for several, stack one decorator for each"
    expected = "conditions such as changed('status') or where(function)"
    if callable(value):
        is_ours = value.__module__ == "router.conditions"
        call = "call it" if is_ours else f"write where({getattr(value, '__name__', '...')})"
        return found, f"{expected}; {call}"
    return found, f"an Event, or {expected}" if decorator in ("on", "on_batch", "on_window") else expected
