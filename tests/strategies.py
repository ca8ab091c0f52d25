"""Hypothesis strategies for values that DynamoDB sends, values that it never sends, and models of users."""

import copy
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import IntEnum, StrEnum
from functools import cache
from pathlib import Path
from re import Pattern
from types import new_class
from typing import Annotated, Any, Final, Literal, Required, Self
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    AnyUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Json,
    PlainValidator,
    PositiveInt,
    PrivateAttr,
    RootModel,
    SecretStr,
    StrictFloat,
    StrictInt,
    StrictStr,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    WrapValidator,
    computed_field,
    field_validator,
    model_validator,
)
from typing_extensions import TypedDict  # pydantic wants this one before Python 3.12

from router.wire.decode import decode_value

SECRET = "s3cret"
"""Part of every text that :func:`junk` puts where a value stands."""

SECRET_NUMBER = 860_675_309
"""What :func:`junk` puts where a number stands."""


def names() -> SearchStrategy[str]:
    """Names of attributes, many of them equal so that they collide."""
    return st.sampled_from(["id", "total", "lines", "S", "N", "M", "L", "a.b", "a[0]", "ключ"]) | st.text(max_size=4)


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """Texts of numbers in every spelling that DynamoDB could send or accept."""
    digits = draw(st.text("0123456789", min_size=1, max_size=38))
    point = draw(st.integers(0, len(digits)))
    fraction = draw(st.sampled_from(["", "", f".{digits[point:]}"])) if point else f".{digits}"
    exponent = draw(st.sampled_from(["", "", "", "E+2", "e-3", "E0", "E77", "E-88"]))
    sign = draw(st.sampled_from(["", "", "-", "+"]))
    return f"{sign}{digits[:point]}{fraction}{exponent}"


def plain_numbers() -> SearchStrategy[str]:
    """Texts of numbers as DynamoDB writes them: no redundant zeros, signs or exponents."""
    decimals = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12)
    return st.integers(-(10**37), 10**37).map(str) | decimals.map(lambda number: f"{number.normalize():f}")


def base64() -> SearchStrategy[str]:
    """Binary values as Lambda delivers them."""
    return st.binary(max_size=8).map(lambda content: b64encode(content).decode())


@cache
def scalars() -> SearchStrategy[dict[str, Any]]:
    """Attribute values that contain no others."""
    text = st.text(max_size=8)
    number = numbers() | plain_numbers()
    return st.one_of(
        st.builds(dict, S=text),
        st.builds(dict, N=number),
        st.builds(dict, B=base64()),
        st.builds(dict, SS=st.lists(text, max_size=3)),
        st.builds(dict, NS=st.lists(number, max_size=3)),
        st.builds(dict, BS=st.lists(base64(), max_size=3)),
        st.builds(dict, NULL=st.just(True)),
        st.builds(dict, BOOL=st.booleans()),
    )


@cache
def attribute_values() -> SearchStrategy[dict[str, Any]]:
    """Attribute values of all ten types."""
    return st.recursive(
        scalars(),
        lambda inner: (
            st.builds(dict, L=st.lists(inner, max_size=3)) | st.builds(dict, M=st.dictionaries(names(), inner))
        ),
        max_leaves=8,
    )


def stored_values() -> SearchStrategy[dict[str, Any]]:
    """Attribute values that DynamoDB can store: no set is empty or contains one number twice."""
    return attribute_values().filter(_is_stored)


def _is_stored(wire: Any) -> bool:
    ((tag, body),) = wire.items()
    if tag in ("SS", "NS", "BS"):
        return len(decode_value(wire)) == len(body) > 0
    children = {"L": list, "M": lambda body: list(body.values())}.get(tag)
    return children is None or all(map(_is_stored, children(body)))


@cache
def images() -> SearchStrategy[dict[str, Any]]:
    """Images as in a stream record."""
    return st.dictionaries(names(), attribute_values(), max_size=6)


