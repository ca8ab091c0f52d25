"""Generated code converts a scalar exactly, or does not handle the image."""

from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

import pytest
from pydantic import (
    BaseModel,
    Field,
    PrivateAttr,
)

from router.wire.decode import decode_image
from tests.parsing.generated import ORDER, NotHandled, Order, parse
from tests.strategies import Line, Size

NUMBERS = ("0", "7", "100", "-3", "1.5", "-12.25", "1.0", "1.50", "1E2", "1e2", "007", "-0", "-0.0", "+1", ".5", "1.")


NO_NUMBERS = ("", " 1", "1_0", "1\n", "x", "٣", "²", "NaN", "NaN5", "sNaN1", "Infinity", "-Infinity", "1E400")


@pytest.mark.parametrize("name", ["count", "total", "weight", "at", "id"])
@pytest.mark.parametrize(
    "text", [*NUMBERS, *NO_NUMBERS, "9" * 38, "9" * 39, "0." + "3" * 38, "1" * 20 + "." + "1" * 19]
)
def test_number_in_any_form(name: str, text: str) -> None:
    """A number in any form, for any type of field, gives the exact result or is not handled."""
    wire = {**ORDER, name: {"N": text}}
    try:
        found = parse(Order, wire)
    except NotHandled:
        return
    exact = Order.model_validate(decode_image(wire))
    assert repr(found) == repr(exact)


@pytest.mark.parametrize("text", ["0", "7", "100", "1.5", "129.95"])
def test_usual_number(text: str) -> None:
    """Numbers in the form that DynamoDB writes are handled."""
    assert parse(Order, {**ORDER, "total": {"N": text}}).total == Decimal(text)


LINES: list[Any] = [
    *([{"S": ""}], ({"M": {}},), None, [{"M": [("sku", 1)]}]),
    *([{"M": {"sku": {"S": "a"}, name: wire}}] for name, wire in [("x", {"X": 1}), (1, {"S": ""})]),
]


MALFORMED_OR_REFUSED: dict[str, list[Any]] = {
    "count": [{"S": "1"}, {"NULL": True}, {"N": 1}, {"N": b"1"}, {"N": "1", "S": ""}, "1", None, {}, [], {"N": None}],
    "total": [{"N": 1}, {"N": 1.5}, {"N": "1.5", "": ""}, {"N": Decimal(1)}],
    "paid": [{"N": "1"}, {"S": "true"}, {"BOOL": 1}, {"BOOL": "true"}, True],
    "id": [{"N": "1"}, {"S": 1}, {"S": None}, {"S": {"S": "a"}}, "a", ["S"]],
    "colour": [{"NULL": False}, {"NULL": True, "S": "red"}, {"S": "green"}, {"S": []}],
    "at": [{"S": 0}, {"S": "2026-11-23", "N": "1"}, {"S": "never"}],
    "lines": [{"L": wires} for wires in LINES],
    "kind": [{"S": "other"}],
}


@pytest.mark.parametrize(
    ("name", "wire"), [(name, wire) for name, wires in MALFORMED_OR_REFUSED.items() for wire in wires]
)
def test_malformed_or_invalid_value(name: str, wire: Any) -> None:
    """A malformed value, or one that the model refuses, is not handled."""
    with pytest.raises(NotHandled):
        parse(Order, {**ORDER, name: wire})


def test_strict_field() -> None:
    """A strict field is decoded and left to its validator."""

    class Picky(BaseModel):
        id: Annotated[int, Field(strict=True)]

    assert parse(Picky, {"id": {"N": "1"}}) == Picky(id=1)


class Odd(Enum):
    """Values that cannot be looked up."""

    ONE = ["a"]  # noqa: RUF012 - that it can be changed is what this is about


class Everything(BaseModel):
    texts: set[str]
    names: frozenset[str]
    numbers: set[int]
    constrained: Annotated[int, Field(ge=0)]
    short: Annotated[str, Field(max_length=3)]
    few: Annotated[list[int], Field(max_length=2)]
    some: Annotated[set[str], Field(min_length=1)]
    longer: set[Annotated[str, Field(min_length=1)]]
    odd: Odd
    either: int | str
    anything: Any
    several: list[list[int]]
    by_name: dict[str, Line]
    binary: bytes
    size: Size
    _seen: list[int] = PrivateAttr(default_factory=list)


EVERYTHING: dict[str, Any] = {
    "texts": {"SS": ["a", "b"]},
    "names": {"SS": ["a"]},
    "numbers": {"NS": ["1", "2"]},
    "constrained": {"N": "3"},
    "short": {"S": "abc"},
    "few": {"L": [{"N": "1"}]},
    "some": {"SS": ["a"]},
    "longer": {"SS": ["a"]},
    "odd": {"L": [{"S": "a"}]},
    "either": {"S": "5"},
    "anything": {"M": {"a": {"L": [{"NULL": True}, {"N": "1.50"}]}}},
    "several": {"L": [{"L": [{"N": "1"}]}, {"L": []}]},
    "by_name": {"M": {"x": {"M": {"sku": {"S": "a"}}}}},
    "binary": {"B": "YQ=="},
    "size": {"N": "2"},
}


def test_other_fields_use_their_validator() -> None:
    """Constraints, unions, sets and binaries are left to the field's own validator."""
    found = parse(Everything, EVERYTHING)
    assert found == Everything.model_validate(decode_image(EVERYTHING))
    assert found.__pydantic_private__ == {"_seen": []}
    for wrong in (
        {"constrained": {"N": "-1"}},
        {"short": {"S": "abcd"}},
        {"texts": {"SS": ["a", 1]}},
        {"few": {"L": [{"N": "1"}] * 3}},
        {"longer": {"SS": [""]}},
        {"size": {"N": "9"}},
    ):
        with pytest.raises(NotHandled):
            parse(Everything, {**EVERYTHING, **wrong})
