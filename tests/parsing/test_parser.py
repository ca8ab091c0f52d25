"""A parser gives the result of decoding and validating the whole image; attributes that a model cannot read are ignored."""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Generic, Self, TypeVar

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    RootModel,
    ValidationError,
    create_model,
    field_validator,
    model_validator,
)
from pydantic.dataclasses import dataclass as pydantic_dataclass
from pydantic.errors import PydanticUserError
from typing_extensions import TypedDict

from router.errors import DecodeError
from router.parsing import parser as parser_module
from router.parsing.codegen import generate_parser
from router.parsing.parser import parser_for
from router.wire.decode import decode_image
from tests.examples import examples
from tests.parsing.comparing import declared, exactly, outcome, portrait
from tests.strategies import attribute_values, images, junk, models_and_images


@settings(max_examples=examples(300))
@given(models_and_images())
def test_parsing_is_decoding_and_validating(case: tuple[type[BaseModel], dict[str, Any]]) -> None:
    """For any model and image, the instance or the error is that of validating the whole decoded image."""
    model, wire = case
    assert outcome(lambda: parser_for(model).parse(wire)) == outcome(lambda: exactly(model, wire))


@settings(max_examples=examples(200))
@given(models_and_images(), st.sampled_from(["a", "B", "other", "pk", "zz", "seen"]), junk())
def test_malformed_attribute(case: tuple[type[BaseModel], dict[str, Any]], name: str, value: Any) -> None:
    """A malformed attribute either is the error, or has no effect at all."""
    model, wire = case
    fault = outcome(lambda: decode_image({name: value}, shown=lambda: declared(model)))
    assume(fault[0] is DecodeError)
    found, otherwise = (
        outcome(lambda: parser_for(model).parse({**wire, name: instead}), with_input=False)  # noqa: B023 - called at once
        for instead in (value, {"S": "in order"})
    )
    assert found in (fault, otherwise)


@given(images())
def test_a_dict_is_the_decoded_image(wire: Any) -> None:
    """A handler that takes a dict gets the whole decoded image."""
    assert portrait(parser_for(dict[str, Any]).parse(wire)) == portrait(decode_image(wire))


@given(st.one_of(st.none(), st.integers(), st.text(), st.lists(attribute_values())))
def test_an_image_that_is_no_object_is_a_decode_error(wire: Any) -> None:
    """No model, not even one without fields, accepts a value that is not an image."""
    for model in (Lean, Nothing, dict[str, Any]):
        with pytest.raises(DecodeError):
            parser_for(model).parse(wire)


class Nothing(BaseModel):
    pass


class Lean(BaseModel):
    id: str
    total: Decimal = Decimal(0)


class Keeping(Lean):
    model_config = ConfigDict(extra="allow")


class Forbidding(Lean):
    model_config = ConfigDict(extra="forbid")


class Foreseeing(Lean):
    @model_validator(mode="before")
    @classmethod
    def look(cls, values: Any) -> Any:
        return values


class Wrapping(Lean):
    @model_validator(mode="wrap")
    @classmethod
    def look(cls, values: Any, handler: Any) -> Any:
        return handler(values)


class Constructing(Lean):
    def __init__(self, **values: Any) -> None:
        super().__init__(**values)


class Overriding(Lean):
    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        return super().model_validate(obj, **options)


class Afterwards(Lean):
    _seen: int = PrivateAttr(default=0)

    @model_validator(mode="after")
    def look(self) -> Self:
        self._seen += 1
        return self


T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    items: list[T]
    next: T | None = None


class Chosen(BaseModel):
    city: str = Field(validation_alias=AliasPath("address", "city"))
    first: int = Field(validation_alias=AliasChoices("one", AliasPath("numbers", 0)))


class Lines(RootModel[dict[str, list[Lean]]]):
    pass


class Chain(BaseModel):
    id: str
    next: "Chain | None" = None


@dataclass
class Plain:
    id: str
    total: Decimal = Decimal(0)


@pydantic_dataclass
class Checked:
    id: str
    total: Decimal = Decimal(0)


class Typed(TypedDict):
    id: str


LEAN_IMAGE: dict[str, Any] = {"id": {"S": "a"}, "total": {"N": "1.50"}, "pk": {"S": "LEAN#a"}, "tags": {"SS": ["x"]}}
LEAN_MODELS = [Lean, Keeping, Forbidding, Foreseeing, Wrapping, Constructing, Overriding, Afterwards]


