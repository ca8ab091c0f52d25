"""Read a handler's signature: which change it takes, and which other parameters each call supplies.

The signature is read when the route is registered: a handler that can never be called raises at the line of its
decorator, and a call reads no signature.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from router.change import Change, Insert, Modify, Remove
from router.event import Event
from router.naming import code_of, kind_of
from router.registration.annotations import Namespaces, hints_of, is_change, members_of, parameters_of, unwrap
from router.registration.dependencies import Parameter, injected_kind, supplied_parameters
from router.registration.misfit import Misfit
from router.registration.source_text import show_parameter, written_arguments

__all__ = ["ChangeOf", "ChangeType", "Signature", "read_signature"]

_COVERS: dict[type, Event] = {
    Insert: Event.INSERT,
    Modify: Event.MODIFY,
    Remove: Event.REMOVE,
    Change: Event.ANY,
}
_SEQUENCES = (Sequence, Collection, Iterable, list)
_CHANGE_FIRST = "the change as the first parameter"


@dataclass(frozen=True, slots=True)
class ChangeOf:
    """A change class with the models of its new and its old image."""

    kind: type
    new: Any
    old: Any


@dataclass(frozen=True, slots=True)
class ChangeType:
    """The annotation of a handler's first parameter.

    Args:
        members: The change classes that it accepts.
        many: Whether it accepts a sequence of changes.
    """

    members: tuple[ChangeOf, ...]
    many: bool

    @property
    def types(self) -> tuple[type, ...]:
        """The change classes without their models."""
        return tuple(member.kind for member in self.members)

    def accepting(self, event: Event) -> tuple[ChangeOf, ...]:
        """Return the members that accept a change of this event."""
        return tuple(member for member in self.members if event in _COVERS[member.kind])


@dataclass(frozen=True, slots=True)
class Signature:
    """What a handler takes.

    Args:
        change: Its first parameter.
        parameters: Those of the others that each call supplies.
    """

    change: ChangeType
    parameters: tuple[Parameter, ...]


def read_signature(handler: Callable[..., Any], expected: str, namespaces: Namespaces) -> Signature:
    """Read a handler's signature.

    Args:
        handler: The user's function.
        expected: The annotation that its change needs, for messages.
        namespaces: Local names that annotations may use.

    Raises:
        Misfit: The handler can never be called.
    """
    _check_callable(handler)
    parameters = parameters_of(handler)
    _check_first(handler, parameters, expected)
    hints = hints_of(handler, parameters, namespaces)
    change = _change_type(parameters, hints, expected)
    return Signature(change, supplied_parameters(parameters[1:], hints, "record", namespaces))


def _check_callable(handler: Any) -> None:
    if isinstance(handler, type):
        to_do = f"register an instance, if its class has __call__: {handler.__name__}(...)"
        raise Misfit(kind_of(handler), "a function", to_do)
    if not callable(handler):
        raise Misfit(kind_of(handler), "a function", "decorate a function")
    code = code_of(handler)
    if inspect.isgeneratorfunction(code) or inspect.isasyncgenfunction(code):
        raise Misfit(
            "a generator function; a call does not run its body",
            "a function that does its work when it is called",
            "remove the yield; put set-up and clean-up into a factory for Depends()",
        )


def _check_first(handler: Any, parameters: list[inspect.Parameter], expected: str) -> None:
    """Require a first parameter that takes the change by position and has an annotation."""
    if not parameters:
        raise Misfit("no parameter", _CHANGE_FIRST, f"add one: change: {expected}")
    first = parameters[0]
    if first.kind is first.VAR_POSITIONAL:
        wrapped = "<locals>" in getattr(handler, "__qualname__", "")
        wraps = "; or add functools.wraps to the decorator that made this function" if wrapped else ""
        to_do = f"begin with change: {expected}{wraps}"
        raise Misfit(f"{show_parameter(first)} as the first parameter", _CHANGE_FIRST, to_do)
    if first.kind in (first.KEYWORD_ONLY, first.VAR_KEYWORD):
        found = f"{show_parameter(first)}, which cannot be passed by position"
        raise Misfit(found, _CHANGE_FIRST, f"begin with change: {expected}")
    if first.annotation is not first.empty:
        return
    if first.name in ("self", "cls"):
        method = "().".join(handler.__qualname__.split(".")[-2:])
        raise Misfit(
            f"an unbound method, with {first.name!r} as its first parameter",
            "a function or a bound method",
            f"move it out of the class, or register the method of an instance: {method}",
        )
    to_do = f"annotate it: {first.name}: {expected}"
    raise Misfit(f"parameter {first.name!r} without an annotation", _CHANGE_FIRST, to_do)


def _change_type(parameters: list[inspect.Parameter], hints: Mapping[str, Any], expected: str) -> ChangeType:
    first = parameters[0]
    annotation = unwrap(hints[first.name])
    many = get_origin(annotation) in _SEQUENCES
    members = members_of(get_args(annotation)[0] if many else annotation)
    if not all(map(is_change, members)):
        to_do = _move_or_annotate(parameters, hints, expected)
        raise Misfit(f"parameter {show_parameter(first)}", _CHANGE_FIRST, to_do)
    return ChangeType(tuple(map(_change_of, members)), many)


def _move_or_annotate(parameters: list[inspect.Parameter], hints: Mapping[str, Any], expected: str) -> str:
    first, *others = parameters
    swapped = next((other for other in others if is_change(unwrap(hints.get(other.name)))), None)
    if swapped is not None:
        return f"put {swapped.name!r} before {first.name!r}"
    if injected_kind(hints[first.name]) is not None:
        return f"put the change before it: change: {expected}"
    return f"annotate it: {first.name}: {expected}"


def _change_of(annotation: Any) -> ChangeOf:
    """Take a change class and its models apart; without models it accepts any."""
    arguments = written_arguments(annotation) or (Any,)
    return ChangeOf(get_origin(annotation) or annotation, arguments[0], arguments[-1])
