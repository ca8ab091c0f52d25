"""Turn a discriminator into tests of attributes that a filter pattern can express.

A test may pass more than the discriminator reads, and then states what; it never passes less. It uses only operators
that Lambda documents, so there is no "has no such prefix".
https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filtering-syntax
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from router.discriminator_rules import Attribute, Chain, Discriminator, Folded, Prefix, Template
from router.electrodb import ElectroDBKey
from router.local.filter_patterns import FilterPattern, FilterPatternError
from router.local.filter_patterns.matchers import address

__all__ = ["Choices", "NameTest", "Reading", "readings_of"]

Choices = tuple[Any, ...]
"""The JSON values of a pattern for an attribute's text, of which one must match; empty for any text or none."""

_ABSENT = {"exists": False}
_ANY_TEXT: Choices = ({"exists": True},)
_NO_NAME: Choices = ("", _ABSENT)

# Characters beyond ASCII that str.casefold() turns into ASCII letters, but "equals-ignore-case" does not.
# Unicode never changes the folding of a character: https://www.unicode.org/policies/stability_policy.html#Case_Folding
_FOLDED_TO: Mapping[str, str] = {
    "k": "\u212a",
    "s": "\u017f",
    "ss": "\u1e9e",
    "ff": "\ufb00",
    "fi": "\ufb01",
    "fl": "\ufb02",
    "ffi": "\ufb03",
    "ffl": "\ufb04",
    "st": "\ufb05\ufb06",
}
_MOST_SPELLINGS = 16


