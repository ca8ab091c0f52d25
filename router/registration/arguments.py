"""What can be wrong with a decorator's arguments, checked before there is a handler."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from types import UnionType
from typing import Any, Literal, NoReturn, get_origin

from pydantic import PydanticUndefinedAnnotation, PydanticUserError
from pydantic_core import SchemaError

from router.conditions import is_condition
from router.errors import RegistrationError
from router.event import Event
from router.naming import kind_of
from router.parsing.parser import parser_for
from router.policies import check_on_error
from router.registration.source_text import describe

__all__ = ["Cause", "cause_of", "check_conditions", "check_model", "check_options", "events_of", "is_type"]

Cause = Literal["ttl", "user"]

_CAUSES: dict[str | None, Event] = {None: Event.REMOVE, "user": Event.DELETE, "ttl": Event.EXPIRE}
_OPTIONS = {
    "on_insert": ("entity", "on_error"),
    "on_modify": ("entity", "on_error", "old"),
    "on_remove": ("entity", "on_error", "cause"),
    "on": ("entity", "on_error", "old"),
    "on_batch": ("entity", "on_error", "old"),
}
_NO_ITEMS = (str, bytes, int, float, list, tuple, set, frozenset)


def refuse(written: str, found: str, expected: str) -> NoReturn:
    msg = f"{written}: found {found}, expected {expected}"
    raise RegistrationError(msg)


def check_options(written: str, decorator: str, options: Mapping[str, Any]) -> None:
    """Refuse options that the decorator does not have, and values that they cannot have."""
    known = _OPTIONS[decorator]
    unknown = next((name for name in options if name not in known), None)
    if unknown is not None:
        listed = ", ".join(f"{name}=" for name in known)
        refuse(written, f"the unknown option {unknown}=", f"{listed}{_near_option(unknown, known)}")
    try:
        check_on_error(options.get("on_error"))
    except RegistrationError as error:
        msg = f"{written}: {error}"
        raise RegistrationError(msg) from None
    _check_entity(written, options.get("entity"))


def _near_option(unknown: str, known: Sequence[str]) -> str:
    owners = [decorator for decorator, options in _OPTIONS.items() if unknown in options]
    if owners:
        return f"; {unknown}= is an option of {' and '.join(owners)}"
    near = difflib.get_close_matches(unknown, known, n=1)
    return f"; did you mean {near[0]}=?" if near else ""


def _check_entity(written: str, entity: Any) -> None:
    if entity is None:
        return
    names = [entity] if isinstance(entity, str) else entity
    if not isinstance(names, Sequence) or not names or not all(isinstance(name, str) and name for name in names):
        found = "an empty text" if entity == "" else kind_of(entity)
        refuse(written, f"{found} as entity=", "a name, or several: entity='Order' or entity=('Order', 'OrderV1')")


def check_model(written: str, decorator: str, model: Any, options: Mapping[str, Any]) -> None:
    """Refuse what pydantic cannot validate an item into."""
    if model is None and options.get("entity") is None:
        refuse(written, "neither a model nor entity=", "entity='Order', as nothing else names the entity")
    for candidate in (model, options.get("old")):
        if candidate is None:
            continue
        if not is_type(candidate):
            refuse(written, *_no_type(decorator, candidate))
        _check_type(written, candidate)


def is_type(model: Any) -> bool:
    """Whether a value can stand where a model belongs."""
    return isinstance(model, type | UnionType) or hasattr(model, "__origin__") or hasattr(model, "__value__")


def _no_type(decorator: str, model: Any) -> tuple[str, str]:
    if callable(model):
        return kind_of(model), f"the model in its place: @routes.{decorator}(Model)"
    if isinstance(model, str):
        return "a text as the model", f"a class; a name goes into entity=: {decorator}(None, entity={model!r})"
    return kind_of(model), f"a model, which is a class: {decorator}({type(model).__name__})"


def _check_type(written: str, model: Any) -> None:
    kind = get_origin(model) or model
    expected = "a pydantic model, a dataclass, a TypedDict or dict[str, Any]"
    if isinstance(kind, type) and issubclass(kind, _NO_ITEMS):
        refuse(written, f"{describe(model)}, which no item is", expected)
    try:
        parser_for(model)
    except (PydanticUserError, PydanticUndefinedAnnotation, SchemaError, TypeError) as error:
        refuse(written, f"{describe(model)}, of which pydantic makes no model ({type(error).__name__})", expected)


def events_of(written: str, terms: tuple[Any, ...]) -> tuple[Event, tuple[Any, ...]]:
    """The events among the terms of ``on()``, every one when there are none, and the conditions."""
    events = [term for term in terms if isinstance(term, Event)]
    if len(events) > 1:
        refuse(written, f"{len(events)} events", "one, with '|' between its parts: Event.INSERT | Event.MODIFY")
    if events and not events[0]:
        refuse(written, "an empty event", "one that can happen, such as Event.INSERT | Event.MODIFY")
    return (events[0] if events else Event.ANY), tuple(term for term in terms if not isinstance(term, Event))


def cause_of(written: str, cause: Any) -> Event:
    """The removals that ``cause=`` stands for."""
    if cause is not None and not isinstance(cause, str):
        refuse(written, f"{kind_of(cause)} as cause=", "cause='ttl', cause='user', or neither for both")
    if cause not in _CAUSES:
        refuse(written, f"cause={cause!r}", "cause='ttl', cause='user', or neither for both")
    return _CAUSES[cause]


def check_conditions(written: str, decorator: str, conditions: Iterable[Any]) -> None:
    """Refuse what is no condition, and say how to make one of it."""
    for condition in conditions:
        if not is_condition(condition) or isinstance(condition, type):
            refuse(written, *_no_condition(decorator, condition))


def _no_condition(decorator: str, value: Any) -> tuple[str, str]:
    if isinstance(value, Event):
        return "an event among the conditions", "none here; to choose events, register with on(Model, events)"
    found = f"{kind_of(value)} among the conditions"
    if isinstance(value, type):
        return found, "one model; to register a handler for several, put one decorator for each on it"
    expected = "conditions such as changed('status') or where(function)"
    if callable(value):
        call = (
            "call it"
            if value.__module__ == "router.conditions"
            else f"write where({getattr(value, '__name__', '...')})"
        )
        return found, f"{expected}; {call}"
    return found, f"an Event, or {expected}" if decorator in ("on", "on_batch") else expected
