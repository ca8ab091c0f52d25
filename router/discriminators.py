"""Discriminators: rules that read the entity's name from a wire image without decoding the image.

A rule reads the new image, then the old one, then the keys, until one of them holds a name. Presets hold the
conventions of common single-table libraries: ``Dispatcher(discriminator=discriminators.ELECTRODB)``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from typing_extensions import TypeIs

from router.discriminator_rules import (
    Attribute,
    Chain,
    Discriminator,
    Folded,
    Function,
    Image,
    Prefix,
    Template,
)
from router.errors import RegistrationError
from router.late_names import late_names
from router.naming import kind_of, signature_of

if TYPE_CHECKING:
    from router.electrodb import ELECTRODB
else:
    __getattr__, __dir__ = late_names(__name__, {"ELECTRODB": "router.electrodb"})

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
    "electrodb_key",
    "folded",
    "function",
    "prefix",
    "template",
]


def attribute(name: str) -> Discriminator:
    """Read the name from the whole value of a string attribute.

    Args:
        name: The attribute's exact name.

    Raises:
        RegistrationError: The name is not a string, or is empty.

    Example:
        >>> attribute("EntityType").read({"EntityType": {"S": "Order"}})
        'Order'
    """
    return Attribute(_string("attribute", "name", name))


def prefix(name: str, separator: str = "#") -> Discriminator:
    """Read the name from the part of a string attribute before a separator, as in the key ``ORDER#1``.

    Args:
        name: The attribute's name.
        separator: The text after the prefix; a value without it names no entity.

    Raises:
        RegistrationError: The name or the separator is not a string, or is empty.

    Example:
        >>> prefix("pk").read({"pk": {"S": "ORDER#1"}})
        'ORDER'
    """
    return Prefix(_string("prefix", "name", name), _string("prefix", "separator", separator))


def template(name: str, pattern: str) -> Discriminator:
    """Read the name from the part of a string attribute at ``{entity}`` in a pattern.

    Args:
        name: The attribute's name.
        pattern: Text with ``{entity}`` once and any number of other placeholders. ``{entity}`` matches one or more
            characters other than ``#``, ``|`` and ``:``; another placeholder matches one or more characters. A ``*`` at
            the end matches any rest, even an empty one.

    Raises:
        RegistrationError: The pattern does not contain ``{entity}`` exactly once.

    Example:
        >>> template("sk", "${entity}_{version}*").read({"sk": {"S": "$order_1#id_7"}})
        'order'
    """
    pattern = _string("template", "pattern", pattern)
    if pattern.count("{entity}") != 1:
        msg = (
            f"template() found the pattern {pattern!r}, expected one with {{entity}} exactly once: '{{entity}}#{{id}}'"
        )
        raise RegistrationError(msg)
    tail = ".*" if pattern.endswith("*") else ""
    # split() with a group returns the literal text at even positions and the placeholders at odd ones.
    pieces = re.split(r"\{(\w+)\}", pattern.removesuffix("*"))
    expression = "".join(
        re.escape(piece) if position % 2 == 0 else ("(?P<entity>[^#|:]+)" if piece == "entity" else ".+?")
        for position, piece in enumerate(pieces)
    )
    return Template(_string("template", "name", name), pattern, re.compile(expression + tail, re.DOTALL))


def electrodb_key(partition_key: str = "pk", sort_key: str = "sk") -> Discriminator:
    """Read the name from a key that ElectroDB makes, of any type of index, unless it can hold several of the names.

    A Dispatcher gives the rule the entities of its routes: it reads one of these, if the key can hold no other of them,
    or nothing. Versions that begin with a number are recognised, such as ``1``, ``v2`` and ``1.0-beta``. A key of
    another template holds no name. Case does not matter.

    Args:
        partition_key: The name of the table's partition key.
        sort_key: The name of the table's sort key.

    Raises:
        RegistrationError: A name is not a string, or is empty.

    Example:
        >>> renamed = folded(chain("__entity__", electrodb_key("PK", "SK")))
        >>> renamed.read({"PK": {"S": "$shop#id_7"}, "SK": {"S": "$work#order_1"}})
        'order'
    """
    from router.electrodb import ElectroDBKey

    return ElectroDBKey(
        _string("electrodb_key", "partition_key", partition_key), _string("electrodb_key", "sort_key", sort_key)
    )


def function(call: Callable[[Image], str | None]) -> Discriminator:
    """Read the name with a function of the wire image.

    Args:
        call: Takes ``{"pk": {"S": "..."}, ...}`` and returns the name, or ``None`` if the image holds none. An
            exception fails the record at stage ``envelope``.

    Raises:
        RegistrationError: The argument cannot be called.

    Example:
        >>> function(lambda image: "Order" if "order_id" in image else None).read({"order_id": {"S": "1"}})
        'Order'
    """
    if not callable(call):
        msg = f"function() found {kind_of(call)}, expected a function of the wire image"
        raise RegistrationError(msg)
    return Function(call)


def chain(*rules: str | Discriminator | Callable[[Image], str | None]) -> Discriminator:
    """Read the name with the first of several rules that finds one.

    Args:
        rules: Discriminators, attribute names or functions.

    Raises:
        RegistrationError: There are none, or an argument is not a rule.

    Example:
        >>> chain("EntityType", prefix("pk")).read({"pk": {"S": "ORDER#1"}})
        'ORDER'
    """
    if not rules:
        msg = "chain() found no rule, expected at least one: chain('EntityType', prefix('pk'))"
        raise RegistrationError(msg)
    return Chain(tuple(discriminator_of(rule) for rule in rules))


def folded(rule: str | Discriminator | Callable[[Image], str | None]) -> Discriminator:
    """Treat names that differ only in case as one entity.

    Args:
        rule: The rule that reads the name.

    Raises:
        RegistrationError: The argument is not a rule.

    Example:
        >>> folded(prefix("pk")).folds
        True
    """
    return Folded(discriminator_of(rule))


def discriminator_of(rule: object) -> Discriminator:
    """Return the discriminator for an attribute's name, a function, or a discriminator.

    Raises:
        RegistrationError: The argument is none of these.
    """
    if isinstance(rule, str):
        _check_text(rule)
        return attribute(rule)
    if isinstance(rule, Discriminator) and not isinstance(rule, type):
        return rule
    if _takes_an_image(rule):
        return function(rule)
    expected = "an attribute's name, a function of the wire image, or one of router.discriminators"
    if isinstance(rule, list | tuple):
        expected = "one rule; for the first of several that finds a name: discriminators.chain('EntityType', 'type')"
    elif getattr(rule, "__module__", "") == __name__ and inspect.isroutine(rule):
        expected = f"a rule; call it: discriminators.{rule.__name__}('pk')"
    elif callable(rule):
        expected = "a plain function that takes the wire image and returns a name or None"
    msg = f"found {kind_of(rule)} as the discriminator, expected {expected}"
    raise RegistrationError(msg)


def _takes_an_image(rule: object) -> TypeIs[Callable[[Image], str | None]]:
    """Whether a value is a plain function that can be called with a wire image."""
    if not callable(rule) or isinstance(rule, type) or getattr(rule, "__module__", "") == __name__:
        return False
    if any(map(inspect.iscoroutinefunction, (rule, type(rule).__call__))):
        return False
    try:
        signature_of(rule).bind({})
    except TypeError:
        return False
    except ValueError:  # a function that is not written in Python shows no signature
        pass
    return True


def _check_text(text: str) -> None:
    """Refuse the name of a preset, a pattern and a path: as the name of an attribute they read nothing for ever.

    Raises:
        RegistrationError: The message says what was meant, and how to name such an attribute all the same.
    """
    expected = None if text == "EntityType" else _meant(text)  # the default needs no difflib
    if expected is not None:
        msg = f"found the text {text!r} as the discriminator, expected {expected}"
        raise RegistrationError(f"{msg}; if an attribute has this name: discriminators.attribute({text!r})")


def _meant(text: str) -> str | None:
    import difflib

    presets = {name.replace("_", "").lower(): name for name in __all__ if name.isupper()}
    letters = re.sub(r"[\W_]", "", text.rpartition(".")[2]).lower()
    near = difflib.get_close_matches(letters, presets, n=1, cutoff=0.87)
    if near:
        return f"the preset itself: discriminators.{presets[near[0]]}"
    if "{entity}" in text:
        return "the rule of a pattern: discriminators.template('sk', ...)"
    if text.strip() != text or re.search(r"[#|()\[\]{}]", text):
        return "an attribute's name, or a rule such as discriminators.prefix('pk', '#')"
    if "." in text:
        return "an attribute of the item itself, because a discriminator reads no path"
    return None


def _string(function: str, parameter: str, value: object) -> str:
    if isinstance(value, str) and value:
        return str.__str__(value)  # plain, as it may be the member of an enum
    found = "an empty string" if value == "" else kind_of(value)
    msg = f"{function}() found {found} as {parameter}, expected a string"
    raise RegistrationError(msg)


# Each preset follows the source code of the library that it is named for. attribute() spares each import the search for
# a near miss.
ONETABLE = attribute("_type")
DYNAMODB_TOOLBOX = attribute("_et")
TYPEDORM = attribute("__en")
PYNAMODB = attribute("cls")
AMPLIFY = attribute("__typename")
DYNAMODB_BOOK = attribute("Type")
WEBINY = chain(attribute("TYPE"), attribute("_et"))
AWS_LAMBDA_STREAM = folded(chain(attribute("discriminator"), prefix("sk", "|"), attribute("sk")))
AWS_SAMPLES = chain(*map(attribute, ("EntityType", "entityType", "entity_type", "type", "itemType")))
