"""Generated code gives the instance of the exact parser, or does not handle the image."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    create_model,
    model_validator,
)

from router.parsing.parser import parser_for
from router.wire.decode import decode_image
from tests.parsing.generated import NotHandled, parse
from tests.strategies import Colour, Line, Size, Tree


class Order(BaseModel):
    kind: Literal["order"]
    id: Annotated[str, AfterValidator(str.lower)]
    total: Decimal
    weight: float
    count: int = 0
    paid: bool = False
    colour: Colour | None = None
    at: datetime | None = None
    lines: list[Line] = []
    parts: Tree | None = None


ORDER: dict[str, Any] = {
    "kind": {"S": "order"},
    "id": {"S": "O-1"},
    "total": {"N": "129.99"},
    "weight": {"N": "7"},
    "count": {"N": "-3"},
    "paid": {"BOOL": True},
    "colour": {"S": "red"},
    "at": {"S": "2026-11-23T07:00:00Z"},
    "lines": {"L": [{"M": {"sku": {"S": "a"}, "count": {"N": "2"}}}]},
    "parts": {"M": {"value": {"N": "1"}, "branches": {"L": [{"M": {"value": {"N": "2"}}}]}}},
    "pk": {"S": "ORDER#1"},
}


def test_usual_image() -> None:
    """An image with every kind of value is parsed, and an attribute without a field is ignored."""
    assert parse(Order, ORDER) == parser_for(Order).validate(
        {
            "kind": "order",
            "id": "O-1",
            "total": Decimal("129.99"),
            "weight": 7,
            "count": -3,
            "paid": True,
            "colour": "red",
            "at": "2026-11-23T07:00:00Z",
            "lines": [{"sku": "a", "count": 2}],
            "parts": {"value": 1, "branches": [{"value": 2}]},
        }
    )


@pytest.mark.parametrize("name", ["count", "paid", "colour", "at", "lines", "parts"])
def test_default(name: str) -> None:
    """A field without an attribute has its default, and does not count as set."""
    instance = parse(Order, {other: value for other, value in ORDER.items() if other != name})
    assert getattr(instance, name) == Order.model_fields[name].get_default(call_default_factory=True)
    assert name not in instance.model_fields_set


@pytest.mark.parametrize("name", ["colour", "at", "parts"])
def test_null(name: str) -> None:
    """A NULL attribute becomes None."""
    assert getattr(parse(Order, {**ORDER, name: {"NULL": True}}), name) is None


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


@pytest.mark.parametrize("wire", [None, [], "text", 1, [("id", {"S": "a"})]])
def test_no_image(wire: Any) -> None:
    """A value that is not an image is not handled, even by a model that needs no attribute."""

    class Lazy(BaseModel):
        id: str = ""

    with pytest.raises(NotHandled):
        parse(Lazy, wire)


def test_number_as_date() -> None:
    """A value is decoded by its own tag before the field's validator takes it."""
    assert parse(Order, {**ORDER, "at": {"N": "1700000000"}}).at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def test_ignored_attribute_may_be_malformed() -> None:
    """An attribute that no field reads may be malformed."""

    class Lean(BaseModel):
        id: str

    assert parse(Lean, {"id": {"S": "a"}, "b": None, "c": {}, "d": 1}) == Lean(id="a")


def test_nested_model_decodes_every_attribute() -> None:
    """In a nested value every attribute is decoded, so a malformed one is not handled."""
    line = {"sku": {"S": "a"}, "more": {"M": {"deep": {"SS": ["x"]}}}}
    assert parse(Order, {**ORDER, "lines": {"L": [{"M": line}]}}).lines == [Line(sku="a")]
    with pytest.raises(NotHandled):
        parse(Order, {**ORDER, "lines": {"L": [{"M": {**line, "more": {"M": {"deep": {"SS": [1]}}}}}]}})


@pytest.mark.parametrize("wire", [{"ID": {"S": "a"}}, {"id": {"S": "a"}}, {"ID": {"S": "a"}, "id": {"N": "1"}}])
def test_alias_precedes_name(wire: dict[str, Any]) -> None:
    """A model that accepts alias and name takes the alias first."""

    class Named(BaseModel):
        model_config = ConfigDict(populate_by_name=True)

        id: str = Field(alias="ID")

    assert parse(Named, wire).id == "a"


def test_name_only() -> None:
    """With ``validate_by_alias=False`` the alias is not read."""

    class ByName(BaseModel):
        model_config = ConfigDict(validate_by_alias=False, validate_by_name=True)

        id: str = Field(alias="ID")

    wire = {"ID": {"S": "a"}, "id": {"S": "b"}}
    assert parser_for(ByName).parse(wire) == ByName.model_validate(decode_image(wire))
    assert parse(ByName, wire).id == "b"


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


def test_mutable_default() -> None:
    """Each instance has a default of its own."""

    class Kept(BaseModel):
        copied: list[str] = []
        made: dict[str, int] = Field(default_factory=dict)

    parse(Kept, {}).copied.append("a")
    parse(Kept, {}).made["a"] = 1
    assert parse(Kept, {}) == Kept()
    assert parse(Kept, {}).model_fields_set == set()


def test_recursive_model() -> None:
    """A model that contains itself is left to its validator from the second level on."""
    wire = {"value": {"N": "1"}, "branches": {"L": [{"M": {"value": {"N": "2"}, "branches": {"L": []}}}]}}
    assert parse(Tree, wire) == Tree(value=1, branches=[Tree(value=2)])


def test_large_model() -> None:
    """A model that would take more than a thousand lines is left in part to its validator."""
    model: type[BaseModel] = Line
    for _ in range(6):
        model = create_model("Wider", a=(model, ...), b=(model, ...), c=(model, ...))
    wire: dict[str, Any] = {"M": {"sku": {"S": "a"}}}
    for _ in range(6):
        wire = {"M": dict.fromkeys("abc", wire)}
    assert parse(model, wire["M"]) == model.model_validate(decode_image(wire["M"]))


def test_model_validator() -> None:
    """A model validator of mode "after" runs."""

    class Checked(BaseModel):
        id: str

        @model_validator(mode="after")
        def check(self) -> "Checked":
            assert self.id != "b"
            return self

    assert parse(Checked, {"id": {"S": "a"}}) == Checked(id="a")
    with pytest.raises(NotHandled):
        parse(Checked, {"id": {"S": "b"}})