@pytest.mark.parametrize("model", [*LEAN_MODELS, Plain, Checked, Typed, dict[str, Any], Any])
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"id": {"N": "1"}},
        {"id": {"NULL": True}},
        {"total": {"S": "1.50"}},
        {"total": {"S": "x"}},
        {"total": {"BOOL": True}},
        {"id": None},
        {"id": {"S": 1}},
        {"total": {"N": "1_0"}},
        {"total": {"N": "1E2"}},
        {"total": {"N": "-0"}},
    ],
)
def test_every_kind_of_model_is_parsed_exactly(model: Any, change: dict[str, Any]) -> None:
    """Models that read more than their fields, and types that are not models, give the exact result."""
    wire = {**LEAN_IMAGE, **change}
    assert outcome(lambda: parser_for(model).parse(wire)) == outcome(lambda: exactly(model, wire))


@pytest.mark.parametrize("attributes", [["pk", "tags", "total"], ["total", "unread", "other"], ["total"], []])
@pytest.mark.parametrize("model", LEAN_MODELS)
def test_missing_field(model: Any, attributes: list[str]) -> None:
    """A missing field is the same error, whichever attributes that no field reads are in the image."""
    wire = {name: LEAN_IMAGE.get(name, {"S": ""}) for name in attributes}
    assert outcome(lambda: parser_for(model).parse(wire)) == outcome(lambda: exactly(model, wire))


@pytest.mark.parametrize(
    ("model", "wire"),
    [
        (Page[int], {"items": {"L": [{"N": "1"}]}, "next": {"N": "2"}, "pk": {"S": ""}}),
        (Page[Lean], {"items": {"L": [{"M": LEAN_IMAGE}]}, "next": {"NULL": True}}),
        (Page[Lean], {"items": {"L": [{"M": {}}]}}),
        (Chosen, {"address": {"M": {"city": {"S": "Ur"}}}, "numbers": {"L": [{"N": "1"}]}}),
        (Chosen, {"address": {"M": {}}, "numbers": {"NS": ["1"]}, "pk": {"S": ""}, "sk": {"S": ""}, "gsi": {"S": ""}}),
        (Lines, {"a": {"L": [{"M": LEAN_IMAGE}]}, "b": {"L": []}}),
        (Lines, {"a": {"S": ""}}),
        (Chain, {"id": {"S": "a"}, "next": {"M": {"id": {"S": "b"}, "next": {"NULL": True}}}, "pk": {"S": ""}}),
        (Chain, {"id": {"S": "a"}, "next": {"M": {}}, "pk": {"S": ""}}),
        (list[int], {}),
    ],
)
def test_every_form_of_model_is_parsed_exactly(model: Any, wire: Any) -> None:
    """Generic, recursive and root models, and aliases that are paths, give the exact result."""
    assert outcome(lambda: parser_for(model).parse(wire)) == outcome(lambda: exactly(model, wire))


@pytest.mark.parametrize("model", [Lean, Afterwards, Nothing])
def test_ignored_attribute_may_be_malformed(model: Any) -> None:
    """An attribute that a model ignores may be malformed."""
    assert portrait(parser_for(model).parse({**LEAN_IMAGE, "note": {"X": 1}})) == portrait(exactly(model, LEAN_IMAGE))


@pytest.mark.parametrize(
    "model", [Keeping, Forbidding, Foreseeing, Wrapping, Constructing, Overriding, Plain, Typed, Any]
)
def test_readable_attribute_must_be_well_formed(model: Any) -> None:
    """A malformed attribute that a model may read is a DecodeError."""
    with pytest.raises(DecodeError, match=r"^attribute 'note' of OldImage: "):
        parser_for(model).parse({**LEAN_IMAGE, "note": {"X": 1}}, "OldImage")


def test_ignored_malformed_attribute_hides_no_error() -> None:
    """A malformed attribute that no field reads does not turn a ValidationError into a DecodeError."""
    with pytest.raises(ValidationError, match="id"):
        parser_for(Lean).parse({"note": {"X": 1}})


def test_malformed_attribute_of_a_field() -> None:
    """The error names the attribute and the image."""
    with pytest.raises(DecodeError, match=r"^attribute 'total' of NewImage: ") as caught:
        parser_for(Lean).parse({"id": {"S": "a"}, "total": {"N": "x"}}, "NewImage")
    assert caught.value.path == "total"


