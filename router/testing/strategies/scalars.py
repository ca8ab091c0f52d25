"""Hypothesis strategies for numbers, texts, times and other scalars that DynamoDB keeps."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from types import NoneType
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from pydantic import AwareDatetime, EmailStr, NaiveDatetime, SecretBytes, SecretStr

__all__ = ["MOST_MEMBERS", "PLAIN", "Limits", "Strategy", "sizes", "texts"]

Strategy = st.SearchStrategy[Any]

Limits = Mapping[str, Any]
"""The constraints of annotations and fields, by pydantic's names: ``ge``, ``max_length``..."""

MOST_MEMBERS = 4
"""The most members of a collection beyond its required ones."""

_DIGITS = 38  # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
_PLACES = 6
_BEYOND_FLOATS = 2**53
_SMALLEST, _LARGEST = 1e-130, 9.9e125
_CENTURY = timedelta(days=36_525)  # longer ones have another form in JSON


def _bounds(limits: Limits, places: int, digits: int) -> tuple[int, int]:
    """The lowest and the highest number, in units of the last place."""
    scale, most = 10**places, 10**digits - 1
    lows = [-most]
    highs = [most]
    if "ge" in limits:
        lows.append(math.ceil(Fraction(limits["ge"]) * scale))
    if "gt" in limits:
        lows.append(math.floor(Fraction(limits["gt"]) * scale) + 1)
    if "le" in limits:
        highs.append(math.floor(Fraction(limits["le"]) * scale))
    if "lt" in limits:
        highs.append(math.ceil(Fraction(limits["lt"]) * scale) - 1)
    return max(lows), min(highs)


def _wide(lowest: int, highest: int) -> Strategy:
    """Numbers, some of them too large for a float: hypothesis prefers small ones."""
    whole = st.integers(lowest, highest)
    return whole | st.integers(_BEYOND_FLOATS, highest) if highest > _BEYOND_FLOATS > lowest else whole


def _integers(limits: Limits) -> Strategy:
    lowest, highest = _bounds(limits, 0, _DIGITS)
    step = limits.get("multiple_of")
    if step is None:
        return _wide(lowest, highest)
    return _wide(math.ceil(Fraction(lowest) / step), math.floor(Fraction(highest) / step)).map(
        lambda number: number * step
    )


def _decimals(limits: Limits) -> Strategy:
    digits = min(limits.get("max_digits", _DIGITS), _DIGITS)
    most_places = min(limits.get("decimal_places", _PLACES), digits)

    def bounds(places: int) -> tuple[int, int]:
        # pydantic counts all decimal places of the constraint as digits, also unused ones.
        unused = most_places - places if "decimal_places" in limits else 0
        return _bounds(limits, places, digits - unused)

    def of(places: int) -> Strategy:
        lowest, highest = bounds(places)
        # From text, because arithmetic rounds to the precision of the context.
        return _wide(lowest, highest).map(lambda number: Decimal(f"{number}E-{places}"))

    def fits(places: int) -> bool:
        lowest, highest = bounds(places)
        return lowest <= highest

    return st.sampled_from([places for places in range(most_places + 1) if fits(places)]).flatmap(of)


def _floats(limits: Limits) -> Strategy:
    lowest, highest = limits.get("gt", limits.get("ge", -_LARGEST)), limits.get("lt", limits.get("le", _LARGEST))
    return st.floats(
        max(lowest, -_LARGEST),
        min(highest, _LARGEST),
        exclude_min="gt" in limits,
        exclude_max="lt" in limits,
        allow_nan=False,
        allow_subnormal=False,
    ).filter(lambda number: number == 0 or abs(number) >= _SMALLEST)


def sizes(limits: Limits, least: int = 0) -> dict[str, Any]:
    """The sizes, as hypothesis's arguments.

    Args:
        limits: The constraints.
        least: The least size without a constraint.
    """
    return {"min_size": max(limits.get("min_length", 0), least), "max_size": limits.get("max_length")}


def texts(limits: Limits, least: int = 0) -> Strategy:
    """Texts that UTF-8 can encode.

    Args:
        limits: The constraints.
        least: The least length without a constraint.
    """
    alphabet = st.characters(codec="utf-8")  # no lone surrogates
    found = sizes(limits, least)
    if "pattern" not in limits:
        return st.text(alphabet, **found)
    longest = math.inf if found["max_size"] is None else found["max_size"]
    return st.from_regex(limits["pattern"], alphabet=alphabet).filter(
        lambda text: found["min_size"] <= len(text) <= longest
    )


def _anything(_limits: Limits) -> Strategy:
    leaves = st.none() | st.booleans() | _integers({}) | _decimals({}) | texts({}) | st.binary()
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=MOST_MEMBERS) | st.dictionaries(texts({}, 1), inner, max_size=MOST_MEMBERS)
        ),
        max_leaves=6,
    )


def _uuids(limits: Limits) -> Strategy:
    return st.uuids(version=limits.get("uuid_version"))


def _utc(_limits: Limits) -> Strategy:
    return st.datetimes(timezones=st.just(UTC))


def _datetimes(limits: Limits) -> Strategy:
    return st.datetimes() | _utc(limits)


PLAIN: Mapping[Any, Callable[[Limits], Strategy]] = {
    NoneType: lambda _: st.none(),
    None: lambda _: st.none(),
    Any: _anything,
    object: _anything,
    bool: lambda _: st.booleans(),
    int: _integers,
    float: _floats,
    Decimal: _decimals,
    str: texts,
    bytes: lambda limits: st.binary(**sizes(limits)),
    UUID: _uuids,
    datetime: _datetimes,
    AwareDatetime: _utc,
    NaiveDatetime: lambda _: st.datetimes(),
    timedelta: lambda _: st.timedeltas(-_CENTURY, _CENTURY),
    EmailStr: lambda _: st.emails(),
    SecretStr: lambda limits: texts(limits).map(SecretStr),
    SecretBytes: lambda limits: st.binary(**sizes(limits)).map(SecretBytes),
}
"""The strategy of each scalar annotation."""
