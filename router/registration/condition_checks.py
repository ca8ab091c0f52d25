"""Refuse conditions that no change of a route can meet."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from router.conditions import AllOf, AnyOf, Changed, Condition, Not
from router.errors import RegistrationError
from router.event import Event
from router.registration.annotations import members_of
from router.registration.model_fields import fields_of, has_validators, reads_otherwise, takes
from router.registration.source_text import describe
from router.value_classes import dataclass
from router.wire.compare import same
from router.wire.decode import decode_image
from router.wire.paths import Path, write_path

__all__ = ["check_condition"]

_LISTS = (list, tuple, Sequence, deque)
_MAPS = (dict, Mapping)
_SCALARS = (str, bytes, int, float, Decimal, date, time, timedelta, UUID, Enum, set, frozenset)
_CONVERTERS = ("BeforeValidator", "WrapValidator", "PlainValidator", "Json")


@dataclass(frozen=True)
class _Fault:
    """What a condition says that no change can meet, and what can be met."""

    found: str
    expected: str


def check_condition(written: str, condition: Condition[Any], events: Event, model: Any, old: Any) -> None:
    """Refuse a condition of which a part can never be met.

    Args:
        written: The decorator as source text, for messages.
        condition: The condition; one of the user's own may always be met.
        events: The events of the route.
        model: The model of new images; ``None`` for none.
        old: The model of old images.

    Raises:
        RegistrationError: The message names the part.
    """
    for part in _parts(condition):
        fault = _fault_of(part, events, model, old) if isinstance(part, Changed) else _contradiction(part)
        if fault is not None:
            lines = (f"{written} waits for a change that never comes:", "", f"  found:    {fault.found}")
            raise RegistrationError("\n".join((*lines, f"  expected: {fault.expected}")))


def _parts(condition: Any) -> Iterator[Any]:
    """The conditions that a condition is made of, and itself."""
    match condition:
        case AllOf() | AnyOf():
            for each in condition.conditions:
                yield from _parts(each)
        case Not():
            yield from _parts(condition.condition)
    yield condition


def _fault_of(part: Changed, events: Event, model: Any, old: Any) -> _Fault | None:
    for path, text in zip(part.paths, part.attributes, strict=True):
        for image in (model, old):
            fault = _path_fault(image, path)
            if fault is not None:
                return _Fault(f"{text!r} in {part!r}, but {fault.found}", fault.expected)
        _warn_of_plural(part, path, model)
    if part.before is not None and part.after is not None and same(part.before, part.after):
        return _Fault(f"one value before and after in {part!r}", "two, because nothing changes between equal values")
    return _event_fault(part, events) or _value_fault(part, "to", model) or _value_fault(part, "from_", old)


# -------------------------------------------------------------------------------------------------------------- events


def _event_fault(part: Changed, events: Event) -> _Fault | None:
    """What the images that the events have lack for the condition."""
    if events & Event.MODIFY:
        return None
    inserts, removals = bool(events & Event.INSERT), bool(events & Event.REMOVE)
    if part.before is not None and not removals:
        return _Fault(f"from_= in {part!r}, but an insert has no old image", "to=, or an event with an old image")
    if part.after is not None and not inserts:
        return _Fault(f"the new value in {part!r}, but a removal has no new image", "from_=, or where(function)")
    if part.before is not None and part.after is not None:
        return _Fault(f"from_= and to= in {part!r}, but no event with both images", "Event.MODIFY among the events")
    return None


# ------------------------------------------------------------------------------------------------------ contradictions


def _contradiction(part: Any) -> _Fault | None:
    """Two conditions of one attribute, of which a change meets one at most."""
    if not isinstance(part, AllOf):
        return None
    required: list[Changed] = [each for each in _required(part) if isinstance(each, Changed)]
    excluded = [each.condition for each in _required(part) if isinstance(each, Not)]
    for place, one in enumerate(required):
        against = [repr(other) for other in required[:place] if _exclude(other, one)]
        against += [f"not_({other!r})" for other in excluded if _implies(one, other)]
        if against:
            found = f"{against[0]} together with {one!r}, which no change meets"
            return _Fault(found, "one of them, or any_of() of both")
    return None


def _required(condition: Any) -> Iterator[Any]:
    """The conditions all of which must be met."""
    if isinstance(condition, AllOf):
        for each in condition.conditions:
            yield from _required(each)
    else:
        yield condition


def _exclude(one: Changed, other: Changed) -> bool:
    """Whether no change of their one attribute meets both."""
    if len(one.paths) > 1 or one.paths != other.paths:
        return False
    before = [each.before for each in (one, other) if each.before is not None]
    after = [each.after for each in (one, other) if each.after is not None]
    pairs = (before[:2], after[:2])
    differ = any(len(pair) == 2 and not same(*pair) for pair in pairs)
    return differ or any(same(was, now) for was in before for now in after)


def _implies(one: Changed, other: Any) -> bool:
    """Whether every change that meets one meets the other."""
    if not isinstance(other, Changed) or not set(one.paths) <= set(other.paths):
        return False
    return all(
        theirs is None or (ours is not None and same(ours, theirs))
        for ours, theirs in ((one.before, other.before), (one.after, other.after))
    )


# ----------------------------------------------------------------------------------------------- attributes and values


def _path_fault(annotation: Any, path: Path) -> _Fault | None:
    """Why a path leads nowhere in what a model reads; ``None`` where it leads somewhere in one member of a union."""
    if path and _is_converted(annotation):
        return None
    found = [_member_fault(member, path) for member in members_of(annotation)]
    return found[0] if found and all(found) else None


def _member_fault(kind: Any, path: Path) -> _Fault | None:
    if not path or kind is None or has_validators(kind):
        return None
    step, *rest = path
    if getattr(kind, "__pydantic_root_model__", False):
        return _path_fault(kind.model_fields["root"].annotation, path)
    fields = fields_of(kind)
    if fields and isinstance(step, str):
        field = fields.get(step)
        return _name_fault(kind, step) if field is None else _path_fault(field.annotation, tuple(rest))
    origin, arguments = get_origin(kind) or kind, get_args(kind)
    if fields or _is_one_of(origin, _MAPS):
        if isinstance(step, int):
            return _Fault(f"{describe(kind)} is no list", "the name of an attribute in place of the position")
        return _path_fault(arguments[1], tuple(rest)) if len(arguments) == 2 else None
    if origin is Literal or _is_one_of(origin, _SCALARS):
        return _Fault(f"{describe(kind)} has nothing inside", "a path that ends before")
    if _is_one_of(origin, _LISTS):
        if isinstance(step, str):
            return _Fault(
                f"{describe(kind)} is a list", "a position in it, such as 'lines[0].total', or the list alone"
            )
        return _path_fault(arguments[0], tuple(rest)) if origin is not tuple and len(arguments) == 1 else None
    return None


def _is_converted(annotation: Any) -> bool:
    """Whether a validator of the user may make the value of any other."""
    if get_origin(annotation) is Annotated:
        return any(type(each).__name__ in _CONVERTERS for each in annotation.__metadata__)
    return get_origin(annotation) in (Union, UnionType) and any(map(_is_converted, get_args(annotation)))


def _is_one_of(kind: Any, classes: tuple[type, ...]) -> bool:
    return isinstance(kind, type) and issubclass(kind, classes)


def _name_fault(model: Any, name: str) -> _Fault | None:
    """A name that the model does not have is misspelt, or an attribute that only the item has."""
    from router.registration.near_names import misspelt

    fields = fields_of(model)
    aliased = next((attribute for attribute, field in fields.items() if field.name == name), None)
    near = aliased or misspelt(name, fields)
    if near is not None:
        return _Fault(f"{describe(model)} has {near!r}", f"{near!r}; if items have both, give the model a field for it")
    if getattr(model, "model_config", {}).get("extra") == "forbid":
        return _Fault(f"{describe(model)} forbids attributes that it has no field for", "one of its attributes")
    return None


def _warn_of_plural(part: Changed, path: Path, model: Any) -> None:
    fields = {name for member in members_of(model) for name in fields_of(member)}
    if not fields or path[0] in fields:
        return
    from router.registration.near_names import perhaps_misspelt

    near = perhaps_misspelt(str(path[0]), sorted(fields))
    if near is not None:
        msg = f"{part!r} is never met if {path[0]!r} stands for {near!r}, an attribute of {describe(model)}"
        warnings.warn(msg, stacklevel=2)


def _value_fault(part: Changed, option: str, model: Any) -> _Fault | None:
    """A value that no attribute of the condition can have in an item of the model."""
    wire = part.after if option == "to" else part.before
    if wire is None or model is None:
        return None
    value = decode_image({"value": wire})["value"]
    ends = [end for path in part.paths for end in _ends(model, path)]
    if not ends or any(end is None or takes(end, value) for end in ends):
        return None
    where = " or ".join(map(write_path, part.paths))
    expected = f"a value that {where} can have: {' or '.join(map(describe, ends))}"
    return _Fault(
        f"{'the value' if option == 'to' else 'from_='} in {part!r}, which no {describe(model)} has", expected
    )


def _ends(annotation: Any, path: Path) -> Iterator[Any]:
    """What a path leads to, in each member of a union; ``None`` where that is not known."""
    if not path:
        yield annotation
        return
    if _is_converted(annotation):
        yield None
        return
    step, rest = path[0], path[1:]
    for member in members_of(annotation):
        field = fields_of(member).get(str(step))
        arguments = get_args(member)
        if reads_otherwise(member) or getattr(member, "__pydantic_root_model__", False):
            yield None
        elif field is not None:
            yield from _ends(field.annotation, rest)
        elif arguments and _is_one_of(get_origin(member), (*_MAPS, list)):
            yield from _ends(arguments[-1], rest)
        else:
            yield None