def test_decode_and_validate() -> None:
    """Decoding gives the attributes that the model reads, and validating them gives the instance."""
    parser = parser_for(Lean)
    values = parser.decode(LEAN_IMAGE)
    assert values == {"id": "a", "total": Decimal("1.50")}
    assert parser.validate(values) == parser.parse(LEAN_IMAGE)


def test_codegen_starts_after_some_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first images are parsed without a generated function, later ones with it; a rebuilt model starts anew."""

    class Often(BaseModel):
        id: str

    monkeypatch.setattr(parser_module, "IMAGES_BEFORE_CODEGEN", 2)
    generated: list[Any] = []

    def generate(model: Any, parse_exactly: Any) -> Any:
        generated.append(model)
        return generate_parser(model, parse_exactly)

    monkeypatch.setattr("router.parsing.codegen.generate_parser", generate)
    parser = parser_for(Often)
    for expected in ([], [], [Often], [Often]):
        assert parser.parse({"id": {"S": "a"}}) == Often(id="a")
        assert generated == expected
    Often.model_rebuild(force=True)
    assert parser.parse({"id": {"S": "b"}}) == Often(id="b")
    assert parser.parse({"id": {"S": "b"}}) == Often(id="b")
    assert generated == [Often]
    assert parser.parse({"id": {"S": "b"}}) == Often(id="b")
    assert generated == [Often, Often]


def raise_decode_error(*_: Any) -> Any:
    raise DecodeError("", "this", "that")


def test_decode_error_of_a_user() -> None:
    """A ``DecodeError`` that a user's validator raises becomes a ValueError, because the image is well formed."""

    class Careless(BaseModel):
        id: str = Field(default_factory=raise_decode_error)

    class Reckless(BaseModel):
        @classmethod
        def model_validate(cls, obj: Any, **options: Any) -> Self:
            raise_decode_error()
            return super().model_validate(obj)

    for model in (Careless, Reckless):
        with pytest.raises(ValueError, match="found this, expected that") as caught:
            parser_for(model).parse({})
        assert type(caught.value) is ValueError
        assert isinstance(caught.value.__cause__, DecodeError)


def test_other_errors_pass() -> None:
    """An error that pydantic does not wrap passes unchanged."""

    class Failing(BaseModel):
        id: str

        @field_validator("id")
        @classmethod
        def fail(cls, value: str) -> str:
            raise LookupError(value)

    with pytest.raises(LookupError, match=r"^a$"):
        parser_for(Failing).parse(LEAN_IMAGE)


def test_failing_validator_runs_twice() -> None:
    """A user's validator that fails in the generated parser runs again in the exact one, which reports the error."""
    asked: list[str] = []

    class Asking(BaseModel):
        id: str

        @field_validator("id")
        @classmethod
        def ask(cls, value: str) -> str:
            asked.append(value)
            raise ValueError

    with pytest.raises(ValidationError):
        parser_for(Asking).parse(LEAN_IMAGE)
    assert asked == ["a", "a"]


def test_deferred_build() -> None:
    """A model with defer_build is built at its first image, and then decodes its fields only."""

    class Late(BaseModel):
        model_config = ConfigDict(defer_build=True)

        id: str

    parser = parser_for(Late)
    assert not Late.__pydantic_complete__
    assert parser.parse({**LEAN_IMAGE, "note": {"X": 1}}) == Late(id="a")


def test_forward_reference() -> None:
    """A parser that is made before its model is complete parses after that."""

    unknown: Any = "Unknown"
    early = create_model("early", id=(unknown, ...))
    parser = parser_for(early)
    with pytest.raises(PydanticUserError, match="not fully defined"):
        parser.parse(LEAN_IMAGE)
    early.model_rebuild(_types_namespace={"Unknown": str})
    assert parser.parse({**LEAN_IMAGE, "note": {"X": 1}}) == early(id="a")


def test_rebuilt_model() -> None:
    """A changed field counts from the rebuild on."""

    class Growing(BaseModel):
        id: str

    parser = parser_for(Growing)
    parser.parse(LEAN_IMAGE)
    Growing.model_fields["id"].validation_alias = "pk"
    Growing.model_rebuild(force=True)
    assert outcome(lambda: parser.parse(LEAN_IMAGE)) == outcome(lambda: exactly(Growing, LEAN_IMAGE))
    assert parser.parse(LEAN_IMAGE).id == "LEAN#a"


