"""What a handler's signature says: which change it takes, and what else it needs.

Read once, while a route is registered, so that a handler which could never be called is an error on its own line of the
user's code, and a call is nothing but a call.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from router.change import Change, Insert, Modify, Remove
from router.event import Event
from router.naming import code_of, kind_of
from router.registration.annotations import Namespaces, hints_of, is_change, members_of, parameters_of, plain
from router.registration.dependencies import Parameter, kind_of_parameter, supplied
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


@dataclass(frozen=True, slots=True)
class ChangeOf:
    """One change class that a parameter accepts, with its models."""

    kind: type
    new: Any
    old: Any


@dataclass(frozen=True, slots=True)
class ChangeType:
    """What the first parameter is annotated with.

    Args:
        members: What it accepts: one change class, or those of a union.
        many: Whether it accepts a sequence of changes.
    """

    members: tuple[ChangeOf, ...]
    many: bool

    @property
    def types(self) -> tuple[type, ...]:
        """The change classes it accepts."""
        return tuple(member.kind for member in self.members)

    def accepting(self, event: Event) -> tuple[ChangeOf, ...]:
        """The members that accept the changes of one kind of event."""
        return tuple(member for member in self.members if event in _COVERS[member.kind])


@dataclass(frozen=True, slots=True)
class Signature:
    """What a handler takes."""

    change: ChangeType
    parameters: tuple[Parameter, ...]


def read_signature(handler: Callable[..., Any], fitting: str, namespaces: Namespaces) -> Signature:
    """Read a handler's signature.

    Args:
        handler: The user's function.
        fitting: The annotation of the change that would fit, for messages.
        namespaces: Names that annotations may use beside those of their module.

    Raises:
        Misfit: The handler could never be called.
    """
    _check_callable(handler)
    parameters = parameters_of(handler)
    _check_first(handler, parameters, fitting)
    hints = hints_of(handler, parameters, namespaces)
    change = _change_type(parameters, hints, fitting)
    return Signature(change, supplied(parameters[1:], hints, "record", namespaces, ()))


def _check_callable(handler: Any) -> None:
    if isinstance(handler, type):
        remedy = f"register an instance, if instances can be called: {handler.__name__}(...)"
        raise Misfit(kind_of(handler), "a function", remedy)
    if not callable(handler):
        raise Misfit(kind_of(handler), "a function", "decorate a function")
    target = code_of(handler)
    if inspect.isgeneratorfunction(target) or inspect.isasyncgenfunction(target):
        raise Misfit(
            "a generator function, and calling one runs none of its body",
            "a function that does its work when it is called",
            "take the yield out of it; set-up and clean-up belong in a factory for Depends()",
        )


def _check_first(handler: Any, parameters: list[inspect.Parameter], fitting: str) -> None:
    """The first parameter has to take the change by position, and to say so."""
    expected = "the change as the first parameter"
    first = parameters[0] if parameters else None
    if first is None:
        raise Misfit("no parameter", expected, f"add one: change: {fitting}")
    if first.kind is first.VAR_POSITIONAL:
        wrapped = "<locals>" in getattr(handler, "__qualname__", "")
        remedy = "; or put functools.wraps on it in the decorator that made it" if wrapped else ""
        raise Misfit(f"{show_parameter(first)} in first place", expected, f"begin with change: {fitting}{remedy}")
    if first.kind in (first.KEYWORD_ONLY, first.VAR_KEYWORD):
        raise Misfit(
            f"{show_parameter(first)}, which cannot be given by position", expected, f"begin with change: {fitting}"
        )
    if first.annotation is not first.empty:
        return
    if first.name in ("self", "cls"):
        expected = "a function, or a method that is bound to its object"
        instance = "().".join(handler.__qualname__.split(".")[-2:])
        remedy = f"take it out of the class, or register the method of an instance: {instance}"
        raise Misfit(f"a method of a class, with {first.name!r} in first place", expected, remedy)
    raise Misfit(f"parameter {first.name!r} without an annotation", expected, f"annotate it: {first.name}: {fitting}")


def _change_type(parameters: list[inspect.Parameter], hints: Mapping[str, Any], fitting: str) -> ChangeType:
    name = parameters[0].name
    annotation = plain(hints[name])
    many = get_origin(annotation) in _SEQUENCES
    members = members_of(get_args(annotation)[0] if many else annotation)
    if all(is_change(member) for member in members):
        return ChangeType(tuple(ChangeOf(*_models(member)) for member in members), many)
    raise Misfit(
        f"parameter {show_parameter(parameters[0])}",
        "the change as the first parameter",
        _move_or_annotate(parameters, hints, fitting),
    )


def _move_or_annotate(parameters: list[inspect.Parameter], hints: Mapping[str, Any], fitting: str) -> str:
    first, *others = parameters
    swapped = next((other for other in others if is_change(plain(hints.get(other.name)))), None)
    if swapped is not None:
        return f"put {swapped.name!r} before {first.name!r}"
    if kind_of_parameter(hints[first.name]) is not None:
        return f"put the change before it: change: {fitting}"
    return f"annotate it: {first.name}: {fitting}"


def _models(annotation: Any) -> tuple[type, Any, Any]:
    """The change class with the models of the new and of the old image; a bare class leaves both open."""
    kind = get_origin(annotation) or annotation
    arguments = written_arguments(annotation) or (Any,)
    return kind, arguments[0], arguments[-1]
