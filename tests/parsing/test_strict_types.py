"""A field in strict mode that cannot read what an item holds is found when its model is registered."""

import enum
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Self
from uuid import UUID

import pytest
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, Strict, TypeAdapter, create_model
from pydantic.dataclasses import dataclass as pydantic_dataclass

from router import Change, RegistrationError, Routes
from router.parsing.parser import parser_for
from router.parsing.strict_types import unreadable_parts


class Colour(enum.StrEnum):
    RED = "red"


@dataclass
class Point:
    x: int


class Lax(BaseModel):
    at: datetime | None = None


class Inner(BaseModel):
    model_config = ConfigDict(strict=True)

    at: datetime


class Tree(BaseModel):
    model_config = ConfigDict(strict=True)

    branches: "list[Tree]" = []
    at: date


def strict_model(kind: Any) -> type[BaseModel]:
    return create_model("Strictly", __config__=ConfigDict(strict=True), field=(kind, ...))


@pytest.mark.parametrize(
    "kind",
    [
        *(date, datetime, time, timedelta, UUID, Colour, Decimal, Path, Point, tuple[int, ...], frozenset[str]),
        *(datetime | None, list[datetime], dict[str, Decimal], Annotated[date, Field(description="a day")]),
    ],
)
def test_types_that_cannot_be_read(kind: Any) -> None:
    """In strict mode pydantic takes no text as a date, no text as a member, no list as a tuple."""
    assert unreadable_parts(strict_model(kind).__pydantic_core_schema__) == ("field",)


@pytest.mark.parametrize(
    ("kind", "wire"),
    [
        (str, {"S": "a"}),
        (int, {"N": "1"}),
        (float, {"N": "1.5"}),
        (float, {"N": "1"}),
        (bool, {"BOOL": True}),
        (bytes, {"B": "YQ=="}),
        (list[str], {"L": [{"S": "a"}]}),
        (set[str], {"SS": ["a"]}),
        (dict[str, int], {"M": {"a": {"N": "1"}}}),
        (SecretStr, {"S": "a"}),
        (Lax, {"M": {"at": {"S": "2026-01-01T00:00:00Z"}}}),
        (datetime | str, {"S": "a"}),
        (Annotated[date, Strict(False)], {"S": "2026-01-01"}),
        (Annotated[date, BeforeValidator(date.fromisoformat)], {"S": "2026-01-01"}),
    ],
)
def test_types_that_can_be_read(kind: Any, wire: Any) -> None:
    """Other types, fields that are lax again and fields with a validator of their own are read in strict mode."""
    model = strict_model(kind)
    assert unreadable_parts(model.__pydantic_core_schema__) == ()
    parser_for(model).parse({"field": wire})


@pytest.mark.parametrize("key", [int, float, bool, bytes, date, Colour, UUID])
def test_keys_that_cannot_be_read(key: Any) -> None:
    """The keys of a map are text, which strict mode takes for nothing else."""
    assert unreadable_parts(strict_model(dict[key, str]).__pydantic_core_schema__) == ("keys of field",)
    lax: Any = create_model("LaxKeys", field=(dict[key, str], ...))
    assert unreadable_parts(lax.__pydantic_core_schema__) == ()


def test_nested_models() -> None:
    """Strict mode is a model's own: that of a nested model counts for its fields, and not that of the outer one."""
    outer: Any = create_model("Outer", inner=(list[Inner], ...), lax=(Lax, ...))
    assert unreadable_parts(outer.__pydantic_core_schema__) == ("inner.at",)
    assert unreadable_parts(Tree.__pydantic_core_schema__) == ("at",)


def test_one_strict_field() -> None:
    """A field may be strict in a model that is not."""
    model = create_model("Partly", at=(Annotated[date, Field(strict=True)], ...), day=(date, ...))
    assert unreadable_parts(model.__pydantic_core_schema__) == ("at",)


def test_strict_dataclass() -> None:
    """A strict dataclass takes an instance only; a strict field in one that is lax is found."""

    @pydantic_dataclass(config=ConfigDict(strict=True))
    class Order:
        id: str

    @pydantic_dataclass
    class Partly:
        at: Annotated[date, Strict()]

    assert unreadable_parts(TypeAdapter(Order).core_schema) == ("Order",)
    assert unreadable_parts(TypeAdapter(Partly).core_schema) == ("at",)


def test_validation_of_the_users_own() -> None:
    """An ``__init__`` or a ``model_validate`` of the user's own may convert the values first."""

    class Converting(Inner):
        def __init__(self, at: str) -> None:
            super().__init__(at=datetime.fromisoformat(at))

    class Lenient(Inner):
        @classmethod
        def model_validate(cls, obj: Any, **options: Any) -> Self:
            return super().model_validate(obj, **{**options, "strict": False})

    for model in (Converting, Lenient):
        parser = parser_for(model)
        assert parser.unreadable_parts() == ()
        assert parser.parse({"at": {"S": "2026-01-01T00:00:00"}}).at == datetime(2026, 1, 1)  # noqa: DTZ001 - as written


def test_registration() -> None:
    """The decorator names the fields."""

    class Order(BaseModel):
        model_config = ConfigDict(strict=True)

        at: datetime
        total: Decimal

    with pytest.raises(RegistrationError) as caught:

        @Routes().on(Order)
        def handler(change: Change[Order]) -> None: ...

    assert str(caught.value) == (
        "on(Order): found Order, whose strict parts at, total take no text, number or map, expected lax fields for "
        "dates, enums, decimals and their like: Annotated[datetime, Strict(False)]"
    )
