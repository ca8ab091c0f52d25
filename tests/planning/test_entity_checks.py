"""A route whose entity no image of its model can name is refused; every spelling that works leads to the handler."""

from __future__ import annotations

import enum
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, NewType, Optional

import pytest
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, computed_field, field_validator
from typing_extensions import TypedDict

from router import Change, Dispatcher, RegistrationError, Routes, discriminators
from tests.builders import Json, batch, record


class Kind(enum.Enum):
    PURCHASE = "Purchase"
    ORDER = "Order"


class TextKind(enum.StrEnum):
    PURCHASE = "Purchase"


class Single(enum.Enum):
    ORDER = "Order"


Text = NewType("Text", str)


def model(annotation: Any, default: Any = ..., attribute: str = "EntityType") -> Any:
    """A model of the class name Order with one field."""
    given = {} if default is ... else {attribute: default}
    return type("Order", (BaseModel,), {"__module__": __name__, "__annotations__": {attribute: annotation}, **given})


class ByValidator(BaseModel):
    EntityType: Kind

    @field_validator("EntityType", mode="before")
    @classmethod
    def convert(cls, value: Any) -> Any:
        return Kind.ORDER


class OfAnItemsPart(BaseModel):
    pk: str

    @computed_field
    def EntityType(self) -> str:  # noqa: N802 - the attribute's name
        return self.pk


class OfALiteral(BaseModel):
    @computed_field
    def EntityType(self) -> Literal["Purchase"]:  # noqa: N802 - the attribute's name
        return "Purchase"


