"""Whether a handler fits its route, and how it is told where it does not."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from typing_extensions import is_typeddict

from router.event import Event
from router.registration.annotations import parameters_of, plain
from router.registration.dependencies import Parameter
from router.registration.misfit import Misfit
from router.registration.signature import ChangeOf, Signature
from router.registration.source_text import describe

__all__ = ["Wanted", "check_change"]

_KINDS = {Event.INSERT: "Insert", Event.MODIFY: "Modify", Event.REMOVE: "Remove"}
_DECORATORS = {"Insert": "on_insert", "Modify": "on_modify", "Remove": "on_remove", "Change": "on"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a decorator asks of the handler that it is given.

    Args:
        decorator: Its name.
        events: The events that the handler has to take.
        model: What new images are validated into.
        old: What old images are validated into.
    """

    decorator: str
    events: Event
    model: Any
    old: Any

    @property
    def batch(self) -> bool:
        """Whether it calls the handler with a sequence of changes."""
        return self.decorator == "on_batch"

    @property
    def kind(self) -> str:
        """The change class that fits best."""
        single = next((kind for event, kind in _KINDS.items() if self.events in event), "Change")
        return "Change" if self.batch else single

    @property
    def fitting(self) -> str:
        """The annotation that fits best."""
        models = describe(self.model)
        if self.old != self.model and self.kind in ("Modify", "Change"):
            models += f", {describe(self.old)}"
        return f"Sequence[{self.kind}[{models}]]" if self.batch else f"{self.kind}[{models}]"


def check_change(wanted: Wanted, handler: Callable[..., Any], signature: Signature) -> None:
    """Hold what a handler takes against what its decorator will give it.

    Raises:
        Misfit: A change would come that the handler does not take.
    """
    name, change = parameters_of(handler)[0].name, signature.change
    annotate = f"annotate it: {name}: {wanted.fitting}"
    calls = f"{wanted.decorator} calls it {'once with all of them' if wanted.batch else 'for each change'}"
    if change.many != wanted.batch:
        raise Misfit(
            f"parameter {name!r} takes {'a sequence of changes' if change.many else 'one change'}",
            f"{wanted.fitting}, because {calls}",
            annotate if wanted.batch else f"{annotate}; or register it with on_batch",
        )
    coming = list(wanted.events)
    missing = functools.reduce(operator.or_, (event for event in coming if not change.accepting(event)), Event(0))
    if missing:
        raise _never(wanted, name, change.types, missing)
    for event in coming:
        if not any(_takes(member, event, wanted) for member in change.accepting(event)):
            raise _other_model(wanted, name, change.accepting(event)[0], event)
    if wanted.batch:
        _check_no_record(signature.parameters, ())


def _never(wanted: Wanted, name: str, kinds: Sequence[type], missing: Event) -> Misfit:
    """The handler's change classes leave out events that would come."""
    remedy = f"annotate it: {name}: {wanted.fitting}"
    others = [_DECORATORS[kind.__name__] for kind in kinds]
    if wanted.decorator in _DECORATORS.values():
        remedy += f"; or register it with {' and '.join(others)}"
    taken_kinds = " | ".join(kind.__name__ for kind in kinds)
    return Misfit(f"parameter {name!r} takes {taken_kinds}, which is never {missing}", wanted.fitting, remedy)


def _takes(member: ChangeOf, event: Event, wanted: Wanted) -> bool:
    new = event in Event.REMOVE or _accepts(member.new, wanted.model)
    old = event is Event.INSERT or _accepts(member.old, wanted.old)
    return new and old


def _other_model(wanted: Wanted, name: str, member: ChangeOf, event: Event) -> Misfit:
    remedy = f"annotate it: {name}: {wanted.fitting}"
    if event in Event.REMOVE or _accepts(member.new, wanted.model):
        other, given, image = member.old, wanted.old, "old images" if wanted.old != wanted.model else "images"
    else:
        other, given, image = member.new, wanted.model, "images"
        if isinstance(other, type):
            decorator = _DECORATORS["Change"] if wanted.decorator == "fallback" else wanted.decorator
            remedy += f"; or register it with {decorator}({describe(other)})"
    found = f"parameter {name!r} takes {describe(other)}, but this route validates {image} into {describe(given)}"
    return Misfit(found, wanted.fitting, remedy)


def _accepts(annotated: Any, given: Any) -> bool:
    """Whether a handler for one model can be given another; what cannot be told counts as yes."""
    annotated = plain(annotated)
    if isinstance(annotated, TypeVar):
        annotated = annotated.__bound__ or Any
    if annotated in (Any, object) or annotated == given or getattr(annotated, "_is_protocol", False):
        return True
    if annotated is None or annotated is type(None) or given is None:
        return given is None and annotated in (None, type(None))
    given = plain(given)
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


def _check_no_record(parameters: Iterable[Parameter], through: tuple[Callable[..., Any], ...]) -> None:
    """One call for many records has no record of its own."""
    for parameter in parameters:
        if parameter.kind == "record" and not parameter.optional:
            misfit = Misfit(
                f"parameter {parameter.name!r} takes one Record",
                "none: on_batch makes one call for many records",
                "take the record from each change: change.record; or all records of the invocation: batch: Batch",
            )
            misfit.through = through
            raise misfit
        if parameter.dependency is not None:
            _check_no_record(parameter.dependency.parameters, (*through, parameter.dependency.factory))
