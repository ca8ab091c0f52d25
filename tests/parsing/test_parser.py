"""Reading an image is decoding all of it and validating that; only what a model cannot read is not looked at."""

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
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
    TypeAdapter,
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
from tests.strategies import attribute_values, images, junk, models_and_images


def outcome(read: Callable[[], Any], *, with_input: bool = True) -> Any:
    """What comes of reading, such that two outcomes are equal only if nobody can tell one from the other."""
    try:
        return portrait(read())
    except ValidationError as refusal:
        details = portrait(refusal.errors(include_context=False, include_input=with_input))
        return (str(refusal), details) if with_input else details
    except Exception as error:  # noqa: BLE001 - what there is to compare
        return type(error), str(error)


def portrait(value: Any) -> Any:
    """A value with the types and the inner state of all that it holds."""
    if isinstance(value, BaseModel):
        inner = (value.__dict__, value.__pydantic_extra__, value.__pydantic_private__)
        return type(value), sorted(value.model_fields_set), portrait(inner)
    if is_dataclass(value):
        return type(value), [portrait(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, dict):
        return [(portrait(name), portrait(inner)) for name, inner in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [portrait(inner) for inner in value]
    if isinstance(value, set | frozenset):
        return type(value), sorted(map(repr, value))
    return type(value), repr(value)


def exactly(model: Any, wire: Any) -> Any:
    values = decode_image(wire)
    validate = model.model_validate if hasattr(model, "model_validate") else TypeAdapter(model).validate_python
    return validate(values)


@settings(max_examples=300)
@given(models_and_images())
def test_reading_is_decoding_and_validating(case: tuple[type[BaseModel], dict[str, Any]]) -> None:
    """For whatever model and image, the instance or the refusal is that of validating the whole image decoded."""
    model, wire = case
    assert outcome(lambda: parser_for(model).parse(wire)) == outcome(lambda: exactly(model, wire))


@settings(max_examples=200)
@given(models_and_images(), st.sampled_from(["a", "B", "other", "pk", "zz", "seen"]), junk())
def test_what_is_malformed_counts_only_where_it_is_read(
    case: tuple[type[BaseModel], dict[str, Any]], name: str, value: Any
) -> None:
    """A malformed attribute fails the image, or else makes no difference to one that is in order."""
    model, wire = case
    fault = outcome(lambda: decode_image({name: value}))
    assume(fault[0] is DecodeError)
    found, otherwise = (
        outcome(lambda: parser_for(model).parse({**wire, name: instead}), with_input=False)  # noqa: B023 - called at once
        for instead in (value, {"S": "in order"})
    )
    assert found in (fault, otherwise)


@given(images())
def test_a_dict_is_the_decoded_image(wire: Any) -> None:
    """Whoever asks for a plain dict is given all of the image."""
    assert portrait(parser_for(dict[str, Any]).parse(wire)) == portrait(decode_image(wire))


@given(st.one_of(st.none(), st.integers(), st.text(), st.lists(attribute_values())))
def test_an_image_that_is_no_object_is_a_decode_error(wire: Any) -> None:
    """No model, not even one that reads nothing, takes an image which is no image."""
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
def test_every_kind_of_model_is_read_exactly(model: Any, change: dict[str, Any]) -> None:
    """Models that see more of the image than their fields, and types that are no models, are read as any other."""
    wire = {**LEAN_IMAGE, **change}
    assert outcome(lambda: parser_for(model).parse(wire)) == outcome(lambda: exactly(model, wire))


@pytest.mark.parametrize("attributes", [["pk", "tags", "total"], ["total", "unread", "other"], ["total"], []])
@pytest.mark.parametrize("model", LEAN_MODELS)
def test_what_is_missing_is_missed_in_the_whole_image(model: Any, attributes: list[str]) -> None:
    """The error of a missing field shows the image that lacks it, with the attributes that nobody reads."""
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
def test_models_of_every_build_are_read_exactly(model: Any, wire: Any) -> None:
    """Generic, recursive and root models, and aliases that lead into values, are read as any other."""
    assert outcome(lambda: parser_for(model).parse(wire)) == outcome(lambda: exactly(model, wire))


@pytest.mark.parametrize("model", [Lean, Afterwards, Nothing])
def test_an_attribute_that_nothing_reads_may_be_malformed(model: Any) -> None:
    """A model that ignores an attribute does not care what is in it."""
    assert portrait(parser_for(model).parse({**LEAN_IMAGE, "note": {"X": 1}})) == portrait(exactly(model, LEAN_IMAGE))


@pytest.mark.parametrize(
    "model", [Keeping, Forbidding, Foreseeing, Wrapping, Constructing, Overriding, Plain, Typed, Any]
)
def test_an_attribute_that_may_be_read_must_be_well_formed(model: Any) -> None:
    """A model that could see an attribute is refused what cannot be decoded."""
    with pytest.raises(DecodeError, match=r"^attribute 'note' of OldImage: "):
        parser_for(model).parse({**LEAN_IMAGE, "note": {"X": 1}}, "OldImage")


def test_a_refusal_is_the_models_own_although_the_image_is_malformed() -> None:
    """What nothing reads does not turn a refusal of the model into a decode error."""
    with pytest.raises(ValidationError, match="id"):
        parser_for(Lean).parse({"note": {"X": 1}})


def test_a_malformed_attribute_that_is_read_is_a_decode_error() -> None:
    """The error names the attribute and the image."""
    with pytest.raises(DecodeError, match=r"^attribute 'total' of NewImage: ") as caught:
        parser_for(Lean).parse({"id": {"S": "a"}, "total": {"N": "x"}}, "NewImage")
    assert caught.value.path == "total"


def test_the_steps_can_be_taken_one_by_one() -> None:
    """Decoding gives what the model reads, and validating gives the instance."""
    parser = parser_for(Lean)
    values = parser.decode(LEAN_IMAGE)
    assert values == {"id": "a", "total": Decimal("1.50")}
    assert parser.validate(values) == parser.parse(LEAN_IMAGE)


def test_a_function_is_written_when_it_is_worth_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first images are read without it, and those after them with it; a rebuilt model starts anew."""

    class Often(BaseModel):
        id: str

    monkeypatch.setattr(parser_module, "IMAGES_BEFORE_CODEGEN", 2)
    written: list[Any] = []

    def write(model: Any, exactly: Any) -> Any:
        written.append(model)
        return generate_parser(model, exactly)

    monkeypatch.setattr(parser_module, "generate_parser", write)
    parser = parser_for(Often)
    for expected in ([], [], [Often], [Often]):
        assert parser.parse({"id": {"S": "a"}}) == Often(id="a")
        assert written == expected
    Often.model_rebuild(force=True)
    assert parser.parse({"id": {"S": "b"}}) == Often(id="b")
    assert parser.parse({"id": {"S": "b"}}) == Often(id="b")
    assert written == [Often]
    assert parser.parse({"id": {"S": "b"}}) == Often(id="b")
    assert written == [Often, Often]


def raise_decode_error(*_: Any) -> Any:
    raise DecodeError("", "this", "that")


def test_a_decode_error_of_the_users_code_is_none_of_decoding() -> None:
    """``DecodeError`` says that the image is malformed, so that of a validating model becomes another."""

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


def test_another_error_of_a_validator_is_passed_on() -> None:
    """What pydantic lets through, the reader lets through."""

    class Failing(BaseModel):
        id: str

        @field_validator("id")
        @classmethod
        def fail(cls, value: str) -> str:
            raise LookupError(value)

    with pytest.raises(LookupError, match=r"^a$"):
        parser_for(Failing).parse(LEAN_IMAGE)


def test_a_refusal_is_asked_for_twice() -> None:
    """Only the exact way may refuse, so a user's validator hears of a refused value again."""
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


def test_a_model_may_be_built_late() -> None:
    """A model that puts off its building is built when its first image comes, and reads just its fields at once."""

    class Late(BaseModel):
        model_config = ConfigDict(defer_build=True)

        id: str

    parser = parser_for(Late)
    assert not Late.__pydantic_complete__
    assert parser.parse({**LEAN_IMAGE, "note": {"X": 1}}) == Late(id="a")


def test_a_model_may_refer_to_what_comes_later() -> None:
    """A reader made before its model was complete reads it when it is."""

    unknown: Any = "Unknown"
    early = create_model("early", id=(unknown, ...))
    parser = parser_for(early)
    with pytest.raises(PydanticUserError, match="not fully defined"):
        parser.parse(LEAN_IMAGE)
    early.model_rebuild(_types_namespace={"Unknown": str})
    assert parser.parse({**LEAN_IMAGE, "note": {"X": 1}}) == early(id="a")


def test_a_model_may_be_rebuilt() -> None:
    """A field that a model gets later is read from then on."""

    class Growing(BaseModel):
        id: str

    parser = parser_for(Growing)
    parser.parse(LEAN_IMAGE)
    Growing.model_fields["id"].validation_alias = "pk"
    Growing.model_rebuild(force=True)
    assert outcome(lambda: parser.parse(LEAN_IMAGE)) == outcome(lambda: exactly(Growing, LEAN_IMAGE))
    assert parser.parse(LEAN_IMAGE).id == "LEAN#a"


def test_the_order_of_attributes_is_that_of_the_image() -> None:
    """The error of a missing field shows the attributes in their own order, not in that of the fields."""

    class Three(BaseModel):
        a: str
        b: str
        c: str

    wire = {"c": {"S": ""}, "a": {"S": ""}}
    assert outcome(lambda: parser_for(Three).parse(wire)) == outcome(lambda: exactly(Three, wire))


def test_there_is_one_reader_for_a_model() -> None:
    """The work of making a reader is done once, where the type can be told from others."""
    assert parser_for(Lean) is parser_for(Lean)
    unhashable = Annotated[Lean, Field(json_schema_extra={"a": 1}), ["no hash"]]
    assert parser_for(unhashable).parse(LEAN_IMAGE) == exactly(Lean, LEAN_IMAGE)


def test_a_type_that_pydantic_does_not_know_is_refused_at_once() -> None:
    """What can never be validated is an error when the reader is made."""

    class Unknown:
        pass

    with pytest.raises(PydanticUserError):
        parser_for(Unknown)


def test_reading_leaves_the_image_alone() -> None:
    """The image is as it was."""
    wire = {"id": {"S": "a"}, "total": {"N": "1"}, "pk": {"S": ""}}
    parser_for(Keeping).parse(wire)
    assert wire == {"id": {"S": "a"}, "total": {"N": "1"}, "pk": {"S": ""}}


def test_a_reader_says_what_it_reads() -> None:
    """Its text names the model."""
    assert repr(parser_for(Lean)) == "<Parser of Lean>"
    assert repr(parser_for(dict[str, Any])) == "<Parser of dict[str, typing.Any]>"
