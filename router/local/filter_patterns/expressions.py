"""Read one match expression: ``{"prefix": "ORDER#"}``, ``{"numeric": [">", 0, "<=", 5]}``.

Each operator has one function that reads its operand. Error messages are those of Event Ruler, which users search for.
https://github.com/aws/event-ruler#readme
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from math import isfinite
from typing import Any, NoReturn, Self

from router.local.filter_patterns import matchers
from router.local.filter_patterns.matchers import Matcher

__all__ = ["Absent", "InvalidPatternError", "Members", "Number", "expression", "literal", "refuse"]

_ONE_KEY = "Only one key allowed in match expression"
_TOO_MANY = "Too many elements in numeric expression"


class InvalidPatternError(Exception):
    """Event Ruler refuses the pattern; the text is its message."""


class Members(list[tuple[str, Any]]):
    """The members of a JSON object in order, with duplicate keys."""


class Number(float):
    """A number of a pattern as a double, with its text.

    Args:
        text: The number as written.
    """

    def __new__(cls, text: str) -> Self:
        """Keep the text beside the double."""
        number = super().__new__(cls, text)
        number.text = text
        return number

    text: str

    @property
    def exact(self) -> bool:
        """Whether the double's shortest text is the number as written; Event Ruler compares no other numbers."""
        try:
            return isfinite(self) and Decimal(self.text) == Decimal(repr(float(self)))
        except ArithmeticError:  # more digits of an exponent than a Decimal has
            return False


class Absent:
    """The result for ``{"exists": false}``: no leaf has the path, so there is no value to match."""


def refuse(reason: str) -> NoReturn:
    """Raise InvalidPatternError.

    Args:
        reason: Event Ruler's message.
    """
    raise InvalidPatternError(reason)


def literal(value: str | float | bool | None) -> Matcher:
    """The matcher of a literal; one for an IP address matches each of its spellings."""
    if isinstance(value, Number) and not value.exact:
        return matchers.same_text(value.text)
    found = matchers.address(value) if isinstance(value, str) else None
    return matchers.address_range(found) if found else matchers.equals(value)


def expression(members: Members) -> Matcher | type[Absent]:
    """The matcher of a match expression.

    Raises:
        InvalidPatternError: Event Ruler refuses the expression.
    """
    if not members:
        refuse("Match expression name not found")
    operator, operand = members[0]
    build = _OPERATORS.get(operator)
    if build is None:
        refuse(f"Unrecognized match type {operator}")
    matcher = build(operand)
    if len(members) > 1:
        refuse(_TOO_MANY if operator in ("numeric", "anything-but") else _ONE_KEY)
    return matcher


def _text(operand: Any, reason: str) -> str:
    return operand if isinstance(operand, str) else refuse(reason)


def _exactly(operand: Any) -> Matcher:
    return matchers.equals(_text(operand, "exact match pattern must be a string"))


def _prefix(operand: Any) -> Matcher:
    return _affix("prefix", operand, matchers.prefix, matchers.prefix_ignore_case)


def _suffix(operand: Any) -> Matcher:
    return _affix("suffix", operand, matchers.suffix, matchers.suffix_ignore_case)


def _affix(name: str, operand: Any, plain: Callable[[str], Matcher], folded: Callable[[str], Matcher]) -> Matcher:
    if not isinstance(operand, Members):
        return plain(_text(operand, f"{name} match pattern must be a string"))
    if not operand:
        refuse(f"{name.capitalize()} expression name not found")
    (inner, text), *more = operand
    if inner != "equals-ignore-case":
        refuse(f"Unsupported {name} pattern: {inner}")
    matcher = folded(_text(text, "equals-ignore-case match pattern must be a string"))
    return refuse(_ONE_KEY) if more else matcher


def _equals_ignore_case(operand: Any) -> Matcher:
    return matchers.equals_ignore_case(_text(operand, "equals-ignore-case match pattern must be a string"))


def _wildcard(operand: Any) -> Matcher:
    return matchers.wildcard(_parts(_text(operand, "wildcard match pattern must be a string")))


def _parts(text: str) -> tuple[str, ...]:
    """Split a wildcard's text at its asterisks; a backslash escapes an asterisk."""
    parts = [""]
    position = 0
    while position < len(text):
        character, following = text[position], text[position + 1 : position + 2]
        if character == "*" and following == "*":
            refuse(f"Consecutive wildcard characters at pos {_byte(text, position)}")
        if character == "*":
            parts.append("")
        elif character == "\\":
            if following not in ("*", "\\"):
                refuse(f"Invalid escape character at pos {_byte(text, position)}")
            parts[-1] += following
            position += 1
        else:
            parts[-1] += character
        position += 1
    return tuple(parts)


def _byte(text: str, position: int) -> int:
    """The position as Event Ruler counts it: in bytes, from the opening quote."""
    return 1 + len(text[:position].encode(errors="surrogatepass"))


def _exists(operand: Any) -> Matcher | type[Absent]:
    if not isinstance(operand, bool):
        refuse("exists match pattern must be either true or false.")
    return matchers.exists if operand else Absent


