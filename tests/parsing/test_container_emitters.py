"""Generated code converts lists, tuples, sets and maps exactly, or does not handle the image."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from tests.parsing.kinds import is_handled
from tests.strategies import Colour, Line, Size

TEXTS: dict[str, Any] = {"L": [{"S": "a"}, {"S": "b"}]}
NUMBERS: dict[str, Any] = {"L": [{"N": "1"}, {"N": "2"}]}
LINE: dict[str, Any] = {"M": {"sku": {"S": "a"}, "count": {"N": "2"}}}


@pytest.mark.parametrize(
    ("kind", "wire"),
    [
        (list[str], TEXTS),
        (list[list[int]], {"L": [NUMBERS, {"L": []}]}),
        (list[Line], {"L": [LINE, LINE]}),
        (list[datetime], {"L": [{"S": "2026-11-23T07:00:00+01:00"}]}),
        (list[Any], {"L": [TEXTS, {"NULL": True}]}),
        (list[str | None], {"L": [{"S": "a"}, {"NULL": True}]}),
        (tuple[int, ...], NUMBERS),
        (tuple[int, str], {"L": [{"N": "1"}, {"S": "a"}]}),
        (tuple[()], {"L": []}),
        (set[str], {"SS": ["a", "b"]}),
        (set[str], TEXTS),
        (frozenset[str], {"SS": ["a"]}),
        (set[int], {"NS": ["1", "1.0", "-2"]}),
        (set[Decimal], {"NS": ["1.5", "1.50", "2"]}),
        (frozenset[float], {"NS": ["1.5", "2"]}),
        (set[bytes], {"BS": ["YQ==", "Yg=="]}),
        (set[Colour], {"SS": ["red", "blue"]}),
        (set[Size], {"NS": ["1"]}),
        (set[str], {"SS": []}),
        (dict[str, str], {"M": {"b": {"S": "x"}, "a": {"S": "y"}}}),
        (dict[str, dict[str, list[int]]], {"M": {"a": {"M": {"b": NUMBERS}}}}),
        (Mapping[str, Decimal], {"M": {"a": {"N": "1.5"}}}),
        (dict[str, Line], {"M": {"a": LINE}}),
        (dict[Colour, int], {"M": {"red": {"N": "1"}}}),
        (dict[int, int], {"M": {"1": {"N": "1"}, "01": {"N": "2"}}}),
        (dict[Any, Any], {"M": {"a": TEXTS}}),
        (dict, {"M": {"a": TEXTS}}),
    ],
)
def test_container(kind: Any, wire: Any) -> None:
    """A container of any kind of value is converted."""
    assert is_handled(kind, wire)


@pytest.mark.parametrize(
    ("kind", "wire"),
    [
        (list[str], {"SS": ["a"]}),
        (list[str], {"L": [{"S": "a"}], "N": "1"}),
        (list[str], {"L": [{"N": "1"}]}),
        (list[str], {"L": ({"S": "a"},)}),
        (tuple[int, str], NUMBERS),
        (tuple[int, int], {"L": [{"N": "1"}]}),
        (tuple[int, int], {"L": "ab"}),
        (set[int], {"SS": ["1"]}),
        (set[str], {"SS": "ab"}),
        (set[str], {"SS": ["a"], "L": []}),
        (set[str], {"SS": ["a", 1]}),
        (set[bytes], {"BS": ["YQ"]}),
        (dict[str, str], {"M": {1: {"S": "x"}}}),
        (dict[str, str], {"M": [("a", {"S": "x"})]}),
        (dict[str, str], {"M": {"a": {"S": "x", "N": "1"}}}),
        (dict[Literal["a"], str], {"M": {"b": {"S": "x"}}}),
    ],
)
def test_other_value(kind: Any, wire: Any) -> None:
    """A container under another tag, with another number of items, or with a malformed item is left."""
    assert not is_handled(kind, wire)


@pytest.mark.parametrize("kind", [list[int], tuple[int, ...], set[int], frozenset[int]])
@pytest.mark.parametrize(("limits", "handled"), [((0, 2), True), ((2, 2), True), ((3, 9), False), ((0, 1), False)])
def test_length(kind: Any, limits: tuple[int, int], handled: bool) -> None:
    """A container of a length that the field refuses is left."""
    limited = Annotated[kind, Field(min_length=limits[0], max_length=limits[1])]
    assert is_handled(limited, NUMBERS) == handled


def test_length_of_a_map() -> None:
    """A map of a length that the field refuses is left."""
    short = Annotated[dict[str, str], Field(max_length=1)]
    assert is_handled(short, {"M": {"a": {"S": "x"}}})
    assert not is_handled(short, {"M": {"a": {"S": "x"}, "b": {"S": "y"}}})


@pytest.mark.parametrize(
    ("kind", "wire", "handled"),
    [
        (set[str], {"SS": ["a"]}, True),
        (set[str], TEXTS, False),
        (list[str], TEXTS, True),
        (dict[str, int], {"M": {"a": {"N": "1"}}}, True),
        (dict[str, Decimal], {"M": {"a": {"N": "1.5"}}}, True),
    ],
)
def test_strict_mode(kind: Any, wire: Any, handled: bool) -> None:
    """In strict mode a set comes from a set only, and a list from a list."""
    assert is_handled(kind, wire, strict=True) == handled
