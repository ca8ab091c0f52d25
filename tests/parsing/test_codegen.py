"""A parser is generated only if it certainly gives the validator's result, and tracebacks show its source."""

import gc
import inspect
import linecache
import traceback
from types import FunctionType
from typing import Any, Literal, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    create_model,
    field_validator,
)
from pydantic_core import SchemaValidator
from typing_extensions import TypeAliasType

from router.parsing import core_schema
from router.parsing import parser as parser_module
from router.parsing.codegen import generate_parser
from router.parsing.parser import parser_for
from tests.examples import examples
from tests.parsing.comparing import exactly, outcome
from tests.parsing.generated import NotHandled, not_handled, parse
from tests.parsing.hostile import HOSTILE_TEXTS, Printing, attributes_of, enum_member, hostile_models_and_images


def generate(model: type[BaseModel]) -> FunctionType:
    parser = generate_parser(model, not_handled)
    assert parser is not None
    return cast("FunctionType", parser)


def test_unsupported_model() -> None:
    """A model that reads a part of an attribute gets no generated parser."""
    model = create_model("Uncertain", id=(str, Field(validation_alias=AliasPath("a", "b"))))
    assert generate_parser(model, not_handled) is None


@pytest.mark.parametrize("config", [ConfigDict(strict=True), ConfigDict(str_min_length=1)])
def test_alias_in_models_of_unlike_configs(config: ConfigDict) -> None:
    """A type alias in models of unlike configs is unsupported: its settings depend on when pydantic built the models."""
    make: Any = TypeAliasType
    text = make("Text", str)
    inner = create_model("Inner", one=(text, ...), other=(text, ...))
    for outer, supported in ((ConfigDict(title="Outer"), True), (config, False)):
        model = create_model("Outer", __config__=outer, inner=(inner, ...))
        assert (generate_parser(model, not_handled) is not None) == supported


def test_models_with_the_same_fields_share_bytecode() -> None:
    """A thousand models with the same fields need no more of the processor's cache than one."""
    one, other = (generate(create_model(name, id=(str, ...), kind=(Literal[name], ...))) for name in "ab")
    assert one.__code__ is other.__code__
    assert one({"id": {"S": "1"}, "kind": {"S": "a"}}).kind == "a"
    assert other({"id": {"S": "1"}, "kind": {"S": "b"}}).kind == "b"


def test_rebuilt_model() -> None:
    """The generated parser of a model that has been rebuilt since handles no image."""

    class Changing(BaseModel):
        id: str

    parser = generate(Changing)
    Changing.model_rebuild(force=True)
    with pytest.raises(NotHandled):
        parser({"id": {"S": "a"}})


def test_deep_nesting() -> None:
    """Blocks nested deeper than Python compiles get no generated parser."""
    kind: Any = int
    for _ in range(24):
        kind = list[kind]
    assert generate_parser(create_model("Deep", lists=(kind, ...)), not_handled) is None


def test_validator_of_other_fields() -> None:
    """A validator that takes other fields is unsupported, except within a nested model, whose own validator runs."""

    class Asking(BaseModel):
        low: int
        high: int

        @field_validator("high")
        @classmethod
        def check(cls, value: int, info: ValidationInfo) -> int:
            assert value > info.data["low"]
            return value

    class Holding(BaseModel):
        range: Asking

    assert generate_parser(Asking, not_handled) is None
    bounds = {"low": {"N": "1"}, "high": {"N": "2"}}
    assert parse(Holding, {"range": {"M": bounds}}) == Holding(range=Asking(low=1, high=2))
    with pytest.raises(NotHandled):
        parse(Holding, {"range": {"M": {**bounds, "low": {"N": "3"}}}})


def test_default_from_other_fields() -> None:
    """A default that is made of other fields is unsupported."""

    class Derived(BaseModel):
        id: str
        slug: str = Field(default_factory=lambda fields: str(fields["id"]).lower())

    assert generate_parser(Derived, not_handled) is None


def test_unknown_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    """A core schema of an unknown form, as a later pydantic may have, gets no generated parser."""

    class Later(BaseModel):
        id: str

    schema: Any = Later.__pydantic_core_schema__
    monkeypatch.delitem(schema["schema"]["fields"]["id"], "schema")
    assert generate_parser(Later, not_handled) is None


