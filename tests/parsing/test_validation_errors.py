"""A validation error states declared places and kinds, and no value, message or key of a map."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, RootModel, TypeAdapter, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from router.parsing.parser import parser_for
from router.parsing.validation_errors import declared_names, faults_of, without_values
from tests.strategies import SECRET


class Line(BaseModel):
    count: int = Field(alias="Count")


class Card(BaseModel):
    kind: Literal["card"]
    number: int


class Cash(BaseModel):
    kind: Literal["cash"]


class Typed(TypedDict):
    total: int


class Order(BaseModel):
    total: int = 0
    lines: list[Line] = []
    by_mail: dict[str, int] = {}
    by_day: dict[str, Line] = {}
    payment: Annotated[Card | Cash, Field(discriminator="kind")] | None = None
    either: int | list[int] = 0
    typed: Typed | None = None
    config: Line | None = None


class Forbidding(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Holding(BaseModel):
    inner: Forbidding


class HoldingOnly(Holding):
    model_config = ConfigDict(extra="forbid")


class Quoting(BaseModel):
    total: int

    @field_validator("total")
    @classmethod
    def refuse(cls, value: int) -> int:
        raise PydanticCustomError(f"no {SECRET}", f"not {SECRET}")


def refusal(model: Any, image: Any) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        parser_for(model).parse(image)
    return caught.value


@pytest.mark.parametrize(
    ("image", "faults"),
    [
        ({"total": {"S": SECRET}}, ["total: int_parsing"]),
        ({"lines": {"L": [{"M": {"Count": {"S": SECRET}}}]}}, ["lines.0.Count: int_parsing"]),
        ({"by_mail": {"M": {f"{SECRET}@a.example": {"S": "x"}}}}, ["by_mail.<key>: int_parsing"]),
        ({"by_day": {"M": {SECRET: {"M": {}}}}}, ["by_day.<key>.Count: missing"]),
        ({"payment": {"M": {"kind": {"S": "card"}}}}, ["payment.card.number: missing"]),
        ({"payment": {"M": {"kind": {"S": SECRET}}}}, ["payment: union_tag_invalid"]),
        ({"either": {"S": SECRET}}, ["either.int: int_parsing", "either.list[...]: list_type"]),
        ({"typed": {"M": {"total": {"S": SECRET}}}}, ["typed.total: int_parsing"]),
        ({"config": {"M": {"Count": {"S": SECRET}}}}, ["config.Count: int_parsing"]),
    ],
)
def test_places(image: Any, faults: list[str]) -> None:
    """A place shows declared names, aliases, positions and members of unions; ``<key>`` stands for the key of a map."""
    error = refusal(Order, image)
    assert faults_of(error) == faults
    assert SECRET not in f"{error} {error!r} {error.errors()} {error.json()}"


def test_extra_attribute() -> None:
    """The name of an attribute that a model forbids is shown; within a nested value it may be the key of a map."""
    assert faults_of(refusal(Forbidding, {"note": {"S": ""}})) == ["note: extra_forbidden"]
    nested = {"inner": {"M": {SECRET: {"S": ""}}}}
    assert faults_of(refusal(Holding, nested)) == ["inner.<key>: extra_forbidden"]
    both = {SECRET: {"S": ""}, **nested}
    assert faults_of(refusal(HoldingOnly, both)) == ["inner.<key>: extra_forbidden", f"{SECRET}: extra_forbidden"]


@pytest.mark.parametrize("model", [dict[str, int], RootModel[dict[str, int]]])
def test_item_that_is_read_as_a_map(model: Any) -> None:
    """An item that is read as a map has no attributes that a place shows, but keys."""
    assert faults_of(refusal(model, {SECRET: {"S": "x"}})) == ["<key>: int_parsing"]


def test_message_and_kind_of_the_users_own() -> None:
    """The message of a user's error is left out, and so is a kind that is no identifier."""
    error = refusal(Quoting, {"total": {"N": "1"}})
    assert faults_of(error) == ["total: custom_error"]
    assert SECRET not in str(error.errors())


@pytest.mark.parametrize("validate", [Order.model_validate, TypeAdapter(Order).validate_python])
def test_error_of_a_models_own(validate: Callable[[Any], Any]) -> None:
    """An error that no parser has raised shows the names that the model of its title declares."""
    with pytest.raises(ValidationError) as caught:
        validate({"by_mail": {SECRET: "x"}, "lines": [{"Count": "x"}]})
    assert faults_of(caught.value) == ["lines.0.Count: int_parsing", "by_mail.<key>: int_parsing"]


def test_error_of_an_unknown_type() -> None:
    """An error of a type that is no model shows positions only."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(dict[int, list[int]]).validate_python({4_915_123_456_789: ["x"]})
    assert faults_of(caught.value) == ["<key>.0: int_parsing"]


def test_ten_faults_and_a_count() -> None:
    """Of 40,000 faults the first ten are stated, and the others are counted."""
    error = refusal(Order, {"lines": {"L": [{"S": SECRET}] * 40_000}})
    assert faults_of(error) == [*(f"lines.{index}: model_type" for index in range(10)), "and 39,990 more"]
    assert len(str(error)) < 2_000


def test_twice() -> None:
    """An error without values is returned unchanged."""
    error = refusal(Order, {"by_mail": {"M": {SECRET: {"S": "x"}}}})
    assert without_values(error) is error


def test_raised_again_by_a_validator() -> None:
    """An error without values that a validator raises beside other faults is cleaned with them."""

    class Outer(BaseModel):
        order: Any
        total: int

        @field_validator("order")
        @classmethod
        def parse(cls, value: Any) -> Any:
            return parser_for(Order).parse({"total": {"S": "x"}})

    error = refusal(Outer, {"order": {"S": "x"}, "total": {"S": SECRET}})
    assert SECRET not in f"{error} {error.errors()}"


def test_texts_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """With LOG_ERROR_TEXT=1 an error keeps its values."""
    monkeypatch.setenv("LOG_ERROR_TEXT", "1")
    assert SECRET in str(refusal(Order, {"total": {"S": SECRET}}))


def test_declared_names() -> None:
    """The names are those of fields, aliases, classes and tags, at any depth."""
    expected = {"total", "Count", "number", "card", "cash", "Order", "Line", "Typed", "config"}
    assert expected <= declared_names(Order.__pydantic_core_schema__)
