"""A core schema shows which attributes of an image a model may read."""

from typing import Any

import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from router.parsing.core_schema import (
    attributes_of,
    builds_instances,
    definitions_of,
    instance_builder,
    model_schema,
    needs_other_fields,
)
from router.parsing.core_schema import (
    field_validator as validator_of,
)


class Plain(BaseModel):
    id: str
    total: int = 0


class Aliased(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    id: str = Field(validation_alias="pk")
    city: str = Field(validation_alias=AliasPath("address", "city"))
    first: str = Field(validation_alias=AliasChoices("one", AliasPath("list", 0)))


class Keeping(BaseModel):
    model_config = ConfigDict(extra="allow")


class Node(BaseModel):
    next: "Node | None" = None


class Ordered(BaseModel):
    low: int
    high: int

    @field_validator("high")
    @classmethod
    def check(cls, value: int, info: ValidationInfo) -> int:
        return value


def attributes(model: type[BaseModel]) -> tuple[str, ...] | None:
    schema = model.__pydantic_core_schema__
    found = model_schema(schema, definitions_of(schema))
    return None if found is None else attributes_of(found)


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (Plain, ("id", "total")),
        (Aliased, ("pk", "id", "address", "city", "one", "list", "first")),
        (Node, ("next",)),
        (Keeping, None),
    ],
)
def test_attributes(model: type[BaseModel], names: Any) -> None:
    """A model may read its fields and their aliases; one that keeps other attributes may read any."""
    assert attributes(model) == names


@pytest.mark.parametrize(("model", "needed"), [(Plain, False), (Ordered, True)])
def test_needs_other_fields(model: type[BaseModel], needed: bool) -> None:
    """A validator with ValidationInfo may read the fields before its own."""
    found = model_schema(model.__pydantic_core_schema__, {})
    assert found is not None
    assert any(map(needs_other_fields, found.fields.values())) == needed


@pytest.mark.parametrize(("extra", "forbids"), [("ignore", False), ("forbid", True)])
def test_other_attributes(extra: Any, forbids: bool) -> None:
    """A model ignores the attributes that no field reads, or forbids them."""

    class Lean(BaseModel):
        model_config = ConfigDict(extra=extra)

        id: str

    found = model_schema(Lean.__pydantic_core_schema__, {})
    assert found is not None
    assert found.forbids_others == forbids


def test_instance_builder() -> None:
    """Values and the set of fields give an instance, without validating the values."""
    build = instance_builder(Plain.__pydantic_core_schema__, {})
    instance = build(({"id": 1, "total": 2}, None, {"id"}))
    assert (instance.id, instance.total, instance.model_fields_set) == (1, 2, {"id"})


def test_field_validator() -> None:
    """Fields with equal schemas share their validator."""
    assert validator_of({"type": "int", "ge": 0}, {}, {})("3") == 3
    assert validator_of({"type": "int", "ge": 0}, {}, {}) == validator_of({"type": "int", "ge": 0}, {}, {})


def test_this_pydantic_core_builds_instances() -> None:
    """The installed pydantic-core supports schemas without fields."""
    assert builds_instances()