def test_pydantic_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pydantic plugin, which replaces the validator, sees each validation."""

    class Watched(BaseModel):
        id: str

    class Watching:
        def __init__(self, validator: Any) -> None:
            self.validator = validator

    monkeypatch.setattr(Watched, "__pydantic_validator__", Watching(Watched.__pydantic_validator__))
    assert generate_parser(Watched, not_handled) is None


def refuse(schema: Any, **options: Any) -> Any:
    raise TypeError


def ignore(schema: Any, **options: Any) -> Any:
    return SchemaValidator(schema)


@pytest.mark.parametrize("build", [refuse, ignore])
def test_untested_pydantic_core(monkeypatch: pytest.MonkeyPatch, build: Any) -> None:
    """A pydantic-core that lacks the option, or ignores it, gets no generated parser."""
    monkeypatch.setattr(core_schema, "SchemaValidator", build)
    core_schema.builds_instances.cache_clear()

    class Plain(BaseModel):
        id: str

    assert generate_parser(Plain, not_handled) is None
    core_schema.builds_instances.cache_clear()


def test_traceback_shows_the_source() -> None:
    """A traceback through a generated parser names the model and shows the line."""
    model = create_model("Traced", traced_id=(str, ...), __module__="shop.models")
    with pytest.raises(NotHandled) as caught:
        generate(model)({})
    lines = "".join(traceback.format_exception(caught.value))
    assert 'File "<parser of shop.models.Traced>", line ' in lines
    assert "    return parse_exactly(image, name)\n" in lines


def test_inspect_finds_the_source() -> None:
    """inspect.getsource() returns the source of a generated parser."""
    parser = generate(create_model("Inspected", inspected_id=(str, ...), __module__="shop.models"))
    source = inspect.getsource(parser)
    assert source.startswith("    def parse(image, name=None):\n")
    assert source.endswith("        return parse_exactly(image, name)\n")


def test_source_of_two_models_of_one_name() -> None:
    """Models of the same name with different fields have a source each."""
    parsers = [
        generate(create_model("Twin", twin_a=(str, ...), __module__="shop.models")),
        generate(create_model("Twin", twin_b=(str, ...), __module__="shop.models")),
    ]
    one, other = (parser.__code__.co_filename for parser in parsers)
    assert (one, other) == ("<parser of shop.models.Twin>", "<parser of shop.models.Twin 2>")
    assert "twin_a" in "".join(linecache.getlines(one))
    assert "twin_b" in "".join(linecache.getlines(other))


def test_source_goes_with_the_parser() -> None:
    """linecache releases the source with the last parser that uses it."""
    parsers = [generate(create_model("Brief", brief_id=(str, ...), __module__="shop.models")) for _ in range(2)]
    filename = parsers[0].__code__.co_filename
    parsers.pop()
    gc.collect()
    assert filename in linecache.cache
    parsers.pop()
    gc.collect()
    assert filename not in linecache.cache


def test_source_that_does_not_compile_is_released() -> None:
    """linecache keeps no source of a parser that Python does not compile."""
    kind: Any = int
    for _ in range(24):
        kind = list[kind]
    assert generate_parser(create_model("TooDeep", lists=(kind, ...), __module__="shop.models"), not_handled) is None
    assert "<parser of shop.models.TooDeep>" not in linecache.cache


def test_source_of_another_stays() -> None:
    """After linecache.clearcache() a parser does not remove the source that took its place."""
    parser = generate(create_model("Cleared", cleared_id=(str, ...), __module__="shop.models"))
    filename = parser.__code__.co_filename
    linecache.clearcache()
    linecache.cache[filename] = (0, None, ["of another"], filename)
    del parser
    gc.collect()
    assert linecache.getlines(filename) == ["of another"]
    del linecache.cache[filename]


# ------------------------------------------------------------------------------------------------------ hostile schemas


@settings(max_examples=examples(400))
@given(hostile_models_and_images())
def test_hostile_schema(case: tuple[type[BaseModel], dict[str, Any]]) -> None:
    """The names, aliases, literals, enums and defaults of a schema may be any text of any class."""
    model, wire = case
    expected = outcome(lambda: exactly(model, wire))
    generated = generate_parser(model, lambda wire, _image=None: exactly(model, wire))
    assert outcome(lambda: parser_for(model).parse(wire)) == expected
    assert generated is None or outcome(lambda: generated(wire)) == expected


@settings(max_examples=examples(200))
@given(hostile_models_and_images(), st.sampled_from([{"X": 1}, {"N": "x"}, None]), st.data())
def test_malformed_attribute(case: tuple[type[BaseModel], dict[str, Any]], value: Any, data: st.DataObject) -> None:
    """A malformed attribute is the same error, or none, before and after the first hundred images."""
    model, wire = case
    wire[data.draw(st.sampled_from(attributes_of(model)))] = value
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parser_module, "IMAGES_BEFORE_CODEGEN", 1_000)
        parser = parser_for(model)
        generated = generate_parser(model, parser.parse)
        assert generated is None or outcome(lambda: generated(wire)) == outcome(lambda: parser.parse(wire))


@pytest.mark.parametrize(
    "alias", [enum_member("it's"), Printing("it's"), AliasChoices(Printing("b"), enum_member("it's"))]
)
def test_alias_of_another_class(alias: Any) -> None:
    """A generated parser reads an alias that is the member of an enum, or prints as something else."""
    model = create_model("Aliased", total=(int, Field(0, validation_alias=alias)))
    assert parse(model, {"it's": {"N": "5"}, "another": {"N": "6"}}).total == 5
    assert parse(model, {}).total == 0


@pytest.mark.parametrize("name", HOSTILE_TEXTS[:-2])  # pydantic takes no half characters
def test_hostile_alias(name: str) -> None:
    """A generated parser reads an attribute of any name."""
    model = create_model("Aliased", total=(int, Field(validation_alias=name)))
    assert parse(model, {name: {"N": "5"}}).total == 5
