"""Generated code tests the bounds of numbers as pydantic does, or does not handle the image."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import Field

from tests.parsing.kinds import are_handled, is_handled

NUMBERS = (
    "0",
    "1",
    "5",
    "-5",
    "6",
    "10",
    "0.5",
    "1.25",
    "-0.0",
    "1.50",
    "99.99",
    "100.1",
    "1E2",
    "123456",
    "9" * 38,
    "-1",
)
BOUNDS: list[dict[str, Any]] = [
    *({"ge": 0}, {"gt": 0}, {"le": 5}, {"lt": 5}, {"ge": 0, "le": 10}, {"multiple_of": 5}, {"ge": -5, "lt": 10**20}),
]
FRACTIONS: list[dict[str, Any]] = [{"gt": 1.5}, {"le": float("inf")}, {"ge": float("nan")}, {"multiple_of": 0.5}]


@pytest.mark.parametrize(
    ("kind", "bounds"),
    [
        *((kind, bounds) for kind in (int, float, Decimal) for bounds in BOUNDS),
        *((kind, bounds) for kind in (float, Decimal) for bounds in FRACTIONS),
    ],
)
def test_bounds(kind: Any, bounds: dict[str, Any]) -> None:
    """A number with bounds is the one that pydantic gives."""
    are_handled(Annotated[kind, Field(**bounds)], [{"N": text} for text in NUMBERS])


@pytest.mark.parametrize(
    "digits",
    [
        *({"max_digits": 3}, {"decimal_places": 1}, {"max_digits": 3, "decimal_places": 1}, {"decimal_places": 0}),
        *({"max_digits": 2, "decimal_places": 5}, {"max_digits": 5, "decimal_places": 0, "ge": 0}),
    ],
)
def test_digits(digits: dict[str, Any]) -> None:
    """A Decimal with a number of digits is the one that pydantic gives."""
    are_handled(Annotated[Decimal, Field(**digits)], [{"N": text} for text in NUMBERS])


@pytest.mark.parametrize(
    ("kind", "text", "handled"),
    [
        (Annotated[int, Field(ge=0, le=100)], "100", True),
        (Annotated[int, Field(ge=0, le=100)], "101", False),
        (Annotated[int, Field(multiple_of=5)], "10", True),
        (Annotated[float, Field(gt=0)], "0.5", True),
        (Annotated[float, Field(gt=0)], "0", False),
        (Annotated[Decimal, Field(max_digits=8, decimal_places=2, ge=0)], "129.95", True),
        (Annotated[Decimal, Field(max_digits=8, decimal_places=2, ge=0)], "129.955", False),
        (Annotated[Decimal, Field(max_digits=8, decimal_places=2, ge=0)], "-1", False),
    ],
)
def test_usual_bounds(kind: Any, text: str, handled: bool) -> None:
    """A number is handled if and only if the field accepts it."""
    assert is_handled(kind, {"N": text}) == handled


@pytest.mark.parametrize("length", [0, 1, 2])
def test_length_of_bytes(length: int) -> None:
    """Bytes of another length than the field accepts are left."""
    assert is_handled(Annotated[bytes, Field(max_length=1)], {"B": ("", "YQ==", "YWI=")[length]}) == (length < 2)