@cache
def junk() -> SearchStrategy[Any]:
    """Any JSON value, and a few others, similar enough to attribute values to pass the first checks.

    Every text in place of a value contains :data:`SECRET`, and every number is :data:`SECRET_NUMBER`.
    """
    secrets = st.builds("{}{}{}".format, st.text(max_size=3), st.just(SECRET), st.text(max_size=3))
    leaves = st.one_of(
        st.none(),
        st.booleans(),
        secrets,
        st.sampled_from([SECRET_NUMBER, float(SECRET_NUMBER), Decimal(SECRET_NUMBER), SECRET.encode()]),
        st.lists(secrets, max_size=3),
    )
    tags = st.sampled_from(["S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL", "X", ""])
    keys = st.one_of(tags, names(), st.just(1))
    return st.recursive(
        leaves | scalars(),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(tags, inner, min_size=1, max_size=1),
            st.dictionaries(keys, inner, max_size=3),
            st.builds(dict, M=st.dictionaries(keys, inner, max_size=3)),
            st.builds(dict, L=st.lists(inner, max_size=3)),
        ),
        max_leaves=12,
    )


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Size(IntEnum):
    SMALL = 1
    LARGE = 2


class Line(BaseModel):
    sku: str
    count: int = 1
    price: Decimal | None = None


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    sku: str
    count: int


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str = "Rex"


class Tree(BaseModel):
    value: int
    branches: "list[Tree]" = []


class Names(RootModel[list[str]]):
    pass


@dataclass
class Point:
    x: int
    y: float = 0.0


class Place(TypedDict, total=False):
    city: Required[str]
    zip: str


def shout(value: Any) -> Any:
    return f"{value}!"


def show_containers(value: Any, handler: Any) -> Any:
    return repr(value) if isinstance(value, list | dict) else handler(value)


FIELD_TYPES: Final[tuple[Any, ...]] = (
    *(str, int, float, bool, bytes, Decimal, Any, None, date, datetime, time, timedelta, UUID, Colour, Size),
    *(str | None, int | None, Decimal | None, bool | None, datetime | None, Line | None, Colour | None),
    *(int | str, str | int, float | int, Decimal | str, bool | int, Line | str, list[int] | int, datetime | int),
    *(list[str], list[Any], set[int], frozenset[str], tuple[int, ...], tuple[str, int], dict[str, int], dict[int, Any]),
    *(Line, Strict, Tree, Names, Point, Place, list[Line], dict[str, Line], list[Line | None], set[bytes]),
    *(Literal["a", "b"], Literal[1, "a", True], Literal[Colour.RED], SecretStr, Path, AnyUrl, Pattern[str]),
    *(StrictStr, StrictInt, StrictFloat, PositiveInt, Json, Mapping[str, str], Callable[..., Any]),
    Annotated[int, Field(ge=0, multiple_of=2)],
    Annotated[str, Field(min_length=2, max_length=5, pattern="^[a-z]+$")],
    Annotated[Decimal, Field(max_digits=5, decimal_places=2)],
    Annotated[Decimal, Field(strict=True)],
    Annotated[Cat | Dog, Field(discriminator="kind")],
    Annotated[str, BeforeValidator(shout)],
    Annotated[Any, AfterValidator(shout)],
    Annotated[Any, PlainValidator(shout)],
    Annotated[str, WrapValidator(show_containers)],
    Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True)],
)
"""Types of every kind between which pydantic makes a difference."""

CONFIGS: Final = (
    *(ConfigDict(), ConfigDict(), ConfigDict(), ConfigDict()),
    *(
        ConfigDict(),
        ConfigDict(extra="allow"),
        ConfigDict(extra="forbid"),
        ConfigDict(strict=True),
        ConfigDict(frozen=True),
    ),
    ConfigDict(populate_by_name=True),
    ConfigDict(populate_by_name=True, extra="forbid"),
    ConfigDict(str_strip_whitespace=True, str_to_lower=True, str_max_length=6),
    ConfigDict(coerce_numbers_to_str=True, from_attributes=True),
    ConfigDict(validate_default=True, use_enum_values=True, hide_input_in_errors=True),
    ConfigDict(alias_generator=str.upper, allow_inf_nan=False, revalidate_instances="always"),
)


