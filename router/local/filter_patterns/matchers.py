"""What one value of an event can be tested for.

Event Ruler, which AWS matches with, tells a JSON string from all else by its quotes: ``"100"`` is never the number 100.
All matchers but ``exists`` and ``anything-but`` keep to that by asking for the type first.
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
    "suffix",
    "suffix_ignore_case",
    "wildcard",
]

Matcher = Callable[[Any], bool]
Address = IPv4Address | IPv6Address

_IPV4 = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")
_IPV6 = re.compile(r"[0-9a-fA-F:]*:[0-9a-fA-F:]*")


def exists(_: Any) -> bool:
    """Any leaf will do, null included."""
    return True


def equals(literal: str | float | bool | None) -> Matcher:
    """A leaf that is this literal; numbers compare as doubles, so 300, 300.0 and 3.0e2 are one."""
    if isinstance(literal, str):
        return lambda value: isinstance(value, str) and value == literal
    if literal is None or isinstance(literal, bool):
        return lambda value: value is literal
    return lambda value: _double(value) == literal


def between(bottom: float, top: float, *, open_bottom: bool, open_top: bool) -> Matcher:
    """A number of a range, of which either end may belong to it or not."""

    def match(value: Any) -> bool:
        number = _double(value)
        if number is None:
            return False
        above = number > bottom if open_bottom else number >= bottom
        return above and (number < top if open_top else number <= top)

    return match


def prefix(text: str) -> Matcher:
    """A string that starts so."""
    return lambda value: isinstance(value, str) and value.startswith(text)


def suffix(text: str) -> Matcher:
    """A string that ends so."""
    return lambda value: isinstance(value, str) and value.endswith(text)


def equals_ignore_case(text: str) -> Matcher:
    """A string that is this one, each character in either case."""
    return _matching(rf"{_either_case(text)}\Z")


def prefix_ignore_case(text: str) -> Matcher:
    """A string that starts so, each character in either case."""
    return _matching(_either_case(text))


def suffix_ignore_case(text: str) -> Matcher:
    """A string that ends so, each character in either case."""
    return _matching(rf".*{_either_case(text)}\Z")


def wildcard(parts: tuple[str, ...]) -> Matcher:
    """A string made of these parts in this order, with anything or nothing between them."""
    first, *rest = parts
    if not rest:
        return equals(first)
    *middle, last = rest

    def match(value: Any) -> bool:
        if not isinstance(value, str) or not value.startswith(first) or not value.endswith(last):
            return False
        position, end = len(first), len(value) - len(last)
        for part in middle:
            # The earliest place leaves the most room for what follows, so no other needs a try.
            position = value.find(part, position, end)
            if position < 0:
                return False
            position += len(part)
        return position <= end

    return match


def anything_but(*matchers: Matcher) -> Matcher:
    """A leaf for which none of the others holds, whatever its type."""
    return lambda value: not any(match(value) for match in matchers)


def address(text: str) -> Address | None:
    """The IP address that a string is, or ``None``."""
    if not (_IPV4.fullmatch(text) or _IPV6.fullmatch(text)):
        return None
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def address_range(first: Address, bits: int | None = None) -> Matcher:
    """A string that is an IP address, however it is spelt, of the network around this one."""
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
    except OverflowError:  # an integer beyond all doubles, which is infinite as one
        return float("inf") if value > 0 else float("-inf")


def _matching(expression: str) -> Matcher:
    compiled = re.compile(expression, re.DOTALL)
    return lambda value: isinstance(value, str) and compiled.match(value) is not None


def _either_case(text: str) -> str:
    """An expression of the text in which each character may be its lower or its upper case, and nothing else."""
    return "".join(f"(?:{re.escape(each.lower())}|{re.escape(each.upper())})" for each in text)