@dataclass(frozen=True, slots=True)
class NameTest:
    """The test for an image that names one of some entities.

    Args:
        choices: The values for the attribute's text.
        widened: What else passes, if the pattern cannot exclude it.
    """

    choices: Choices
    widened: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One rule of a discriminator, as tests.

    Args:
        attribute: The attribute that the rule reads; ``None`` for a function, which may read any.
        name_test: Makes the test for an image that names one of some entities; ``None`` if the rule reads none of them.
        no_name: The values of the attribute's text from which the rule reads nothing; empty if no pattern expresses
            them.
        written: The rule's repr.
    """

    attribute: str | None
    name_test: Callable[[Collection[str]], NameTest | None]
    no_name: Choices
    written: str


def readings_of(discriminator: Discriminator) -> tuple[Reading, ...]:
    """The rules of a discriminator in the order in which they are applied.

    Args:
        discriminator: A dispatcher's.

    Example:
        >>> (reading,) = readings_of(Attribute("EntityType"))
        >>> reading.attribute, reading.name_test(["Order"]).choices
        ('EntityType', ('Order',))
    """
    rules = _flat(discriminator)
    return tuple(reading for rule in rules for reading in _readings(rule, folds=discriminator.folds))


def _flat(rule: Discriminator) -> list[Discriminator]:
    # Only the exact types: a subclass may read other attributes.
    if type(rule) is Chain:
        return [inner for each in rule.rules for inner in _flat(each)]
    return _flat(rule.rule) if type(rule) is Folded else [rule]


def _readings(rule: Discriminator, *, folds: bool) -> Iterator[Reading]:
    if type(rule) is ElectroDBKey and _is_nameable(rule.partition_key) and _is_nameable(rule.sort_key):
        heads = {rule.sort_key: ("$", "#"), rule.partition_key: ("$",)}
        widened = f"only the beginning of {rule!r} is tested"
        for name, beginnings in heads.items():
            yield Reading(name, _same_for_all(NameTest(_beginnings(beginnings), widened)), (), repr(rule))
    else:
        yield _reading(rule, folds=folds)


def _same_for_all(test: NameTest) -> Callable[[Collection[str]], NameTest | None]:
    return lambda names: test if any(names) else None


def _reading(rule: Discriminator, *, folds: bool) -> Reading:
    if type(rule) is Attribute and _is_nameable(rule.name):
        return Reading(rule.name, _folded_names if folds else _names, _NO_NAME, repr(rule))
    if type(rule) is Prefix and _is_nameable(rule.name):
        return Reading(rule.name, lambda names: _prefixes(rule, names, folds=folds), (), repr(rule))
    if type(rule) is Template and _is_nameable(rule.name):
        return Reading(rule.name, lambda names: _template_heads(rule, names, folds=folds), (), repr(rule))
    why = f"no pattern can express what {rule!r} reads: where it applies, every entity passes"
    return Reading(None, lambda _: NameTest((), why), (), repr(rule))


def _is_nameable(attribute: str) -> bool:
    """Whether a pattern can test the attribute.

    A dot joins the steps of a path, so a name with a dot is ambiguous; and patterns reserve some names.
    """
    if "." in attribute:
        return False
    test = {attribute: {"S": [""]}}
    try:
        FilterPattern(json.dumps({"$or": [test, test]}))
    except FilterPatternError:
        return False
    return True


def _names(names: Collection[str]) -> NameTest | None:
    found = sorted(name for name in names if name)
    # A pattern matches an IP address in each of its spellings.
    addresses = [name for name in found if address(name)]
    widened = f"other spellings of the address {addresses[0]} pass" if addresses else None
    return NameTest(tuple(found), widened) if found else None


def _folded_names(names: Collection[str]) -> NameTest | None:
    found = sorted(name for name in names if name)
    spelled = [_spellings(name) for name in found]
    unsure = [name for name, spellings in zip(found, spelled, strict=True) if not spellings]
    if unsure:
        return NameTest(_ANY_TEXT, f"no pattern folds {unsure[0]!r} as Python does: every entity passes")
    choices = tuple({"equals-ignore-case": each} for spellings in spelled for each in spellings)
    return NameTest(choices) if choices else None


def _spellings(name: str) -> list[str]:
    """Texts that together match, ignoring case, every spelling that folds to a name; none if there are too many."""
    if not name.isascii():
        return []
    spellings = [""]
    ends = {0: spellings}
    for start in range(len(name)):
        heads = ends.get(start, [])
        _continue(ends, start + 1, heads, name[start])
        for folded, characters in _FOLDED_TO.items():
            if name.startswith(folded, start):
                _continue(ends, start + len(folded), heads, *characters)
        if len(ends.get(start + 1, ())) > _MOST_SPELLINGS:
            return []
    found = ends[len(name)]
    return sorted(found, key=lambda text: (not text.isascii(), text)) if len(found) <= _MOST_SPELLINGS else []


def _continue(ends: dict[int, list[str]], end: int, heads: list[str], *pieces: str) -> None:
    ends.setdefault(end, []).extend(head + piece for head in heads for piece in pieces)


def _prefixes(rule: Prefix, names: Collection[str], *, folds: bool) -> NameTest | None:
    heads = [name for name in names if rule.can_read(name)]
    if not heads:
        return None
    if folds:
        return NameTest(_ANY_TEXT, f"no pattern folds the case of {rule!r}: every text passes")
    return NameTest(_beginnings(f"{name}{rule.separator}" for name in heads))


def _template_heads(rule: Template, names: Collection[str], *, folds: bool) -> NameTest | None:
    found = [name for name in names if rule.can_read(name)]
    if not found:
        return None
    head, first, *rest = re.split(r"\{(\w+)\}", rule.pattern.removesuffix("*"))
    if first != "entity" or (folds and not head):
        return NameTest(_ANY_TEXT, f"no pattern can express what {rule!r} reads: every text passes")
    heads = {head} if folds else {f"{head}{name}{rest[0]}" for name in found}
    choices = _beginnings(heads)
    return NameTest(choices, f"only the beginning of {rule!r} is tested")


def _beginnings(texts: Any) -> Choices:
    return tuple({"prefix": text} for text in sorted(set(texts)))
