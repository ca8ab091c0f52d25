"""Generated code finds the type of a union as pydantic does, or does not handle the image."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Discriminator, Field, Tag
from typing_extensions import TypeAliasType

from tests.parsing.kinds import are_handled, is_handled
from tests.strategies import Cat, Dog, Line


class Means(StrEnum):
    CARD = "card"
    CASH = "cash"


class Card(BaseModel):
    means: Literal[Means.CARD]
    last4: str


class Cash(BaseModel):
    means: Literal[Means.CASH, "coins"]
    till: int = 0


class First(BaseModel):
    version: Literal[1]
    text: str


class Second(BaseModel):
    version: Literal[2]
    text: list[str]


class Node(BaseModel):
    """Contains itself in one of its types."""

    kind: Literal["node"]
    inner: Annotated[Node | Dog, Field(discriminator="kind")]


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]
Payment = Annotated[Card | Cash, Field(discriminator="means")]
Versioned = Annotated[First | Second, Field(discriminator="version")]
Either = Annotated[Pet | Node, Field(discriminator="kind")]
Deep = TypeAliasType("Deep", Annotated[Node | Dog, Field(discriminator="kind")])

CAT: dict[str, Any] = {"kind": {"S": "cat"}, "lives": {"N": "9"}}
DOG: dict[str, Any] = {"kind": {"S": "dog"}}
NODE: dict[str, Any] = {"kind": {"S": "node"}, "inner": {"M": {"kind": {"S": "node"}, "inner": {"M": DOG}}}}


WIRES: list[Any] = [
    *({"S": text} for text in ("a", "5", "true", "2026-11-23T07:00:00Z", "1.5")),
    *({"N": text} for text in ("5", "1", "1.5", "1.0", "1700000000")),
    *({"BOOL": True}, {"NULL": True}, {"SS": ["a"]}, {"B": "YQ=="}, {"M": {}}, {"L": []}, {"L": [{"S": "a"}]}),
    *(
        {"M": {"sku": {"S": "a"}}},
        {"L": [{"M": {"sku": {"S": "a"}}}]},
        {"M": {"kind": {"S": "cat"}, "lives": {"N": "1"}}},
    ),
]


@pytest.mark.parametrize(
    ("kind", "image"),
    [
        (Pet, CAT),
        (Pet, DOG),
        (Pet, {**DOG, "more": {"SS": ["x"]}}),
        (Payment, {"means": {"S": "card"}, "last4": {"S": "1234"}}),
        (Payment, {"means": {"S": "cash"}}),
        (Payment, {"means": {"S": "coins"}, "till": {"N": "3"}}),
        (Versioned, {"version": {"N": "1"}, "text": {"S": "a"}}),
        (Versioned, {"version": {"N": "2.0"}, "text": {"L": [{"S": "a"}]}}),
        (Either, CAT),
        (Either, NODE),
        (Deep, NODE),
    ],
)
def test_tagged(kind: Any, image: Any) -> None:
    """The discriminator chooses the model."""
    assert is_handled(kind, {"M": image})


@pytest.mark.parametrize(
    ("kind", "image"),
    [
        (Pet, {"kind": {"S": "bird"}}),
        (Pet, {"lives": {"N": "9"}}),
        (Pet, {"kind": {"SS": ["cat"]}, "lives": {"N": "9"}}),
        (Pet, {"kind": {"S": "cat", "N": "1"}, "lives": {"N": "9"}}),
        (Pet, {"kind": {"S": "cat"}}),
        (Pet, {**DOG, "more": {"X": 1}}),
        (Versioned, {"version": {"BOOL": True}, "text": {"S": "a"}}),
        (Versioned, {"version": {"S": "1"}, "text": {"S": "a"}}),
        (Pet, [("kind", {"S": "dog"})]),
    ],
)
def test_tagged_otherwise(kind: Any, image: Any) -> None:
    """An unknown, malformed or missing discriminator, and an image that the chosen model refuses, are left."""
    assert not is_handled(kind, {"M": image})


def test_discriminator_by_function() -> None:
    """A union whose discriminator is a function is left to its validator."""
    chosen = Discriminator(lambda value: "cat" if "lives" in value else "dog")
    kind = Annotated[Annotated[Cat, Tag("cat")] | Annotated[Dog, Tag("dog")], chosen]
    assert is_handled(kind, {"M": CAT})
    assert is_handled(kind, {"M": DOG})


@pytest.mark.parametrize(
    "kind",
    [
        *(int | str, str | int, float | int | str, Decimal | str, datetime | str, bool | int, str | list[str]),
        *(list[int] | dict[str, int], str | Line, Line | list[Line] | None, int | Line | str, dict[str, Any] | str),
        *(
            Line | Cat,
            set[str] | list[str],
            Literal["a"] | int,
            str | Literal["a"],
            Annotated[str, Field(max_length=1)] | int,
        ),
    ],
)
@pytest.mark.parametrize("config", [{}, {"coerce_numbers_to_str": True}, {"strict": True}])
def test_union(kind: Any, config: dict[str, Any]) -> None:
    """Of several types the one that pydantic prefers is taken."""
    are_handled(kind, WIRES, **config)


@pytest.mark.parametrize("wire", [{"S": "5"}, {"N": "5"}, {"N": "1.5"}, {"BOOL": True}])
def test_union_of_scalars(wire: Any) -> None:
    """Texts, numbers and other values are handled."""
    assert is_handled(int | str | float, wire)