class Before(BaseModel):
    """Its validator sees the input before any validation."""

    seen: list[str] = []

    @model_validator(mode="before")
    @classmethod
    def note_names(cls, values: Any) -> Any:
        return {**values, "seen": sorted(values)}


class Wrapped(BaseModel):
    """Its validator sees the input and the result."""

    _seen: list[str] = PrivateAttr(default_factory=list)

    @model_validator(mode="wrap")
    @classmethod
    def note_names(cls, values: Any, handler: Any) -> Any:
        instance = handler(values)
        instance._seen = sorted(values)
        return instance


class OwnInit(BaseModel):
    """Takes its fields by an ``__init__`` that sees the input."""

    seen: int = 0

    def __init__(self, **values: Any) -> None:
        super().__init__(**{"seen": len(values), **values})


class OwnValidate(BaseModel):
    """Has a ``model_validate`` of its own."""

    seen: int = 0

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        return super().model_validate({"seen": len(obj), **obj}, **options)


class Finished(BaseModel):
    """Its validator sees the finished instance."""

    total: int = 0
    _initialised: bool = PrivateAttr(default=False)

    @model_validator(mode="after")
    def count_fields(self) -> Self:
        object.__setattr__(self, "total", len(self.model_fields_set))
        return self

    def model_post_init(self, context: Any, /) -> None:
        self._initialised = True

    @computed_field
    def described(self) -> str:
        return repr(self)


class FieldsChecked(BaseModel):
    """Validates all its fields, with a validator that sees the fields before each."""

    @field_validator("*", mode="wrap")
    @classmethod
    def keep_containers(cls, value: Any, handler: Any, info: Any) -> Any:
        if info.field_name in info.data:
            raise AssertionError
        return list(info.data) if value == [] else handler(value)


BASES: Final[tuple[type[BaseModel], ...]] = (
    *(BaseModel, BaseModel, BaseModel, BaseModel),
    *(Before, Wrapped, OwnInit, OwnValidate, Finished, FieldsChecked),
)

PLAUSIBLE: Final[tuple[dict[str, Any], ...]] = (
    *({"S": text} for text in ("", "a", "b", "red", "abc", " Abc ", "true", "5", "1.50", "1e2", "NaN", "[1]", "a!")),
    *({"S": text} for text in ("2026-11-23", "2026-11-23T07:00:00Z", "07:00", "PT5M", "https://a.example/", "%" * 7)),
    {"S": "8d7a1c3e-5b0f-4a52-9a55-0d3f5e1b2c4d"},
    *(
        {"N": text}
        for text in ("0", "1", "2", "-1", "-0", "12", "1.5", "-12.25", "1.50", "1E2", "007", "1700000000", "1e-7")
    ),
    *({"N": text} for text in ("9" * 38, "0." + "3" * 38, "9007199254740993", "1E125")),
    *({"BOOL": True}, {"BOOL": False}, {"NULL": True}, {"B": ""}, {"B": "YQ=="}),
    *({"SS": ["a"]}, {"SS": ["a", "b"]}, {"NS": ["1", "2.5"]}, {"NS": ["3"]}, {"BS": ["YQ=="]}),
    *({"L": []}, {"L": [{"S": "a"}, {"S": "b"}]}, {"L": [{"N": "1"}]}, {"L": [{"S": "a"}, {"N": "1"}]}, {"M": {}}),
    {"M": {"sku": {"S": "a"}, "count": {"N": "2"}, "price": {"NULL": True}}},
    {"M": {"sku": {"S": "a"}, "count": {"N": "2"}}},
    {"M": {"sku": {"S": "a"}, "price": {"N": "2.50"}, "more": {"SS": ["x"]}}},
    {"L": [{"M": {"sku": {"S": "a"}}}, {"M": {"sku": {"S": "b"}, "price": {"N": "1"}}}]},
    {"L": [{"M": {"sku": {"S": "a"}}}, {"NULL": True}]},
    {"M": {"line": {"M": {"sku": {"S": "a"}}}}},
    {"M": {"kind": {"S": "cat"}, "lives": {"N": "9"}}},
    {"M": {"kind": {"S": "dog"}}},
    {"M": {"value": {"N": "1"}, "branches": {"L": [{"M": {"value": {"N": "2"}}}]}}},
    {"M": {"x": {"N": "1"}, "y": {"N": "0.1"}}},
    {"M": {"city": {"S": "Ur"}, "zip": {"S": "1"}}},
    {"M": {"1": {"N": "1"}, "2": {"N": "2"}}},
)
"""Attribute values of which nearly every type takes some."""