class ByAlias(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    kind: str = Field("ByAlias", alias="EntityType")


@dataclass
class Plain:
    EntityType: str = "Plain"


class Typed(TypedDict):
    EntityType: str


WORKING: list[tuple[Any, str]] = [
    (model(str), "Order"),
    (model(str, "Order"), "Order"),
    (model(str, Field(default_factory=lambda: "Order")), "Order"),
    (model(str, Field("Order", pattern="^[A-Z][a-z]+$")), "Order"),
    (model(Annotated[str, StringConstraints(min_length=5)]), "Order"),
    (model(Optional[str], None), "Order"),  # noqa: UP045 - the old spelling
    (model(Literal["Purchase"] | None, "Purchase"), "Purchase"),
    (model(Literal[TextKind.PURCHASE]), "Purchase"),
    (model(Literal["Purchase", 1]), "Purchase"),
    (model(Kind, Kind.ORDER), "Order"),
    (model(Kind), "Order"),
    (model(Single, Single.ORDER), "Order"),
    (model(ClassVar[str], "Order"), "Order"),
    (model(Any), "Order"),
    (model(int | str, "Order"), "Order"),
    (model(Text, "Order"), "Order"),
    (model(str, "Other", attribute="kind"), "Order"),
    (model(Literal["Other"], "Other", attribute="kind"), "Order"),
    (ByValidator, "ByValidator"),
    (OfAnItemsPart, "OfAnItemsPart"),
    (OfALiteral, "Purchase"),
    (ByAlias, "ByAlias"),
    (Plain, "Plain"),
    (Typed, "Typed"),
]


def made(of: Any, **options: Any) -> tuple[Dispatcher, list[Any]]:
    routes, seen = Routes(), list[Any]()

    def handler(change: Change[Any]) -> None:
        seen.append(change.record.entity)

    entity = {"entity": options.pop("entity")} if "entity" in options else {}
    routes.on(of, **entity)(handler)
    return Dispatcher(routes, **options), seen


def item(entity: str) -> Json:
    texts = {"pk": "1", "EntityType": entity, "entityType": entity, "kind": "Other"}
    return record(1, "INSERT", NewImage={name: {"S": text} for name, text in texts.items()})


@pytest.mark.parametrize(("of", "entity"), WORKING)
def test_what_works_leads_to_the_handler(of: Any, entity: str) -> None:
    """An item with the entity's name is validated and handled."""
    app, seen = made(of)
    app(batch(item(entity)))
    assert seen == [entity]


NEVER: list[tuple[Any, str]] = [
    (model(str, "Purchase"), "is 'Purchase' by default"),
    (model(Optional[str], "Purchase"), "is 'Purchase' by default"),  # noqa: UP045 - the old spelling
    (model(str, Field(default_factory=lambda: "Purchase")), "is 'Purchase' by default"),
    (model(Kind, Kind.PURCHASE), "is 'Purchase' by default"),
    (model(Any, "Purchase"), "is 'Purchase' by default"),
    (model(Text, "Purchase"), "is 'Purchase' by default"),
    (model(ClassVar[str], "Purchase"), "which no field reads"),
    (model(ClassVar[Kind], Kind.PURCHASE), "which no field reads"),
    (model(int), "EntityType: int takes no 'Order'"),
    (model(int, 1), "EntityType: int takes no 'Order'"),
    (model(bool), "EntityType: bool takes no 'Order'"),
    (model(Literal[1, 2]), "EntityType: Literal[1, 2] takes no 'Order'"),
    (model(Literal[Kind.PURCHASE]), "EntityType: Literal[Kind.PURCHASE] takes no 'Purchase'"),
    (model(Literal[""]), "EntityType: Literal[''] takes no 'Order'"),
    (model(Annotated[str, StringConstraints(max_length=3)]), "EntityType: Annotated[str, ...] takes no 'Order'"),
    (model(dict[str, str]), "EntityType: dict[str, str] takes no 'Order'"),
    (model(Literal["Purchase"], attribute="entityType"), "Literal stands on 'entityType'"),
]


@pytest.mark.parametrize(("of", "found"), NEVER)
def test_what_never_works_is_refused(of: Any, found: str) -> None:
    """The message says what the model has in place of the entity's name."""
    with pytest.raises(RegistrationError) as caught:
        made(of)
    assert found in str(caught.value)


@pytest.mark.parametrize("of", [of for of, found in NEVER if "takes no" not in found])
def test_entity_at_the_route_says_which_it_is(of: Any) -> None:
    """Who says ``entity=`` knows the items."""
    app, seen = made(of, entity="Purchase")
    app(batch(item("Purchase")))
    assert seen == ["Purchase"]


def test_a_folding_discriminator_compares_without_case() -> None:
    """A default that differs from the class name in case is the same entity there."""
    app, seen = made(model(str, "ORDER"), discriminator=discriminators.folded("EntityType"))
    app(batch(item("ORDER")))
    assert seen == ["ORDER"]


def test_of_a_chain_the_items_may_have_another_attribute() -> None:
    """A default on one of its attributes is a warning, because the model need not have the attribute that counts."""
    with pytest.warns(UserWarning, match="whose type is 'Purchase' by default"):
        made(model(str, "Purchase", attribute="type"), discriminator=discriminators.AWS_SAMPLES)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made(model(int, 1, attribute="type"), discriminator=discriminators.AWS_SAMPLES)


@pytest.mark.parametrize(
    ("rule", "entity", "reads"),
    [
        (discriminators.prefix("pk"), "ORDER#V1", False),
        (discriminators.prefix("pk"), "ORDER", True),
        (discriminators.prefix("pk", "|"), "ORDER#V1", True),
        (discriminators.template("pk", "{entity}#{id}"), "ORDER|V1", False),
        (discriminators.folded(discriminators.prefix("pk")), "ORDER#V1", False),
        (discriminators.chain(discriminators.prefix("pk"), "type"), "ORDER#V1", True),
        (discriminators.chain(discriminators.prefix("pk"), discriminators.prefix("sk")), "ORDER#V1", False),
        (lambda image: "ORDER#V1", "ORDER#V1", True),
    ],
)
def test_a_name_that_no_key_can_hold(rule: Any, entity: str, reads: bool) -> None:
    """A rule that reads a part of a key reads no name with the separator in it."""
    make: Callable[[], Any] = lambda: made(dict[str, Any], entity=entity, discriminator=rule)  # noqa: E731 - once each
    if reads:
        make()
        return
    with pytest.raises(RegistrationError, match="can read from no image"):
        make()
