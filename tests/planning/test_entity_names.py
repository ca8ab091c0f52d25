"""A model tells which entities it stands for: by a ``Literal`` on the discriminator's attribute, else by its name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Generic, Literal, Optional, TypeVar

import pydantic
import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field, RootModel
from pydantic.alias_generators import to_camel, to_pascal
from typing_extensions import TypeAliasType, TypedDict

from router.planning.entity_names import literal_entities, name_of_class

T = TypeVar("T")
Kind = TypeAliasType("Kind", Literal["Order", "Purchase"])
NamedKind = TypeAliasType("NamedKind", Annotated[Kind, "a note"])


class Name(str, Enum):  # noqa: UP042 - the spelling of most code bases
    ORDER = "Order"
    CUSTOMER = "Customer"


class Number(Enum):
    ONE = 1


class One(BaseModel):
    EntityType: Literal["Order"] = "Order"


class Several(BaseModel):
    EntityType: Literal["Order", "Purchase"]


class OfEnum(BaseModel):
    EntityType: Literal[Name.ORDER]


class Aliased(BaseModel):
    kind: Literal["Order"] = Field("Order", alias="EntityType")


class AliasedForValidation(BaseModel):
    kind: Literal["Order"] = Field("Order", validation_alias="EntityType")


class AliasedInSeveralWays(BaseModel):
    kind: Literal["Order"] = Field("Order", validation_alias=AliasChoices("type", "EntityType", AliasPath("a", 0)))


class AliasedByPath(BaseModel):
    kind: Literal["Order"] = Field("Order", validation_alias=AliasPath("EntityType"))


class AliasedByRule(BaseModel):
    model_config = ConfigDict(alias_generator=to_pascal)
    entity_type: Literal["Order"] = "Order"


class AliasedOutwardsOnly(BaseModel):
    kind: Literal["Order"] = Field("Order", serialization_alias="EntityType")


class Nullable(BaseModel):
    EntityType: Optional[Literal["Order"]] = None  # noqa: UP045 - the older spelling


class Noted(BaseModel):
    EntityType: Annotated[Literal["Order"], Field(description="what it is")]


class United(BaseModel):
    EntityType: Literal["Order"] | Literal["Purchase"]


class OfAlias(BaseModel):
    EntityType: Kind


class OfNamedAlias(BaseModel):
    EntityType: NamedKind


class Child(One):
    pass


class Page(BaseModel, Generic[T]):
    EntityType: Literal["Page"] = "Page"
    content: T


class Paged(BaseModel, Generic[T]):
    content: T


@dataclass
class Plain:
    EntityType: Literal["Order"] = "Order"


@pydantic.dataclasses.dataclass
class Validated:
    kind: Annotated[Literal["Order"], Field(alias="EntityType")] = "Order"


class Row(TypedDict):
    EntityType: Literal["Order"]


class Total(RootModel[dict[str, int]]):
    pass


class Text(BaseModel):
    EntityType: str = "Order"


class Mixed(BaseModel):
    EntityType: Literal["Order", 1, None]


class OfNumbers(BaseModel):
    EntityType: Literal[Number.ONE]


class Two(BaseModel):
    type: Literal["a"]
    EntityType: Literal["b"]


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (One, ("Order",)),
        (Several, ("Order", "Purchase")),
        (OfEnum, ("Order",)),
        (Aliased, ("Order",)),
        (AliasedForValidation, ("Order",)),
        (AliasedInSeveralWays, ("Order",)),
        (AliasedByPath, ("Order",)),
        (AliasedByRule, ("Order",)),
        (Nullable, ("Order",)),
        (Noted, ("Order",)),
        (United, ("Order", "Purchase")),
        (OfAlias, ("Order", "Purchase")),
        (OfNamedAlias, ("Order", "Purchase")),
        (Child, ("Order",)),
        (Page[int], ("Page",)),
        (Plain, ("Order",)),
        (Validated, ("Order",)),
        (Row, ("Order",)),
        (Mixed, ("Order",)),
        (One | Several, ("Order", "Purchase")),
        (Annotated[One | Child, Field(discriminator="EntityType")], ("Order",)),
    ],
    ids=str,
)
def test_literals(model: Any, names: tuple[str, ...]) -> None:
    """However the attribute's Literal is written, its texts are the entity's names."""
    assert literal_entities(model, ("EntityType",)) == names


@pytest.mark.parametrize(
    "model", [AliasedOutwardsOnly, Text, OfNumbers, Total, dict[str, Any], int, None, Any], ids=str
)
def test_no_literal(model: Any) -> None:
    """What has no Literal of texts on the attribute that is read names no entity by it."""
    assert literal_entities(model, ("EntityType",)) == ()


def test_attributes_in_order() -> None:
    """Where the discriminator reads several attributes, the first that a model has counts."""
    assert literal_entities(Two, ("EntityType", "type")) == ("b",)
    assert literal_entities(Two, ("missing", "type", "EntityType")) == ("a",)
    assert literal_entities(Two, ()) == ()


def test_names_of_fields_with_an_alias() -> None:
    """A field with an alias is read by the alias, so its own name tells nothing - unless it may be used as well."""

    class ByName(BaseModel):
        model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)
        entity_type: Literal["Order"] = "Order"

    assert literal_entities(Aliased, ("kind",)) == ()
    assert literal_entities(ByName, ("entity_type",)) == ("Order",)
    assert literal_entities(ByName, ("entityType",)) == ("Order",)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (One, "One"),
        (Child, "Child"),
        (Plain, "Plain"),
        (Row, "Row"),
        (Total, "Total"),
        (Page[int], None),
        (dict[str, Any], None),
        (dict, None),
        (None, None),
        (One | Several, None),
        (Annotated[One, "a note"], None),
        (Any, None),
    ],
    ids=str,
)
def test_names_of_classes(model: Any, name: str | None) -> None:
    """A class of the user's has a name; what is made of other types has none."""
    assert name_of_class(model) == name