def _cidr(operand: Any) -> Matcher:
    address, *bits = _text(operand, "prefix match pattern must be a string").split("/")
    if len(bits) != 1:
        refuse("Malformed CIDR, one '/' required")
    try:
        mask = int(bits[0])
    except ValueError:
        refuse("Malformed CIDR, mask bits must be an integer")
    if mask < 0:
        refuse("Malformed CIDR, mask bits must not be negative")
    found = matchers.address(address)
    if found is None:
        refuse(f"Nonstandard IP address: {address}")
    if mask >= found.max_prefixlen:
        refuse(f"IPv{found.version} mask bits must be < {found.max_prefixlen}")
    return matchers.address_range(found, mask)


def _numeric(operand: Any) -> Matcher:
    if not isinstance(operand, list) or isinstance(operand, Members):
        refuse("Value of numeric must be an array.")
    if not operand or not isinstance(operand[0], str):
        refuse(f"Invalid member in numeric match: {_shown(operand[0] if operand else ']')}")
    operator, *rest = operand
    if operator not in ("=", "<", "<=", ">", ">="):
        refuse(f"Unrecognized numeric range operator: {operator}")
    number = _number(rest[0] if rest else None, "equals" if operator == "=" else operator)
    if operator in (">", ">=") and len(rest) > 1:
        return _two_ended(number, operator == ">", rest[1:])
    if len(rest) > 1:
        refuse(_TOO_MANY)
    if operator == "=":
        return matchers.equals(number)
    infinite = float("inf")
    if operator in ("<", "<="):
        return matchers.between(-infinite, number, open_bottom=False, open_top=operator == "<")
    return matchers.between(number, infinite, open_bottom=operator == ">", open_top=False)


def _two_ended(bottom: float, open_bottom: bool, rest: list[Any]) -> Matcher:
    operator = rest[0]
    if not isinstance(operator, str):
        refuse(f"Bad value in numeric range: {_shown(operator)}")
    if operator not in ("<", "<="):
        refuse(f"Bad numeric range operator: {operator}")
    top = _number(rest[1] if len(rest) > 1 else None, operator)
    if len(rest) > 2:
        refuse("Too many terms in numeric range expression")
    if bottom >= top:
        refuse("Bottom must be less than top")
    return matchers.between(bottom, top, open_bottom=open_bottom, open_top=operator == "<")


def _number(value: Any, operator: str) -> float:
    return _comparable(value) if isinstance(value, Number) else refuse(f"Value of {operator} must be numeric")


def _comparable(number: Number) -> Number:
    return number if number.exact else refuse(f"Cannot compare number : {number.text}")


def _anything_but(operand: Any) -> Matcher:
    if isinstance(operand, Members):
        return _anything_but_alike(operand)
    if isinstance(operand, list):
        return matchers.anything_but(*map(matchers.equals, _uniform(operand)))
    if not isinstance(operand, str | float):
        refuse("Value of anything-but must be an array or single string/number value.")
    return matchers.anything_but(matchers.equals(_comparable(operand) if isinstance(operand, Number) else operand))


def _uniform(operand: list[Any]) -> list[str | float]:
    if any(not isinstance(value, str | float) for value in operand):
        refuse("Inside anything but list, start|null|boolean is not supported.")
    if len({type(value) for value in operand}) != 1:
        refuse("Inside anything but list, either all values are number or string, mixed type is not supported")
    return [_comparable(value) if isinstance(value, Number) else value for value in operand]


def _anything_but_alike(operand: Members) -> Matcher:
    if not operand:
        refuse("Anything-But expression name not found")
    (inner, values), *more = operand
    if inner not in _ALIKE:
        refuse(f"Unsupported anything-but pattern: {inner}")
    if isinstance(values, Members) or not isinstance(values, list | str | float):
        refuse("Value of anything-but must be an array or single string/number value.")
    build, reason = _ALIKE[inner]
    texts = [_text(value, reason) for value in (values if isinstance(values, list) else [values])]
    if inner in ("prefix", "suffix") and "" in texts:
        refuse("Null prefix/suffix not allowed")
    if not texts:
        refuse("Empty arrays are not allowed")
    matcher = matchers.anything_but(*map(build, texts))
    return refuse(_TOO_MANY) if more else matcher


def _shown(value: Any) -> str:
    """The beginning of a value's JSON text, as Event Ruler's messages have it."""
    if isinstance(value, float | str):
        return f"{value:g}" if isinstance(value, float) else value
    return "{" if isinstance(value, Members) else json.dumps(value)[:5].rstrip("]")


_AFFIX_TEXT = "prefix/suffix match pattern must be a string"
_FOLDED_TEXT = "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."

_ALIKE: Mapping[str, tuple[Callable[[str], Matcher], str]] = {
    "equals-ignore-case": (matchers.equals_ignore_case, _FOLDED_TEXT),
    "prefix": (matchers.prefix, _AFFIX_TEXT),
    "suffix": (matchers.suffix, _AFFIX_TEXT),
    "wildcard": (_wildcard, "wildcard match pattern must be a string"),
}

_OPERATORS: Mapping[str, Callable[[Any], Matcher | type[Absent]]] = {
    "exactly": _exactly,
    "prefix": _prefix,
    "suffix": _suffix,
    "numeric": _numeric,
    "anything-but": _anything_but,
    "exists": _exists,
    "cidr": _cidr,
    "equals-ignore-case": _equals_ignore_case,
    "wildcard": _wildcard,
}
