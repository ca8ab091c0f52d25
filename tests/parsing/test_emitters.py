"""Generated code builds the instance of the exact parser, or does not handle the image."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    create_model,
    model_validator,
)

from router.parsing.parser import parser_for
from router.wire.decode import decode_image
from tests.parsing.generated import ORDER, NotHandled, Order, parse
from tests.strategies import Line, Tree


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


class Closed(BaseModel):
    """Forbids other attributes."""

    model_config = ConfigDict(extra="forbid")

    id: str
    note: str = ""


@pytest.mark.parametrize("wire", [{"id": {"S": "a"}}, {"id": {"S": "a"}, "note": {"S": "b"}}])
def test_no_other_attributes(wire: dict[str, Any]) -> None:
    """A model that forbids other attributes takes an image that has none, at the top and within another model."""
    assert parse(Closed, wire) == Closed.model_validate(decode_image(wire))
    holding = create_model("Holding", closed=(Closed, ...))
    assert parse(holding, {"closed": {"M": wire}}).closed == parse(Closed, wire)


@pytest.mark.parametrize("wire", [{"id": {"S": "a"}, "pk": {"S": "b"}}, {"id": {"S": "a"}, "pk": {"X": 1}}])
def test_forbidden_attribute(wire: dict[str, Any]) -> None:
    """An attribute that a model forbids is left to the exact parser, malformed or not."""
    for model, image in ((Closed, wire), (create_model("Holding", closed=(Closed, ...)), {"closed": {"M": wire}})):
        with pytest.raises(NotHandled):
            parse(model, image)


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