@cache
def fitting(position: int) -> tuple[dict[str, Any], ...]:
    """The plausible values that the field type at a position accepts."""
    adapter = TypeAdapter(FIELD_TYPES[position], config=None)

    def fits(wire: dict[str, Any]) -> bool:
        try:
            adapter.validate_python(decode_value(wire))
        except (ValidationError, ValueError, TypeError):
            return False
        return True

    return tuple(filter(fits, PLAUSIBLE))


@st.composite
def models_and_images(draw: st.DrawFn) -> tuple[type[BaseModel], dict[str, Any]]:
    """A model like those of users, and an image that mostly fits it."""
    annotations: dict[str, Any] = {}
    namespace: dict[str, Any] = {"__module__": __name__, "__annotations__": annotations}
    namespace["model_config"] = draw(st.sampled_from(CONFIGS))
    image: dict[str, Any] = draw(st.dictionaries(st.sampled_from(["pk", "sk", "x", "seen", "total"]), scalars()))
    for name in draw(st.sampled_from(["a", "ab", "abc", "abcde"])):
        position = draw(st.integers(0, len(FIELD_TYPES) - 1))
        alias, attribute = draw(st.sampled_from(aliases(name)))
        annotations[name] = FIELD_TYPES[position]
        namespace[name] = Field(**alias, **draw(st.sampled_from(DEFAULTS)))
        if draw(st.integers(0, 9)):
            image[attribute] = copy.deepcopy(draw(values_for(position)))
    return create(draw(st.sampled_from(BASES)), namespace), image


DEFAULTS: Final[tuple[dict[str, Any], ...]] = (
    *({}, {}, {}, {"default": None}, {"default": "a"}, {"default_factory": list}),
    {"default": 5, "validate_default": True},
)


def aliases(name: str) -> list[tuple[dict[str, Any], str]]:
    """Arguments of ``Field`` with the attribute that the field then reads."""
    upper = name.upper()
    return [
        *(({}, name), ({}, name), ({}, name), ({}, name), ({}, name), ({}, upper)),
        *(({"alias": upper}, upper), ({"alias": upper}, upper), ({"alias": upper}, name)),
        ({"validation_alias": "other"}, "other"),
        ({"validation_alias": AliasChoices(upper, "other")}, "other"),
        ({"validation_alias": AliasPath(name, "line")}, name),
        ({"validation_alias": AliasPath(name, 0)}, name),
        ({"validation_alias": AliasChoices(AliasPath("other", "sku"), name)}, name),
    ]


@cache
def values_for(position: int) -> SearchStrategy[dict[str, Any]]:
    """Values for the field type at a position, most of which it accepts."""
    good = st.sampled_from(fitting(position) or PLAUSIBLE)
    return st.one_of(good, good, good, good, st.sampled_from(PLAUSIBLE), attribute_values())


def create(base: type[BaseModel], namespace: dict[str, Any]) -> type[BaseModel]:
    """A new class, made like the class statement makes it."""
    return new_class("Generated", (base,), exec_body=lambda body: body.update(namespace))
