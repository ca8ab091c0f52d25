"""Where the entity's name stands in an item: rules that read it from a wire image without decoding the image.

A rule is asked with the new image, then with the old one, then with the keys, until one of them tells. Presets name the
conventions of widespread single-table libraries: ``Dispatcher(discriminator=discriminators.ELECTRODB)``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from router.errors import RegistrationError

__all__ = [
    "AMPLIFY",
    "AWS_LAMBDA_STREAM",
    "AWS_SAMPLES",
    "DYNAMODB_BOOK",
    "DYNAMODB_TOOLBOX",
    "ELECTRODB",
    "ONETABLE",
    "PYNAMODB",
    "TYPEDORM",
    "WEBINY",
    "Discriminator",
    "attribute",
    "chain",
    "folded",
    "function",
    "prefix",
    "template",
]

Image = Mapping[str, Any]


@runtime_checkable
class Discriminator(Protocol):
    """Reads the name of an entity from a wire image."""

    @property
    def attributes(self) -> tuple[str, ...]:
        """Attributes whose whole value is the entity's name, so that a model's ``Literal`` on one names its entity."""
        ...

    @property
    def folds(self) -> bool:
        """Whether upper and lower case are the same entity."""
        ...

    def read(self, image: Image) -> str | None:
        """The name, or ``None`` where this image does not tell; whatever the image holds, nothing is raised."""
        ...


@dataclass(frozen=True, slots=True)
class Attribute:
    """See :func:`attribute`."""

    name: str
    folds = False

    @property
    def attributes(self) -> tuple[str, ...]:
        return (self.name,)

    def read(self, image: Image) -> str | None:
        return _string(image, self.name)

    def __repr__(self) -> str:
        return f"attribute({self.name!r})"


@dataclass(frozen=True, slots=True)
class Prefix:
    """See :func:`prefix`."""

    name: str
    separator: str
    attributes: tuple[str, ...] = ()
    folds = False

    def read(self, image: Image) -> str | None:
        head, separator, _ = (_string(image, self.name) or "").partition(self.separator)
        return head if head and separator else None

    def __repr__(self) -> str:
        return f"prefix({self.name!r}, {self.separator!r})"


@dataclass(frozen=True, slots=True)
class Template:
    """See :func:`template`."""

    name: str
    pattern: str
    expression: re.Pattern[str]
    attributes: tuple[str, ...] = ()
    folds = False

    def read(self, image: Image) -> str | None:
        match = self.expression.fullmatch(_string(image, self.name) or "")
        return match["entity"] if match else None

    def __repr__(self) -> str:
        return f"template({self.name!r}, {self.pattern!r})"


@dataclass(frozen=True, slots=True)
class Function:
    """See :func:`function`."""

    call: Callable[[Image], str | None]
    attributes: tuple[str, ...] = ()
    folds = False

    def read(self, image: Image) -> str | None:
        name = self.call(image)
        return name if isinstance(name, str) and name else None

    def __repr__(self) -> str:
        return f"function({getattr(self.call, '__qualname__', type(self.call).__name__)})"


@dataclass(frozen=True, slots=True)
class Chain:
    """See :func:`chain`."""

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

    def __repr__(self) -> str:
        return f"chain({', '.join(map(repr, self.rules))})"


@dataclass(frozen=True, slots=True)
class Folded:
    """See :func:`folded`."""

    rule: Discriminator
    folds = True

    @property
    def attributes(self) -> tuple[str, ...]:
        return self.rule.attributes

    def read(self, image: Image) -> str | None:
        return self.rule.read(image)

    def __repr__(self) -> str:
        return f"folded({self.rule!r})"


def attribute(name: str) -> Discriminator:
    """Take the whole value of a string attribute for the entity's name.

    Args:
        name: The attribute's name, exactly.

    Raises:
        RegistrationError: The name is no text, or empty.

    Example:
        >>> attribute("EntityType").read({"EntityType": {"S": "Order"}})
        'Order'
    """
    return Attribute(_text("attribute", "name", name))


def prefix(name: str, separator: str = "#") -> Discriminator:
    """Take what stands before a separator in a string attribute, as in keys such as ``ORDER#1``.

    Args:
        name: The attribute's name.
        separator: What ends the prefix; a value without it tells nothing.

    Raises:
        RegistrationError: The name or the separator is no text, or empty.

    Example:
        >>> prefix("pk").read({"pk": {"S": "ORDER#1"}})
        'ORDER'
    """
    return Prefix(_text("prefix", "name", name), _text("prefix", "separator", separator))


def template(name: str, pattern: str) -> Discriminator:
    """Take the part of a string attribute that stands where ``{entity}`` stands in a template.

    Args:
        name: The attribute's name.
        pattern: Text with ``{entity}`` once, which stands for one or more characters other than ``#``, ``|`` and
            ``:``, and any number of other placeholders, each for one or more characters of any kind. A ``*`` at the
            end stands for anything, nothing included.

    Raises:
        RegistrationError: The pattern does not hold ``{entity}`` exactly once.

    Example:
        >>> template("sk", "${entity}_{version}*").read({"sk": {"S": "$order_1#id_7"}})
        'order'
    """
    pattern = _text("template", "pattern", pattern)
    if pattern.count("{entity}") != 1:
        msg = (
            f"template() found the pattern {pattern!r}, expected one with {{entity}} exactly once: '{{entity}}#{{id}}'"
        )
        raise RegistrationError(msg)
    tail = ".*" if pattern.endswith("*") else ""
    # split() with a group puts the placeholders at the odd places, the literal text between them at the even ones.
    pieces = re.split(r"\{(\w+)\}", pattern.removesuffix("*"))
    expression = "".join(
        re.escape(piece) if position % 2 == 0 else ("(?P<entity>[^#|:]+)" if piece == "entity" else ".+?")
        for position, piece in enumerate(pieces)
    )
    return Template(_text("template", "name", name), pattern, re.compile(expression + tail, re.DOTALL))


def function(call: Callable[[Image], str | None]) -> Discriminator:
    """Let a function of the wire image tell the entity's name.

    Args:
        call: Given ``{"pk": {"S": "..."}, ...}``; returns the name, or ``None`` where the image does not tell. What it
            raises fails the record at stage ``envelope``.

    Raises:
        RegistrationError: It cannot be called.

    Example:
        >>> function(lambda image: "Order" if "order_id" in image else None).read({"order_id": {"S": "1"}})
        'Order'
    """
    if not callable(call):
        msg = f"function() found a value of type {type(call).__name__}, expected a function of the wire image"
        raise RegistrationError(msg)
    return Function(call)


def chain(*rules: str | Discriminator | Callable[[Image], str | None]) -> Discriminator:
    """Ask several rules in turn; the first that tells a name wins.

    Args:
        rules: Discriminators, attribute names or functions.

    Raises:
        RegistrationError: There is no rule, or something that is none.

    Example:
        >>> chain("EntityType", prefix("pk")).read({"pk": {"S": "ORDER#1"}})
        'ORDER'
    """
    if not rules:
        msg = "chain() found no rule, expected at least one: chain('EntityType', prefix('pk'))"
        raise RegistrationError(msg)
    return Chain(tuple(discriminator_of(rule) for rule in rules))


def folded(rule: str | Discriminator | Callable[[Image], str | None]) -> Discriminator:
    """Take names that differ only in upper and lower case for the same entity.

    Args:
        rule: The rule that reads the name.

    Raises:
        RegistrationError: It is no rule.

    Example:
        >>> folded(prefix("pk")).folds
        True
    """
    return Folded(discriminator_of(rule))


def discriminator_of(rule: object) -> Discriminator:
    """Make a discriminator of an attribute's name, a function, or what is one already."""
    if isinstance(rule, str):
        return attribute(rule)
    if isinstance(rule, Discriminator):
        return rule
    if callable(rule):
        return function(rule)  # pyright: ignore[reportArgumentType]  # what it takes is seen when it is called
    msg = (
        f"found a discriminator of type {type(rule).__name__}, expected an attribute's name, a function of the image, "
        "or one of router.discriminators"
    )
    raise RegistrationError(msg)


def _string(image: Image, name: str) -> str | None:
    try:
        value = image[name]["S"]
    except (KeyError, TypeError):
        return None
    return value if type(value) is str and value else None


def _text(factory: str, what: str, value: object) -> str:
    if isinstance(value, str) and value:
        return value
    found = "an empty text" if value == "" else f"a value of type {type(value).__name__}"
    msg = f"{factory}() found {found} as {what}, expected a text"
    raise RegistrationError(msg)


# Each of these is a fact about somebody else's table layout; their sources name the attribute.
ELECTRODB = folded(chain("__edb_e__", template("sk", "${entity}_{version}*")))
ONETABLE = attribute("_type")
DYNAMODB_TOOLBOX = attribute("_et")
TYPEDORM = attribute("__en")
PYNAMODB = attribute("cls")
AMPLIFY = attribute("__typename")
DYNAMODB_BOOK = attribute("Type")
WEBINY = chain("TYPE", "_et")
AWS_LAMBDA_STREAM = folded(chain("discriminator", prefix("sk", "|"), "sk"))
AWS_SAMPLES = chain("EntityType", "entityType", "entity_type", "type", "itemType")
