"""Check that a handler fits the arguments of its decorator."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Sequence
from itertools import filterfalse
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from typing_extensions import is_typeddict

from router.event import Event
from router.registration.annotations import caller_namespaces, parameters_of, unwrap
from router.registration.arguments import Arguments
from router.registration.dependencies import Parameter
from router.registration.misfit import Misfit, explained
from router.registration.signature import ChangeOf, Signature, Takes, Wanted, read_signature
from router.registration.source_text import describe

__all__ = ["fitting_signature"]

_CALLS: dict[Takes, str] = {
    "one change": "for each change",
    "a sequence of changes": "once with all changes",
    "a window": "once with all changes and the state of their window",
}
_OTHERS: dict[Takes, str] = {
    "one change": "",
    "a sequence of changes": "; or register it with on_batch",
    "a window": "; or register it with on_window",
}
_DECORATORS = {"Insert": "on_insert", "Modify": "on_modify", "Remove": "on_remove", "Change": "on"}


def fitting_signature(arguments: Arguments, handler: Callable[..., Any]) -> Signature:
    """Read the signature of a handler, and check that the handler takes every change of its route.

    Raises:
        RegistrationError: The handler can never be called; the message shows it and what to correct.
    """
    try:
        wanted = Wanted("change" if arguments.state is None else "window", arguments.annotation)
        signature = read_signature(handler, wanted, caller_namespaces())
        _check_change(arguments, parameters_of(handler)[0].name, signature)
        if arguments.batch:
            _check_no_record(arguments.decorator, signature.parameters)
    except Misfit as misfit:
        raise explained(f"{arguments.written} cannot register this handler", handler, misfit) from None
    return signature


def _check_change(arguments: Arguments, name: str, signature: Signature) -> None:
    """Check the first parameter: one change or many, the events, the models."""
    change = signature.change
    annotate = f"annotate it: {name}: {arguments.annotation}"
    takes = _taken_by(arguments)
    if change.takes != takes:
        raise Misfit(
            f"parameter {name!r} takes {change.takes}",
            f"{arguments.annotation}, because {arguments.decorator} calls the handler {_CALLS[takes]}",
            annotate + _OTHERS[change.takes],
        )
    missing = functools.reduce(operator.or_, filterfalse(change.accepting, arguments.events), Event(0))
    if missing:
        raise _other_event(arguments, name, change.types, missing)
    for event in arguments.events:
        if not any(_takes(member, event, arguments) for member in change.accepting(event)):
            raise _other_model(arguments, name, change.accepting(event)[0], event)
    if change.state not in (Any, arguments.state):
        found = f"parameter {name!r} has a state of {describe(change.state)}, but this route keeps one of "
        raise Misfit(found + describe(arguments.state), arguments.annotation, annotate)


def _taken_by(arguments: Arguments) -> Takes:
    if arguments.state is not None:
        return "a window"
    return "a sequence of changes" if arguments.batch else "one change"


def _other_event(arguments: Arguments, name: str, kinds: Sequence[type], missing: Event) -> Misfit:
    to_do = f"annotate it: {name}: {arguments.annotation}"
    if arguments.decorator in _DECORATORS.values():
        to_do += f"; or register it with {' and '.join(_DECORATORS[kind.__name__] for kind in kinds)}"
    taken = " | ".join(kind.__name__ for kind in kinds)
    return Misfit(f"parameter {name!r} takes {taken}, which does not include {missing}", arguments.annotation, to_do)


def _takes(member: ChangeOf, event: Event, arguments: Arguments) -> bool:
    new = event in Event.REMOVE or _accepts(member.new, arguments.model)
    old = event is Event.INSERT or _accepts(member.old, arguments.old)
    return new and old


def _other_model(arguments: Arguments, name: str, member: ChangeOf, event: Event) -> Misfit:
    to_do = f"annotate it: {name}: {arguments.annotation}"
    if event in Event.REMOVE or _accepts(member.new, arguments.model):
        other, given = member.old, arguments.old
        images = "old images" if arguments.old != arguments.model else "images"
    else:
        other, given, images = member.new, arguments.model, "images"
        if isinstance(other, type):
            decorator = "on" if arguments.fallback else arguments.decorator
            to_do += f"; or register it with {decorator}({describe(other)})"
    found = f"parameter {name!r} takes {describe(other)}, but this route validates {images} into {describe(given)}"
    return Misfit(found, arguments.annotation, to_do)


def _accepts(annotated: Any, given: Any) -> bool:
    """Whether a handler annotated with one model accepts another; yes if Python cannot decide it."""
    annotated = unwrap(annotated)
    if isinstance(annotated, TypeVar):
        annotated = annotated.__bound__ or Any
    if annotated in (Any, object) or annotated == given or getattr(annotated, "_is_protocol", False):
        return True
    if annotated is None or annotated is type(None) or given is None:
        return given is None and annotated in (None, type(None))
    given = unwrap(given)
    if get_origin(given) in (Union, UnionType):
        return all(_accepts(annotated, member) for member in get_args(given))
    if get_origin(annotated) in (Union, UnionType):
        return any(_accepts(member, given) for member in get_args(annotated))
    if is_typeddict(annotated):
        return is_typeddict(given) and annotated.__annotations__.keys() <= given.__annotations__.keys()
    return _is_subclass(get_origin(given) or given, get_origin(annotated) or annotated)


def _is_subclass(one: Any, other: Any) -> bool:
    try:
        return issubclass(one, other)
    except TypeError:
        return True


def _check_no_record(
    decorator: str, parameters: Iterable[Parameter], requesters: tuple[Callable[..., Any], ...] = ()
) -> None:
    """Refuse a Record in a handler whose one call has many records."""
    for parameter in parameters:
        if parameter.kind == "record" and not parameter.optional:
            raise Misfit(
                f"parameter {parameter.name!r} takes one Record",
                f"no Record: {decorator} makes one call for many records",
                "take change.record of each change; or all records of the invocation: batch: Batch",
                requesters,
            )
        if parameter.dependency is not None:
            _check_no_record(decorator, parameter.dependency.parameters, (*requesters, parameter.dependency.factory))
