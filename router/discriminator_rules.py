"""The rules that :mod:`router.discriminators` makes, as values."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol, runtime_checkable

from router.value_classes import dataclass
from router.wire.values import text_of

__all__ = [
    "Attribute",
    "Chain",
    "Discriminator",
    "Folded",
    "Function",
    "Image",
    "OfEntities",
    "Prefix",
    "Template",
    "among",
    "undecided",
]

Image = Mapping[str, Any]


@runtime_checkable
class Discriminator(Protocol):
    """A rule that reads the name of an entity from a wire image."""

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes whose whole value is the entity's name: a ``Literal`` of a model on one names its entity."""
        ...

    @property
    def folds(self) -> bool:
        """Whether names that differ only in case are one entity."""
        ...

    def read(self, image: Image) -> str | None:
        """Return the name, or ``None`` if the image holds none. Raises nothing, even for a malformed image."""
        ...


class OfEntities:
    """A rule that needs to know the entities of the routes: its text may hold the names of several."""

    def among(self, entities: Collection[str]) -> Discriminator:
        """The rule of a Dispatcher with routes of these entities."""
        raise NotImplementedError

    def readings(self, image: Image) -> tuple[str, ...]:
        """The names that an image can hold."""
        raise NotImplementedError


@dataclass(frozen=True)
class Attribute:
    """See :func:`router.discriminators.attribute`."""

    name: str
    folds = False

    @property
    def attributes(self) -> tuple[str, ...]:
        return (self.name,)

    def read(self, image: Image) -> str | None:
        return text_of(image, self.name)

    def __repr__(self) -> str:
        return f"attribute({self.name!r})"


@dataclass(frozen=True)
class Prefix:
    """See :func:`router.discriminators.prefix`."""

    name: str
    separator: str
    attributes: tuple[str, ...] = ()
    folds = False

    def read(self, image: Image) -> str | None:
        head, separator, _ = (text_of(image, self.name) or "").partition(self.separator)
        return head if head and separator else None

    def can_read(self, name: str) -> bool:
        """Whether some value of the attribute gives this name."""
        return bool(name) and f"{name}{self.separator}".partition(self.separator)[0] == name

    def __repr__(self) -> str:
        return f"prefix({self.name!r}, {self.separator!r})"


@dataclass(frozen=True)
class Template:
    """See :func:`router.discriminators.template`."""

    name: str
    pattern: str
    expression: re.Pattern[str]
    attributes: tuple[str, ...] = ()
    folds = False

    def read(self, image: Image) -> str | None:
        match = self.expression.fullmatch(text_of(image, self.name) or "")
        return match["entity"] if match else None

    def can_read(self, name: str) -> bool:
        """Whether some value of the attribute gives this name."""
        return bool(name) and not re.search(r"[#|:]", name)

    def __repr__(self) -> str:
        return f"template({self.name!r}, {self.pattern!r})"


@dataclass(frozen=True)
class Function:
    """See :func:`router.discriminators.function`."""

    call: Callable[[Image], str | None]
    attributes: tuple[str, ...] = ()
    folds = False

    def read(self, image: Image) -> str | None:
        name = self.call(image)
        return str.__str__(name) if isinstance(name, str) and name else None

    def __repr__(self) -> str:
        return f"function({getattr(self.call, '__qualname__', type(self.call).__name__)})"


@dataclass(frozen=True)
class Chain:
    """See :func:`router.discriminators.chain`."""

    rules: tuple[Discriminator, ...]

    @property
    def attributes(self) -> tuple[str, ...]:
        return tuple(name for rule in self.rules for name in rule.attributes)

    @property
    def folds(self) -> bool:
        return any(rule.folds for rule in self.rules)

    def read(self, image: Image) -> str | None:
        for rule in self.rules:
            name = rule.read(image)
            if name is not None:
                return name
        return None

    def among(self, entities: Collection[str]) -> Chain:
        return Chain(tuple(among(rule, entities) for rule in self.rules))

    def __repr__(self) -> str:
        return f"chain({', '.join(map(repr, self.rules))})"


@dataclass(frozen=True)
class Folded:
    """See :func:`router.discriminators.folded`."""

    rule: Discriminator
    folds = True

    @property
    def attributes(self) -> tuple[str, ...]:
        return self.rule.attributes

    def read(self, image: Image) -> str | None:
        return self.rule.read(image)

    def among(self, entities: Collection[str]) -> Folded:
        return Folded(among(self.rule, entities))

    def __repr__(self) -> str:
        return f"folded({self.rule!r})"


def among(rule: Discriminator, entities: Collection[str]) -> Discriminator:
    """The rule of a Dispatcher that has routes of these entities: some rules read names that only these decide.

    Args:
        rule: A discriminator.
        entities: The names of the entities.
    """
    if isinstance(rule, Chain | Folded | OfEntities):
        return rule.among(entities)
    return rule


def undecided(rule: Discriminator, image: Image) -> tuple[str, ...]:
    """The entities between which a rule cannot decide for an image, so that it reads none of them.

    Args:
        rule: A discriminator.
        image: A wire image.
    """
    if isinstance(rule, Chain):
        return next((names for each in rule.rules if (names := undecided(each, image))), ())
    if isinstance(rule, Folded):
        return undecided(rule.rule, image)
    names = rule.readings(image) if isinstance(rule, OfEntities) else ()
    return names if len(names) > 1 else ()
