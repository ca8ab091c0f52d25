"""Read a handler's signature: which change it takes, and which other parameters each call supplies.

The signature is read when the route is registered: a handler that can never be called raises at the line of its
decorator, and a call reads no signature.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

from router.change import Change, Insert, Modify, Remove
from router.event import Event
from router.naming import code_of, kind_of
from router.registration.annotations import Namespaces, hints_of, is_change, members_of, parameters_of, unwrap
from router.registration.dependencies import Parameter, injected_kind, supplied_parameters
from router.registration.misfit import Misfit
from router.registration.source_text import show_parameter, written_arguments
from router.value_classes import dataclass
from router.window import Window

__all__ = ["ChangeOf", "ChangeType", "Signature", "Takes", "Wanted", "read_signature"]

_COVERS: dict[type, Event] = {
    Insert: Event.INSERT,
    Modify: Event.MODIFY,
    Remove: Event.REMOVE,
    Change: Event.ANY,
}
Takes = Literal["one change", "a sequence of changes", "a window"]
_SEQUENCES = (Sequence, Collection, Iterable, list)


@dataclass(frozen=True)
class ChangeOf:
    """A change class with the models of its new and its old image."""

    kind: type
    new: Any
    old: Any


@dataclass(frozen=True)
class Wanted:
    """The first parameter that a decorator wants: ``change`` with its annotation."""

    name: str
    annotation: str

    def __str__(self) -> str:
        return f"{self.name}: {self.annotation}"

    @property
    def first(self) -> str:
        """The place of the parameter."""
        return f"the {self.name} as the first parameter"


@dataclass(frozen=True)
class ChangeType:
    """The annotation of a handler's first parameter.

    Args:
        members: The change classes that it accepts.
        takes: What it accepts, in words: ``one change``, ``a sequence of changes`` or ``a window``.
        state: The state of a window.
    """

    members: tuple[ChangeOf, ...]
    takes: Takes
    state: Any = None

    @property
    def types(self) -> tuple[type, ...]:
        """The change classes without their models."""
        return tuple(member.kind for member in self.members)

    def accepting(self, event: Event) -> tuple[ChangeOf, ...]:
        """Return the members that accept a change of this event."""
        return tuple(member for member in self.members if event in _COVERS[member.kind])


@dataclass(frozen=True)
class Signature:
    """What a handler takes.

    Args:
        change: Its first parameter.
        parameters: Those of the others that each call supplies.
    """

    change: ChangeType
    parameters: tuple[Parameter, ...]


def read_signature(handler: Callable[..., Any], wanted: Wanted, namespaces: Namespaces) -> Signature:
    """Read a handler's signature.

    Args:
        handler: The user's function.
        wanted: Its first parameter as it should be, for messages.
        namespaces: Local names that annotations may use.

    Raises:
        Misfit: The handler can never be called.
    """
    _check_callable(handler)
    parameters = parameters_of(handler)
    _check_first(handler, parameters, wanted)
    hints = hints_of(handler, parameters, namespaces)
    change = _change_type(parameters, hints, wanted)
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


def _check_first(handler: Any, parameters: list[inspect.Parameter], wanted: Wanted) -> None:
    """Require a first parameter that takes the change by position and has an annotation."""
    if not parameters:
        raise Misfit("no parameter", wanted.first, f"add one: {wanted}")
    first = parameters[0]
    if first.kind is first.VAR_POSITIONAL:
        wrapped = "<locals>" in getattr(handler, "__qualname__", "")
        wraps = "; or add functools.wraps to the decorator that made this function" if wrapped else ""
        to_do = f"begin with {wanted}{wraps}"
        raise Misfit(f"{show_parameter(first)} as the first parameter", wanted.first, to_do)
    if first.kind in (first.KEYWORD_ONLY, first.VAR_KEYWORD):
        found = f"{show_parameter(first)}, which cannot be passed by position"
        raise Misfit(found, wanted.first, f"begin with {wanted}")
    if first.annotation is not first.empty:
        return
    if first.name in ("self", "cls"):
        method = "().".join(handler.__qualname__.split(".")[-2:])
        raise Misfit(
            f"an unbound method, with {first.name!r} as its first parameter",
            "a function or a bound method",
            f"move it out of the class, or register the method of an instance: {method}",
        )
    to_do = f"annotate it: {first.name}: {wanted.annotation}"
    raise Misfit(f"parameter {first.name!r} without an annotation", wanted.first, to_do)


def _change_type(parameters: list[inspect.Parameter], hints: Mapping[str, Any], wanted: Wanted) -> ChangeType:
    first = parameters[0]
    annotation = unwrap(hints[first.name])
    if get_origin(annotation) is Window:
        model, state = get_args(annotation)
        return ChangeType((ChangeOf(Change, model, model),), "a window", state)
    many = get_origin(annotation) in _SEQUENCES
    members = members_of(get_args(annotation)[0] if many else annotation)
    if not all(map(is_change, members)):
        to_do = _move_or_annotate(parameters, hints, wanted)
        raise Misfit(f"parameter {show_parameter(first)}", wanted.first, to_do)
    takes: Takes = "a sequence of changes" if many else "one change"
    return ChangeType(tuple(map(_change_of, members)), takes)


def _move_or_annotate(parameters: list[inspect.Parameter], hints: Mapping[str, Any], wanted: Wanted) -> str:
    first, *others = parameters
    swapped = next((other for other in others if is_change(unwrap(hints.get(other.name)))), None)
    if swapped is not None:
        return f"put {swapped.name!r} before {first.name!r}"
    if injected_kind(hints[first.name]) is not None:
        return f"put the change before it: {wanted}"
    return f"annotate it: {first.name}: {wanted.annotation}"


def _change_of(annotation: Any) -> ChangeOf:
    """Take a change class and its models apart; without models it accepts any."""
    arguments = written_arguments(annotation) or (Any,)
    return ChangeOf(get_origin(annotation) or annotation, arguments[0], arguments[-1])
