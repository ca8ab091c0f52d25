"""Tests of one value of an event.

Event Ruler, which Lambda uses, distinguishes JSON strings from numbers: ``"100"`` is never the number 100. So all
matchers except ``exists`` and ``anything-but`` check the type first.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filtering-syntax
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

__all__ = [
    "Address",
    "Matcher",
    "address",
    "address_range",
    "anything_but",
    "between",
    "equals",
    "equals_ignore_case",
    "exists",
    "prefix",
    "prefix_ignore_case",
    "same_text",
    "suffix",
    "suffix_ignore_case",
    "wildcard",
]

Matcher = Callable[[Any], bool]
Address = IPv4Address | IPv6Address

_IPV4 = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")
_IPV6 = re.compile(r"[0-9a-fA-F:]*:[0-9a-fA-F:]*")


def exists(_: Any) -> bool:
    """Match any leaf, null included."""
    return True


def equals(literal: str | float | bool | None) -> Matcher:
    """Match a literal; numbers compare as doubles, so 300, 300.0 and 3.0e2 are equal."""
    if isinstance(literal, str):
        return lambda value: isinstance(value, str) and value == literal
    if literal is None or isinstance(literal, bool):
        return lambda value: value is literal
    return lambda value: _double(value) == literal


def same_text(text: str) -> Matcher:
    """Match a number that is written as a text: one that no double holds exactly."""
    return lambda value: not isinstance(value, str | bool) and str(value) == text


def between(bottom: float, top: float, *, open_bottom: bool, open_top: bool) -> Matcher:
    """Match a number in a range; an open end does not belong to it."""

    def match(value: Any) -> bool:
        number = _double(value)
        if number is None:
            return False
        above = number > bottom if open_bottom else number >= bottom
        return above and (number < top if open_top else number <= top)

    return match


def prefix(text: str) -> Matcher:
    """Match a string that starts with a text."""
    return lambda value: isinstance(value, str) and value.startswith(text)


def suffix(text: str) -> Matcher:
    """Match a string that ends with a text."""
    return lambda value: isinstance(value, str) and value.endswith(text)


def equals_ignore_case(text: str) -> Matcher:
    """Match a string that equals a text, each character in either case."""
    return _matching(rf"{_either_case(text)}\Z")


def prefix_ignore_case(text: str) -> Matcher:
    """Match a string that starts with a text, each character in either case."""
    return _matching(_either_case(text))


def suffix_ignore_case(text: str) -> Matcher:
    """Match a string that ends with a text, each character in either case."""
    return _matching(rf".*{_either_case(text)}\Z")


def wildcard(parts: tuple[str, ...]) -> Matcher:
    """Match a string that consists of parts in order, with any text between them."""
    first, *rest = parts
    if not rest:
        return equals(first)
    *middle, last = rest

    def match(value: Any) -> bool:
        if not isinstance(value, str) or not value.startswith(first) or not value.endswith(last):
            return False
        position, end = len(first), len(value) - len(last)
        for part in middle:
            # The earliest position leaves the most room for the parts that follow, so no other needs a test.
            position = value.find(part, position, end)
            if position < 0:
                return False
            position += len(part)
        return position <= end

    return match


def anything_but(*matchers: Matcher) -> Matcher:
    """Match a leaf of any type that none of some matchers matches."""
    return lambda value: not any(match(value) for match in matchers)


def address(text: str) -> Address | None:
    """The IP address in a text, or ``None``.

    Args:
        text: The text.
    """
    if not (_IPV4.fullmatch(text) or _IPV6.fullmatch(text)):
        return None
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def address_range(first: Address, bits: int | None = None) -> Matcher:
    """Match an IP address of a network, in any spelling."""
    network = ip_network(first if bits is None else (first, bits), strict=False)

    def match(value: Any) -> bool:
        found = address(value) if isinstance(value, str) else None
        return found is not None and found.version == network.version and found in network

    return match


def _double(value: Any) -> float | None:
    if isinstance(value, str | bool) or value is None:
        return None
    try:
        return float(value)
    except OverflowError:  # an integer beyond the doubles is infinite as a double
        return float("inf") if value > 0 else float("-inf")


def _matching(expression: str) -> Matcher:
    compiled = re.compile(expression, re.DOTALL)
    return lambda value: isinstance(value, str) and compiled.match(value) is not None


def _either_case(text: str) -> str:
    """A regular expression for a text, with each character in lower or upper case."""
    return "".join(f"(?:{re.escape(each.lower())}|{re.escape(each.upper())})" for each in text)
