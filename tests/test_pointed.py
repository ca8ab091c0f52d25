"""A pointed schema gives the model that exact reading gives, or else leaves it to that."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, AliasPath, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import SchemaValidator

from router import pointed
from router.pointed import point
from router.readers import reader_for
from tests.strategies import Colour, Line, Tree


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


def read(model: type[BaseModel], wire: dict[str, Any]) -> Any:
    pointed_read = point(model.__pydantic_core_schema__, ["id", *model.model_fields])
    assert pointed_read is not None
    return pointed_read(wire)


def test_an_image_as_dynamodb_writes_it_is_read() -> None:
    """Values of all kinds are read in place, and an attribute that no field has is passed over."""
    assert read(Order, ORDER) == reader_for(Order).validate(
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
def test_what_is_missing_has_its_default(name: str) -> None:
    """A field that has a default needs no attribute."""
    instance = read(Order, {other: value for other, value in ORDER.items() if other != name})
    assert getattr(instance, name) == Order.model_fields[name].get_default(call_default_factory=True)
    assert name not in instance.model_fields_set


@pytest.mark.parametrize("name", ["colour", "at", "parts"])
def test_null_is_none(name: str) -> None:
    """An attribute that is null is read as None."""
    assert getattr(read(Order, {**ORDER, name: {"NULL": True}}), name) is None


@pytest.mark.parametrize(
    "change",
    [
        *({"count": {"N": text}} for text in ("1.0", "1E2", "007", "+1", "-0", " 1", "1_0", "1\n", "x", "٣", "9" * 39)),
        *({"total": {"N": text}} for text in ("1.50", "1E2", "-0.0", "NaN", ".5", "1.", "0." + "1" * 39)),
        *({"count": value} for value in ({"S": "1"}, {"NULL": True}, {"N": 1}, {"N": "1", "S": ""}, "1", None, {})),
        *({"paid": value} for value in ({"N": "1"}, {"S": "true"}, {"BOOL": 1}, {"BOOL": "true"}, True)),
        *({"id": value} for value in ({"N": "1"}, {"S": 1}, {"S": None}, {"S": {"S": "a"}}, "a", ["S"])),
        *({"kind": {"S": "other"}}, {"lines": {"L": [{"S": ""}]}}, {"at": {"S": 0}}, {"pk": "x"}),
    ],
)
def test_what_is_not_as_dynamodb_writes_it_is_left_to_the_exact_way(change: dict[str, Any]) -> None:
    """Whether it is in order or not, nothing is answered."""
    with pytest.raises(Exception):  # noqa: B017, PT011 - which one does not matter, by contract
        read(Order, {**ORDER, **change})


def test_a_lean_model_does_not_look_at_the_rest() -> None:
    """Where most of an image is not read, it may hold anything."""

    class Lean(BaseModel):
        id: str

    assert read(Lean, {"id": {"S": "a"}, "b": None, "c": {}, "d": 1}) == Lean(id="a")


@pytest.mark.parametrize("wire", [{"ID": {"S": "a"}}, {"id": {"S": "a"}}, {"ID": {"S": "a"}, "id": {"N": "1"}}])
def test_an_alias_goes_before_the_name(wire: dict[str, Any]) -> None:
    """Where a model goes by both, the alias counts."""

    class Named(BaseModel):
        model_config = ConfigDict(populate_by_name=True)

        id: str = Field(alias="ID")

    assert read(Named, wire).id == "a"


@pytest.mark.parametrize(
    ("config", "field"),
    [
        (ConfigDict(strict=True), Field()),
        (ConfigDict(validate_default=True), Field()),
        (ConfigDict(), Field(default="a", validate_default=True)),
        (ConfigDict(), Field(validation_alias=AliasPath("a", "b"))),
    ],
)
def test_a_model_that_is_not_certain_is_not_pointed(config: ConfigDict, field: Any) -> None:
    """Where values may come from elsewhere than an attribute, or types count, nothing is ventured."""

    class Uncertain(BaseModel):
        model_config = config

        id: str = field

    assert point(Uncertain.__pydantic_core_schema__, ["id"]) is None


def test_a_strict_field_is_read_exactly() -> None:
    """A field that tells the text of a number from a number is given the number."""

    class Picky(BaseModel):
        id: Annotated[int, Field(strict=True)]

    assert read(Picky, {"id": {"N": "1"}}) == Picky(id=1)


def test_a_validator_of_the_whole_instance_is_called() -> None:
    """What a model does when it is finished, it does here too."""

    class Checked(BaseModel):
        id: str

        @model_validator(mode="after")
        def check(self) -> "Checked":
            assert self.id != "b"
            return self

    assert read(Checked, {"id": {"S": "a"}}) == Checked(id="a")
    with pytest.raises(ValueError, match="Assertion failed"):
        read(Checked, {"id": {"S": "b"}})


def refuse(schema: Any, **options: Any) -> Any:
    raise TypeError


def take_no_heed(schema: Any, **options: Any) -> Any:
    return SchemaValidator(schema)


@pytest.mark.parametrize("build", [refuse, take_no_heed])
def test_nothing_is_pointed_where_pydantic_does_otherwise(monkeypatch: pytest.MonkeyPatch, build: Any) -> None:
    """A pydantic-core that does not know the option, or that does not heed it, is found out."""
    monkeypatch.setattr(pointed, "SchemaValidator", build)
    pointed._reads_the_wire.cache_clear()
    assert point(Order.__pydantic_core_schema__, Order.model_fields) is None
    pointed._reads_the_wire.cache_clear()
