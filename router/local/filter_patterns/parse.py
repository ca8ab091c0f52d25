"""Read a pattern's text into rules, of which one must hold."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NoReturn

from router.local.filter_patterns.expressions import (
    Absent,
    InvalidPatternError,
    Members,
    Number,
    expression,
    literal,
    refuse,
)
from router.local.filter_patterns.matchers import Matcher

__all__ = ["Leaf", "Rule", "parse"]

_OR = "$or"

# Lambda refuses a pattern whose $or has more combinations.
_MOST_RULES = 1000

# Names that Event Ruler reserves for present and future operators; none may be a key inside $or.
_RESERVED = frozenset(
    {"exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr"}
    | {"=", "<", "<=", ">", ">=", "html", "regex", "not-wildcard", "not-equals-ignore-case"}
    | {"date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range"}
    | {"ip-address-in-range", "ip-address-not-in-range"}
)


@dataclass(frozen=True, slots=True)
class Leaf:
    """The test of one path: some leaf matches one of the matchers, or there is no leaf.

    Args:
        matchers: The matchers.
        absent: Whether ``{"exists": false}`` is a choice.
    """

    matchers: tuple[Matcher, ...]
    absent: bool

    def holds(self, value: Any) -> bool:
        """Whether a leaf's value matches one of the matchers."""
        return any(match(value) for match in self.matchers)


Rule = tuple[tuple[str, Leaf], ...]
"""Sorted paths with their tests, which must all hold."""


def parse(text: str) -> tuple[Rule, ...]:
    """Read a pattern.

    Raises:
        InvalidPatternError: Event Ruler refuses it.
    """
    try:
        # Numbers become doubles, which Event Ruler compares. A JSON object may have a key twice, and both count.
        read = json.loads(
            text, object_pairs_hook=Members, parse_int=Number, parse_float=Number, parse_constant=_no_constant
        )
        if not isinstance(read, Members):
            refuse("Filter is not an object")
        rules = _object([], "", read, inside_or=False)
    except ValueError as error:
        raise InvalidPatternError(str(error)) from error
    except RecursionError:
        refuse("Nested too deeply")
    # Java sorts strings by their UTF-16 units.
    return tuple(
        tuple(sorted(rule.items(), key=lambda item: item[0].encode("utf-16-be", "surrogatepass"))) for rule in rules
    )


_Rules = list[dict[str, Leaf]]


def _no_constant(name: str) -> NoReturn:
    refuse(f"Non-standard token '{name}'")


def _object(rules: _Rules, path: str, members: Members, *, inside_or: bool) -> _Rules:
    if not members:
        refuse("Empty objects are not allowed")
    for name, value in members:
        if name == _OR:
            rules = _alternatives(rules, path, value)
            continue
        if inside_or and name in _RESERVED:
            refuse(f"{name} is Ruler reserved fieldName which cannot be used inside {_OR}.")
        inner = f"{path}.{name}" if path else name
        if isinstance(value, Members):
            rules = _object(rules, inner, value, inside_or=inside_or)
        elif isinstance(value, list):
            leaf = _leaf(value)
            # A second test of the same path replaces the first, as in Event Ruler.
            rules = [{**rule, inner: leaf} for rule in rules or [{}]]
        else:
            refuse(f'"{name}" must be an object or an array')
    return rules


def _alternatives(rules: _Rules, path: str, value: Any) -> _Rules:
    if isinstance(value, Members) or not isinstance(value, list):
        refuse(f"It must be an Array followed with {_OR}.")
    found: _Rules = []
    for alternative in value:
        if not isinstance(alternative, Members):
            refuse(f"Only JSON object is allowed in array of {_OR} relationship.")
        found.extend(_object(rules, path, alternative, inside_or=True))
        if len(found) > _MOST_RULES:
            refuse(f"More than {_MOST_RULES} combinations of {_OR}")
    if len(value) < 2:
        refuse(f"There must have at least 2 Objects in {_OR} relationship.")
    return found


def _leaf(values: list[Any]) -> Leaf:
    if not values:
        refuse("Empty arrays are not allowed")
    choices = [_choice(value) for value in values]
    return Leaf(tuple(choice for choice in choices if not isinstance(choice, type)), Absent in choices)


def _choice(value: Any) -> Matcher | type[Absent]:
    if isinstance(value, Members):
        return expression(value)
    if isinstance(value, list):
        refuse("Match value must be String, number, true, false, or null")
    return literal(value)
