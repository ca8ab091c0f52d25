"""Conditions that a change must meet before a handler runs, as frozen values that print as in source code.

A condition has two methods. ``wire`` compares the images as DynamoDB JSON and returns ``None`` if the answer depends on
the typed change; only then are the images decoded and validated, and ``typed`` decides. An image whose record meets no
condition is therefore never decoded, except for ``where``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import field
from itertools import takewhile
from typing import Any, ClassVar, Generic, Protocol

from typing_extensions import TypeVar

from router.errors import RegistrationError, RouterError
from router.naming import kind_of, short_name_of, signature_of, written_value
from router.value_classes import dataclass
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
    """A condition of a route. Users may write their own."""

    @property
    def compares(self) -> bool:
        """Whether the condition needs both images of a modification."""
        ...

    def wire(self, old: Image, new: Image, /) -> bool | None:
        """Decide from the wire images; an absent image is empty.

        Returns:
            ``None`` if the images do not decide it.
        """
        ...

    def typed(self, change: C_contra, old: Image, new: Image, /) -> bool:
        """Decide from the typed change."""
        ...


class _Anything:
    """The default of ``from_`` and ``to``: ``None`` is the value NULL."""

    def __repr__(self) -> str:
        return "..."


ANYTHING = _Anything()


class _OnWire:
    """A condition that the wire images always decide."""

    __slots__ = ()
    compares = True

    def wire(self, old: Image, new: Image) -> bool:
        raise NotImplementedError

    def typed(self, _change: object, old: Image, new: Image) -> bool:
        return self.wire(old, new)


@dataclass(frozen=True, repr=False)
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
        # Parsed and encoded once, so that wire() only compares.
        object.__setattr__(self, "paths", tuple(parse_path(text) for text in self.attributes))
        object.__setattr__(self, "before", None if self.from_ is ANYTHING else to_wire(self.from_))
        object.__setattr__(self, "after", None if self.to is ANYTHING else to_wire(self.to))

    def wire(self, old: Image, new: Image) -> bool:
        for path in self.paths:
            was, now = find(old, path), find(new, path)
            # Most records do not change the attribute, so the cheap comparison comes first.
            if was != now and self._matches(was, now):
                return True
        return False

    def _matches(self, was: Any, now: Any) -> bool:
        return (
            (self.after is None or same(now, self.after))
            and (self.before is None or same(was, self.before))
            and not same(was, now)
        )

    def __repr__(self) -> str:
        parts = [repr(attribute) for attribute in self.attributes]
        parts += [
            f"{name}={written_value(value)}"
            for name, value in (("from_", self.from_), ("to", self.to))
            if value is not ANYTHING
        ]
        return f"changed({', '.join(parts)})"


class Became(Changed):
    """See :func:`became`: ``changed(attribute, to=value)`` that prints as ``became(attribute, value)``."""

    def __repr__(self) -> str:
        return f"became({self.attributes[0]!r}, {written_value(self.to)})"


@dataclass(frozen=True, repr=False)
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


@dataclass(frozen=True, repr=False)
class _Combined(Generic[C_contra]):
    conditions: tuple[Condition[C_contra], ...]
    decisive: ClassVar[bool]
    """The answer that decides alone."""

    @property
    def compares(self) -> bool:
        return any(condition.compares for condition in self.conditions)

    def wire(self, old: Image, new: Image) -> bool | None:
        unsure = False
        for condition in self.conditions:
            answer = condition.wire(old, new)
            if answer is None:
                unsure = True
            elif bool(answer) is self.decisive:
                return self.decisive
        return None if unsure else not self.decisive

    def typed(self, change: C_contra, old: Image, new: Image) -> bool:
        answers = (bool(condition.typed(change, old, new)) for condition in self.conditions)
        return self.decisive if self.decisive in answers else not self.decisive

    def _repr(self, function: str) -> str:
        return f"{function}({', '.join(map(repr, self.conditions))})"


class AllOf(_Combined[C_contra]):
    """See :func:`all_of`."""

    decisive = False

    def __repr__(self) -> str:
        return self._repr("all_of")


class AnyOf(_Combined[C_contra]):
    """See :func:`any_of`."""

    decisive = True

    def __repr__(self) -> str:
        return self._repr("any_of")


@dataclass(frozen=True, repr=False)
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
    """Require that at least one of the attributes differs between the two images.

    Values are compared as on the wire: numbers by value, sets in any order. An attribute that appears or disappears has
    changed: every attribute appears in an insert and disappears in a removal.

    Args:
        attributes: Attribute paths: ``"status"``, ``"address.city"``, ``"lines[0].total"``.
        from_: The value before the change; by default any. ``None`` is NULL.
        to: The value after the change; by default any. ``None`` is NULL.

    Raises:
        RegistrationError: There is no attribute, a path is malformed, or no attribute can hold a value.

    Example:
        >>> changed("status", to="SHIPPED")
        changed('status', to='SHIPPED')
    """
    for attribute in attributes:
        _check_attribute("changed", attribute)
    return Changed(attributes, from_, to)


def became(attribute: str, value: Any) -> Condition[Any]:
    """Require that an attribute has a value that it did not have before; in an insert, that it has the value.

    Args:
        attribute: The attribute's path.
        value: The value after the change.

    Raises:
        RegistrationError: The path is malformed, or no attribute can hold the value.

    Example:
        >>> became("status", "SHIPPED")
        became('status', 'SHIPPED')
    """
    _check_attribute("became", attribute)
    return Became((attribute,), to=value)


def where(predicate: Callable[[C_contra], bool]) -> Condition[C_contra]:
    """Require that a function of the typed change returns true.

    The images are decoded and validated first. If that fails, the record fails; the condition is not false.

    Args:
        predicate: A plain function of the change.

    Raises:
        RegistrationError: The predicate cannot be called with a change, or is asynchronous.

    Example:
        >>> def large(change): return change.new.total > 100
        >>> where(large)
        where(large)
    """
    found = None
    if not callable(predicate):
        found = kind_of(predicate)
    elif any(map(inspect.iscoroutinefunction, (predicate, type(predicate).__call__))):
        found = "an async function"
    elif any(map(inspect.isgeneratorfunction, (predicate, type(predicate).__call__))):
        found = "a generator function, whose result is always true"
    elif not _takes_one(predicate):
        found = f"{kind_of(predicate)}, which cannot be called with one change"
    if found is not None:
        msg = f"where() found {found}, expected a plain function of the change that returns a bool"
        raise RegistrationError(msg)
    return Where(predicate)


def _takes_one(predicate: Callable[..., Any]) -> bool:
    try:
        signature_of(predicate).bind(None)
    except TypeError:
        return False
    except ValueError:  # a function that is not written in Python shows no signature
        pass
    return True


def all_of(*conditions: Condition[C_contra]) -> Condition[C_contra]:
    """Require every one of the conditions.

    Raises:
        RegistrationError: There are none, or an argument is not a condition.

    Example:
        >>> all_of(changed("status"), not_(changed("total")))
        all_of(changed('status'), not_(changed('total')))
    """
    return AllOf(_checked("all_of", conditions))


def any_of(*conditions: Condition[C_contra]) -> Condition[C_contra]:
    """Require at least one of the conditions.

    Raises:
        RegistrationError: There are none, or an argument is not a condition.

    Example:
        >>> any_of(changed("status"), changed("total"))
        any_of(changed('status'), changed('total'))
    """
    return AnyOf(_checked("any_of", conditions))


def not_(condition: Condition[C_contra]) -> Condition[C_contra]:
    """Require that a condition is not met.

    Raises:
        RegistrationError: The argument is not a condition.

    Example:
        >>> not_(changed("status"))
        not_(changed('status'))
    """
    return Not(_checked("not_", (condition,))[0])


def required_text(condition: Condition[Any] | None) -> tuple[str, str] | None:
    """Return an attribute and the string that it must have in the new image for the condition to be met.

    Returns:
        ``None`` if the condition requires no such string.
    """
    match condition:
        case Changed(paths=((str(name),),), after={"S": text}):
            return name, text
        case AllOf(conditions=conditions):
            # A user's condition may raise, so it must run before the ones after it are skipped.
            ours = takewhile(lambda each: isinstance(each, _OURS), conditions)
            return next(filter(None, map(required_text, ours)), None)
    return None


_OURS = (Changed, Where, AllOf, AnyOf, Not)


def is_condition(value: object) -> bool:
    """Whether a value has the methods of a condition."""
    return callable(getattr(value, "wire", None)) and callable(getattr(value, "typed", None))


def _checked(function: str, conditions: tuple[Condition[C_contra], ...]) -> tuple[Condition[C_contra], ...]:
    wrong = [value for value in conditions if not is_condition(value)]
    if wrong or not conditions:
        found = kind_of(wrong[0]) if wrong else "nothing"
        hint = f"; write where({short_name_of(wrong[0])})" if wrong and inspect.isroutine(wrong[0]) else ""
        msg = f"{function}() found {found}, expected conditions such as changed('status') or where(function){hint}"
        raise RegistrationError(msg)
    return conditions


def _check_attribute(function: str, attribute: object) -> None:
    if not isinstance(attribute, str):
        msg = f"{function}() found {kind_of(attribute)}, expected attribute paths such as 'status'"
        raise RegistrationError(msg)
