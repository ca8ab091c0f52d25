"""Conditions that a route puts on a change, as frozen values that print as they were written.

A condition is asked in two steps. ``wire`` looks at the images on the wire and answers yes, no, or ``None`` for "that
depends on the typed change"; only then are images decoded and ``typed`` asked. So a record that no condition lets
through is never decoded, unless ``where`` has to see it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import takewhile
from typing import Any, Generic, Protocol

from typing_extensions import TypeVar

from router.errors import RegistrationError, RouterError
from router.wire.compare import same
from router.wire.encode import to_wire
from router.wire.paths import Path, find, parse_path

__all__ = [
    "AllOf",
    "AnyOf",
    "Changed",
    "Condition",
    "Not",
    "Where",
    "all_of",
    "any_of",
    "became",
    "changed",
    "not_",
    "where",
]

Image = Mapping[str, Any]
C_contra = TypeVar("C_contra", contravariant=True)


class Condition(Protocol[C_contra]):
    """What a route asks of a change before its handler runs."""

    @property
    def compares(self) -> bool:
        """Whether both images of a modification are looked at."""
        ...

    def wire(self, old: Image, new: Image, /) -> bool | None:
        """Answer from the images on the wire, an absent one being empty, or ``None`` where they cannot tell."""
        ...

    def typed(self, change: C_contra, old: Image, new: Image, /) -> bool:
        """Answer from the typed change."""
        ...


class _Anything:
    """Stands for "any value", which ``None`` cannot: it is a value that attributes have."""

    def __repr__(self) -> str:
        return "..."


ANYTHING = _Anything()


class _OnWire:
    """A condition that the wire images always answer."""

    __slots__ = ()
    compares = True

    def wire(self, old: Image, new: Image) -> bool:
        raise NotImplementedError

    def typed(self, _change: object, old: Image, new: Image) -> bool:
        return self.wire(old, new)


@dataclass(frozen=True, slots=True, repr=False)
class Changed(_OnWire):
    """See :func:`changed`."""

    attributes: tuple[str, ...]
    from_: Any = ANYTHING
    to: Any = ANYTHING
    paths: tuple[Path, ...] = field(init=False, compare=False)
    before: dict[str, Any] | None = field(init=False, compare=False)
    after: dict[str, Any] | None = field(init=False, compare=False)

    def __post_init__(self) -> None:
        if not self.attributes:
            msg = "changed() found no attribute, expected at least one: changed('status')"
            raise RegistrationError(msg)
        # Parsed and put on the wire once, here, so that asking is comparing and nothing else.
        object.__setattr__(self, "paths", tuple(parse_path(text) for text in self.attributes))
        object.__setattr__(self, "before", None if self.from_ is ANYTHING else to_wire(self.from_))
        object.__setattr__(self, "after", None if self.to is ANYTHING else to_wire(self.to))

    def wire(self, old: Image, new: Image) -> bool:
        for path in self.paths:
            was, now = find(old, path), find(new, path)
            # In this order, because most records do not change the attribute, and fewer come to the value.
            if was != now and self._is_wanted(was, now):
                return True
        return False

    def _is_wanted(self, was: Any, now: Any) -> bool:
        return (
            (self.after is None or same(now, self.after))
            and (self.before is None or same(was, self.before))
            and not same(was, now)
        )

    def __repr__(self) -> str:
        parts = [repr(attribute) for attribute in self.attributes]
        parts += [
            f"{name}={_written(value)}"
            for name, value in (("from_", self.from_), ("to", self.to))
            if value is not ANYTHING
        ]
        return f"changed({', '.join(parts)})"


@dataclass(frozen=True, slots=True, repr=False)
class Became(_OnWire):
    """See :func:`became`."""

    attribute: str
    value: Any
    path: Path = field(init=False, compare=False)
    after: dict[str, Any] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", parse_path(self.attribute))
        object.__setattr__(self, "after", to_wire(self.value))

    def wire(self, old: Image, new: Image) -> bool:
        return same(find(new, self.path), self.after) and not same(find(old, self.path), self.after)

    def __repr__(self) -> str:
        return f"became({self.attribute!r}, {_written(self.value)})"


@dataclass(frozen=True, slots=True, repr=False)
class Where(Generic[C_contra]):
    """See :func:`where`."""

    predicate: Callable[[C_contra], bool]
    compares = False

    def wire(self, _old: Image, _new: Image) -> None:
        return None

    def typed(self, change: C_contra, _old: Image, _new: Image) -> bool:
        answer = self.predicate(change)
        if inspect.isawaitable(answer):
            msg = f"{self!r} found an awaitable, which is always true, expected a predicate that returns a bool"
            raise RouterError(msg)
        return bool(answer)

    def __repr__(self) -> str:
        name = getattr(self.predicate, "__qualname__", None) or type(self.predicate).__qualname__
        code = getattr(self.predicate, "__code__", None)
        line = f" at line {code.co_firstlineno}" if code and "<lambda>" in name else ""
        return f"where({name.rpartition('.')[2]}{line})"


@dataclass(frozen=True, slots=True, repr=False)
class _Combined(Generic[C_contra]):
    conditions: tuple[Condition[C_contra], ...]

    @property
    def compares(self) -> bool:
        return any(condition.compares for condition in self.conditions)

    def __repr__(self) -> str:
        return f"({', '.join(map(repr, self.conditions))})"


@dataclass(frozen=True, slots=True, repr=False)
class AllOf(_Combined[C_contra]):
    """See :func:`all_of`."""

    def wire(self, old: Image, new: Image) -> bool | None:
        unsure = False
        for condition in self.conditions:
            answer = condition.wire(old, new)
            if answer is False:
                return False
            unsure = unsure or answer is None
        return None if unsure else True

    def typed(self, change: C_contra, old: Image, new: Image) -> bool:
        return all(condition.typed(change, old, new) for condition in self.conditions)

    def __repr__(self) -> str:
        return f"all_of{_Combined.__repr__(self)}"


@dataclass(frozen=True, slots=True, repr=False)
class AnyOf(_Combined[C_contra]):
    """See :func:`any_of`."""

    def wire(self, old: Image, new: Image) -> bool | None:
        unsure = False
        for condition in self.conditions:
            answer = condition.wire(old, new)
            if answer:
                return True
            unsure = unsure or answer is None
        return None if unsure else False

    def typed(self, change: C_contra, old: Image, new: Image) -> bool:
        return any(condition.typed(change, old, new) for condition in self.conditions)

    def __repr__(self) -> str:
        return f"any_of{_Combined.__repr__(self)}"


@dataclass(frozen=True, slots=True, repr=False)
class Not(Generic[C_contra]):
    """See :func:`not_`."""

    condition: Condition[C_contra]

    @property
    def compares(self) -> bool:
        return self.condition.compares

    def wire(self, old: Image, new: Image) -> bool | None:
        answer = self.condition.wire(old, new)
        return None if answer is None else not answer

    def typed(self, change: C_contra, old: Image, new: Image) -> bool:
        return not self.condition.typed(change, old, new)

    def __repr__(self) -> str:
        return f"not_({self.condition!r})"


def changed(*attributes: str, from_: Any = ANYTHING, to: Any = ANYTHING) -> Condition[Any]:
    """Let through changes in which at least one of the attributes differs between the two images.

    Values are compared as they are on the wire: numbers by value, sets without order. An attribute that appears or
    disappears has changed; on an insert every attribute appears, on a removal every one disappears.

    Args:
        attributes: Attribute paths: ``"status"``, ``"address.city"``, ``"lines[0].total"``.
        from_: The value it must have had; any when left out, NULL when ``None``.
        to: The value it must have now; any when left out, NULL when ``None``.

    Raises:
        RegistrationError: No attribute, a malformed path, or a value that no attribute can have.

    Example:
        >>> changed("status", to="SHIPPED")
        changed('status', to='SHIPPED')
    """
    for attribute in attributes:
        _check_attribute("changed", attribute)
    return Changed(attributes, from_, to)


def became(attribute: str, value: Any) -> Condition[Any]:
    """Let through changes after which an attribute has a value that it did not have before, inserts included.

    Args:
        attribute: The attribute's path.
        value: The value it must have now.

    Raises:
        RegistrationError: A malformed path, or a value that no attribute can have.

    Example:
        >>> became("status", "SHIPPED")
        became('status', 'SHIPPED')
    """
    _check_attribute("became", attribute)
    return Became(attribute, value)


def where(predicate: Callable[[C_contra], bool]) -> Condition[C_contra]:
    """Let through changes for which a function of the typed change returns true.

    The images are decoded and validated first, so a record that cannot be is a failure of the record, not a "no".

    Args:
        predicate: A plain function of the change.

    Raises:
        RegistrationError: The predicate cannot be called, or is asynchronous.

    Example:
        >>> def large(change): return change.new.total > 100
        >>> where(large)
        where(large)
    """
    if not callable(predicate) or any(map(inspect.iscoroutinefunction, (predicate, type(predicate).__call__))):
        kind = "an async function" if callable(predicate) else f"a value of type {type(predicate).__name__}"
        msg = f"where() found {kind}, expected a plain function of the change that returns a bool"
        raise RegistrationError(msg)
    return Where(predicate)


def all_of(*conditions: Condition[C_contra]) -> Condition[C_contra]:
    """Let through what every one of the conditions lets through.

    Raises:
        RegistrationError: There is no condition, or something that is none.

    Example:
        >>> all_of(changed("status"), not_(changed("total")))
        all_of(changed('status'), not_(changed('total')))
    """
    return AllOf(_checked("all_of", conditions))


def any_of(*conditions: Condition[C_contra]) -> Condition[C_contra]:
    """Let through what at least one of the conditions lets through.

    Raises:
        RegistrationError: There is no condition, or something that is none.

    Example:
        >>> any_of(changed("status"), changed("total"))
        any_of(changed('status'), changed('total'))
    """
    return AnyOf(_checked("any_of", conditions))


def not_(condition: Condition[C_contra]) -> Condition[C_contra]:
    """Let through what the condition does not.

    Raises:
        RegistrationError: It is no condition.

    Example:
        >>> not_(changed("status"))
        not_(changed('status'))
    """
    return Not(_checked("not_", (condition,))[0])


def required_text(condition: Condition[Any] | None) -> tuple[str, str] | None:
    """An attribute of the new image and the text that it must have, or else the answer is no whatever the rest is.

    Returns:
        ``None`` where a condition asks for no such thing.
    """
    match condition:
        case Changed(paths=((str(name),),), after={"S": text}) | Became(path=(str(name),), after={"S": text}):
            return name, text
        case AllOf(conditions=conditions):
            # A condition of the user's may raise, and has to be asked before those that stand behind it.
            ours = takewhile(lambda each: isinstance(each, _OURS), conditions)
            return next(filter(None, map(required_text, ours)), None)
    return None


_OURS = (Changed, Became, Where, AllOf, AnyOf, Not)


def is_condition(value: object) -> bool:
    """Whether a value has what a condition needs."""
    return callable(getattr(value, "wire", None)) and callable(getattr(value, "typed", None))


def _checked(name: str, conditions: tuple[Condition[C_contra], ...]) -> tuple[Condition[C_contra], ...]:
    wrong = [value for value in conditions if not is_condition(value)]
    if wrong or not conditions:
        found = _describe(wrong[0]) if wrong else "nothing"
        msg = f"{name}() found {found}, expected conditions such as changed('status') or where(function)"
        raise RegistrationError(msg)
    return conditions


def _check_attribute(name: str, attribute: object) -> None:
    if not isinstance(attribute, str):
        msg = f"{name}() found {_describe(attribute)}, expected attribute paths such as 'status'"
        raise RegistrationError(msg)


def _written(value: object) -> str:
    return f"{type(value).__name__}.{value.name}" if isinstance(value, Enum) else repr(value)


def _describe(value: object) -> str:
    if callable(value) and not isinstance(value, type):
        return f"the function {getattr(value, '__name__', '?')} (a predicate goes into where())"
    return f"a value of type {type(value).__name__}"