def test_one_parser_for_a_model() -> None:
    """A model has one parser, unless its type has no hash."""
    assert parser_for(Lean) is parser_for(Lean)
    unhashable = Annotated[Lean, Field(json_schema_extra={"a": 1}), ["no hash"]]
    assert parser_for(unhashable).parse(LEAN_IMAGE) == exactly(Lean, LEAN_IMAGE)


def test_order_of_a_union() -> None:
    """Two unions of models with the same names differ if their order does: pydantic prefers the first that fits."""
    one, other = (create_model("Same", kind=(str, default), __module__="shop") for default in ("one", "other"))
    assert repr(one | other) == repr(other | one)
    assert [parser_for(union).parse({}).kind for union in (one | other, other | one)] == ["one", "other"]


def test_unknown_type() -> None:
    """A type that pydantic does not validate is an error when the parser is made."""

    class Unknown:
        pass

    with pytest.raises(PydanticUserError):
        parser_for(Unknown)


def test_image_is_not_changed() -> None:
    """Parsing does not change the image."""
    wire = {"id": {"S": "a"}, "total": {"N": "1"}, "pk": {"S": ""}}
    parser_for(Keeping).parse(wire)
    assert wire == {"id": {"S": "a"}, "total": {"N": "1"}, "pk": {"S": ""}}


def test_repr() -> None:
    """The repr names the model."""
    assert repr(parser_for(Lean)) == "<Parser of Lean>"
    assert repr(parser_for(dict[str, Any])) == "<Parser of dict[str, typing.Any]>"


class Column(str, Enum):  # noqa: UP042 - unlike a StrEnum it prints its name
    TOTAL = "Total"
    PRICE = "price"


@pytest.mark.parametrize(
    "alias",
    [
        {"alias": Column.TOTAL},
        {"validation_alias": Column.TOTAL},
        {"validation_alias": AliasChoices(Column.PRICE, Column.TOTAL)},
        {"validation_alias": AliasPath(Column.TOTAL)},
    ],
)
@pytest.mark.parametrize("images", [0, 1_000])
def test_alias_that_is_an_enum_member(images: int, alias: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A ``(str, Enum)`` as alias reads the attribute of its value, before and after a parser is generated."""
    monkeypatch.setattr(parser_module, "IMAGES_BEFORE_CODEGEN", images)
    model = create_model("Aliased", total=(int, Field(0, **alias)))
    assert portrait(parser_for(model).parse({"Total": {"N": "5"}}))[2] == portrait(({"total": 5}, None, None))


@pytest.mark.parametrize("images", [0, 1_000])
def test_alias_generator_of_enum_members(images: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An alias generator may return members of a ``(str, Enum)``."""
    monkeypatch.setattr(parser_module, "IMAGES_BEFORE_CODEGEN", images)
    config = ConfigDict(alias_generator=lambda name: Column[name.upper()])
    model: Any = create_model("Aliased", __config__=config, total=(int, 0), price=(int, 0))
    parsed = parser_for(model).parse({"Total": {"N": "5"}, "price": {"N": "6"}})
    assert (parsed.total, parsed.price) == (5, 6)


@pytest.mark.parametrize("images", [0, 1_000])
def test_malformed_alternative(images: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A malformed attribute under the second of two aliases is an error, before and after the first hundred images."""
    monkeypatch.setattr(parser_module, "IMAGES_BEFORE_CODEGEN", images)
    model = create_model("Chosen", total=(int, Field(validation_alias=AliasChoices("a", "b"))))
    with pytest.raises(DecodeError, match=r"^attribute 'b' of the image"):
        parser_for(model).parse({"a": {"N": "1"}, "b": {"X": "2"}})


@pytest.mark.parametrize("images", [0, 1_000])
def test_malformed_attribute_beside_a_shared_one(images: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two fields may read one attribute of a nested value: a malformed attribute beside it is still an error."""
    monkeypatch.setattr(parser_module, "IMAGES_BEFORE_CODEGEN", images)
    inner = create_model("In", a=(int, Field(validation_alias=AliasChoices("x", "y"))), b=(int, Field(alias="x")))
    outer: Any = create_model("Out", inner=(inner, ...))
    with pytest.raises(DecodeError, match=r"^attribute 'inner\.<key>' of the image"):
        parser_for(outer).parse({"inner": {"M": {"x": {"N": "1"}, "z": {"N": "?"}}}})
