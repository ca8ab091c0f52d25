"""What is written for a model makes the instance that exact reading makes, or else leaves the image to that."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from types import FunctionType
from typing import Annotated, Any, Literal, cast

import pytest
from pydantic import (
    AfterValidator,
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_core import SchemaValidator

from router.parsing import validators
from router.parsing.codegen import generate_parser
from router.parsing.parser import parser_for
from router.wire.decode import decode_image
from tests.strategies import Colour, Line, Size, Tree


class Order(BaseModel):
    kind: Literal["order"]
    id: Annotated[str, AfterValidator(str.lower)]
    total: Decimal
    weight: float
    count: int = 0
    paid: bool = False
    colour: Colour | None = None
    at: datetime | None = None
    lines: list[Line] = []
    parts: Tree | None = None


ORDER: dict[str, Any] = {
    "kind": {"S": "order"},
    "id": {"S": "O-1"},
    "total": {"N": "129.99"},
    "weight": {"N": "7"},
    "count": {"N": "-3"},
    "paid": {"BOOL": True},
    "colour": {"S": "red"},
    "at": {"S": "2026-11-23T07:00:00Z"},
    "lines": {"L": [{"M": {"sku": {"S": "a"}, "count": {"N": "2"}}}]},
    "parts": {"M": {"value": {"N": "1"}, "branches": {"L": [{"M": {"value": {"N": "2"}}}]}}},
    "pk": {"S": "ORDER#1"},
}


class Left(Exception):  # noqa: N818 - an answer
    """The image is left to exact reading."""


def leave(wire: Any, image: str | None = None) -> Any:
    raise Left


def read(model: type[BaseModel], wire: Any) -> Any:
    written = generate_parser(model, leave)
    assert written is not None
    return written(wire)


def test_an_image_as_dynamodb_writes_it_is_read() -> None:
    """Values of all kinds are read in place, and an attribute that no field has is passed over."""
    assert read(Order, ORDER) == parser_for(Order).validate(
        {
            "kind": "order",
            "id": "O-1",
            "total": Decimal("129.99"),
            "weight": 7,
            "count": -3,
            "paid": True,
            "colour": "red",
            "at": "2026-11-23T07:00:00Z",
            "lines": [{"sku": "a", "count": 2}],
            "parts": {"value": 1, "branches": [{"value": 2}]},
        }
    )


@pytest.mark.parametrize("name", ["count", "paid", "colour", "at", "lines", "parts"])
def test_what_is_missing_has_its_default(name: str) -> None:
    """A field that has a default needs no attribute."""
    instance = read(Order, {other: value for other, value in ORDER.items() if other != name})
    assert getattr(instance, name) == Order.model_fields[name].get_default(call_default_factory=True)
    assert name not in instance.model_fields_set


@pytest.mark.parametrize("name", ["colour", "at", "parts"])
def test_null_is_none(name: str) -> None:
    """An attribute that is null is read as None."""
    assert getattr(read(Order, {**ORDER, name: {"NULL": True}}), name) is None


NUMBERS = ("0", "7", "100", "-3", "1.5", "-12.25", "1.0", "1.50", "1E2", "1e2", "007", "-0", "-0.0", "+1", ".5", "1.")
NO_NUMBERS = ("", " 1", "1_0", "1\n", "x", "٣", "²", "NaN", "NaN5", "sNaN1", "Infinity", "-Infinity", "1E400")


@pytest.mark.parametrize("name", ["count", "total", "weight", "at", "id"])
@pytest.mark.parametrize(
    "text", [*NUMBERS, *NO_NUMBERS, "9" * 38, "9" * 39, "0." + "3" * 38, "1" * 20 + "." + "1" * 19]
)
def test_what_is_read_of_a_number_is_what_exact_reading_makes_of_it(name: str, text: str) -> None:
    """However a number is spelled, and whatever it is for, the answer is the exact one or none."""
    wire = {**ORDER, name: {"N": text}}
    try:
        found = read(Order, wire)
    except Left:
        return
    exact = Order.model_validate(decode_image(wire))
    assert repr(found) == repr(exact)


@pytest.mark.parametrize("text", ["0", "7", "100", "1.5", "129.95"])
def test_numbers_as_dynamodb_writes_them_are_read(text: str) -> None:
    """The usual ones are not left to exact reading."""
    assert read(Order, {**ORDER, "total": {"N": text}}).total == Decimal(text)


LINES: list[Any] = [
    *([{"S": ""}], ({"M": {}},), None, [{"M": [("sku", 1)]}]),
    *([{"M": {"sku": {"S": "a"}, name: wire}}] for name, wire in [("x", {"X": 1}), (1, {"S": ""})]),
]
MALFORMED_OR_REFUSED: dict[str, list[Any]] = {
    "count": [{"S": "1"}, {"NULL": True}, {"N": 1}, {"N": b"1"}, {"N": "1", "S": ""}, "1", None, {}, [], {"N": None}],
    "total": [{"N": 1}, {"N": 1.5}, {"N": "1.5", "": ""}, {"N": Decimal(1)}],
    "paid": [{"N": "1"}, {"S": "true"}, {"BOOL": 1}, {"BOOL": "true"}, True],
    "id": [{"N": "1"}, {"S": 1}, {"S": None}, {"S": {"S": "a"}}, "a", ["S"]],
    "colour": [{"NULL": False}, {"NULL": True, "S": "red"}, {"S": "green"}, {"S": []}],
    "at": [{"S": 0}, {"S": "2026-11-23", "N": "1"}, {"S": "never"}],
    "lines": [{"L": wires} for wires in LINES],
    "kind": [{"S": "other"}],
}


@pytest.mark.parametrize(
    ("name", "wire"), [(name, wire) for name, wires in MALFORMED_OR_REFUSED.items() for wire in wires]
)
def test_what_no_field_takes_is_left_to_exact_reading(name: str, wire: Any) -> None:
    """What is malformed, or refused by the model, is not answered: the error has to be the exact one."""
    with pytest.raises(Left):
        read(Order, {**ORDER, name: wire})


@pytest.mark.parametrize("wire", [None, [], "text", 1, [("id", {"S": "a"})]])
def test_what_is_no_image_is_left_to_exact_reading(wire: Any) -> None:
    """Not even a model that needs no attribute is made of it."""

    class Lazy(BaseModel):
        id: str = ""

    with pytest.raises(Left):
        read(Lazy, wire)


def test_a_text_of_a_number_is_read_as_a_date_if_the_field_is_one() -> None:
    """A value is decoded and left to the field's validator, whatever its tag is."""
    assert read(Order, {**ORDER, "at": {"N": "1700000000"}}).at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def test_a_lean_model_does_not_look_at_the_rest() -> None:
    """Where most of an image is not read, it may hold anything."""

    class Lean(BaseModel):
        id: str

    assert read(Lean, {"id": {"S": "a"}, "b": None, "c": {}, "d": 1}) == Lean(id="a")


def test_a_nested_model_does_look_at_the_rest() -> None:
    """Exact reading decodes all of a nested value, so what is malformed in it counts; what is in order does not."""
    line = {"sku": {"S": "a"}, "more": {"M": {"deep": {"SS": ["x"]}}}}
    assert read(Order, {**ORDER, "lines": {"L": [{"M": line}]}}).lines == [Line(sku="a")]
    with pytest.raises(Left):
        read(Order, {**ORDER, "lines": {"L": [{"M": {**line, "more": {"M": {"deep": {"SS": [1]}}}}}]}})


@pytest.mark.parametrize("wire", [{"ID": {"S": "a"}}, {"id": {"S": "a"}}, {"ID": {"S": "a"}, "id": {"N": "1"}}])
def test_an_alias_goes_before_the_name(wire: dict[str, Any]) -> None:
    """Where a model goes by both, the alias counts."""

    class Named(BaseModel):
        model_config = ConfigDict(populate_by_name=True)

        id: str = Field(alias="ID")

    assert read(Named, wire).id == "a"


def test_an_alias_does_not_count_where_only_the_name_does() -> None:
    """``validate_by_alias=False`` is a choice, too."""

    class ByName(BaseModel):
        model_config = ConfigDict(validate_by_alias=False, validate_by_name=True)

        id: str = Field(alias="ID")

    wire = {"ID": {"S": "a"}, "id": {"S": "b"}}
    assert parser_for(ByName).parse(wire) == ByName.model_validate(decode_image(wire))
    assert read(ByName, wire).id == "b"


@pytest.mark.parametrize(
    ("config", "field"),
    [
        (ConfigDict(strict=True), Field()),
        (ConfigDict(validate_default=True), Field()),
        (ConfigDict(), Field(default="a", validate_default=True)),
        (ConfigDict(), Field(validation_alias=AliasPath("a", "b"))),
    ],
)
def test_a_model_that_is_not_certain_is_not_pointed(config: ConfigDict, field: Any) -> None:
    """Where values may come from elsewhere than an attribute, or types count, nothing is ventured."""

    class Uncertain(BaseModel):
        model_config = config

        id: str = field

    assert generate_parser(Uncertain, leave) is None


def test_a_strict_field_is_read_exactly() -> None:
    """A field that tells the text of a number from a number is given the number."""

    class Picky(BaseModel):
        id: Annotated[int, Field(strict=True)]

    assert read(Picky, {"id": {"N": "1"}}) == Picky(id=1)


class Odd(Enum):
    """Values that cannot be looked up."""

    ONE = ["a"]  # noqa: RUF012 - that it can be changed is what this is about


class Everything(BaseModel):
    texts: set[str]
    names: frozenset[str]
    numbers: set[int]
    constrained: Annotated[int, Field(ge=0)]
    short: Annotated[str, Field(max_length=3)]
    few: Annotated[list[int], Field(max_length=2)]
    some: Annotated[set[str], Field(min_length=1)]
    longer: set[Annotated[str, Field(min_length=1)]]
    odd: Odd
    either: int | str
    anything: Any
    several: list[list[int]]
    by_name: dict[str, Line]
    binary: bytes
    size: Size
    _seen: list[int] = PrivateAttr(default_factory=list)


EVERYTHING: dict[str, Any] = {
    "texts": {"SS": ["a", "b"]},
    "names": {"SS": ["a"]},
    "numbers": {"NS": ["1", "2"]},
    "constrained": {"N": "3"},
    "short": {"S": "abc"},
    "few": {"L": [{"N": "1"}]},
    "some": {"SS": ["a"]},
    "longer": {"SS": ["a"]},
    "odd": {"L": [{"S": "a"}]},
    "either": {"S": "5"},
    "anything": {"M": {"a": {"L": [{"NULL": True}, {"N": "1.50"}]}}},
    "several": {"L": [{"L": [{"N": "1"}]}, {"L": []}]},
    "by_name": {"M": {"x": {"M": {"sku": {"S": "a"}}}}},
    "binary": {"B": "YQ=="},
    "size": {"N": "2"},
}


def test_what_is_not_written_out_is_asked_of_the_fields_own_validator() -> None:
    """Constraints, unions, sets, binaries: a model may hold any of them."""
    found = read(Everything, EVERYTHING)
    assert found == Everything.model_validate(decode_image(EVERYTHING))
    assert found.__pydantic_private__ == {"_seen": []}
    for wrong in (
        {"constrained": {"N": "-1"}},
        {"short": {"S": "abcd"}},
        {"texts": {"SS": ["a", 1]}},
        {"few": {"L": [{"N": "1"}] * 3}},
        {"longer": {"SS": [""]}},
        {"size": {"N": "9"}},
    ):
        with pytest.raises(Left):
            read(Everything, {**EVERYTHING, **wrong})


def test_defaults_are_made_anew() -> None:
    """What one instance does to its default shows in no other."""

    class Kept(BaseModel):
        copied: list[str] = []
        made: dict[str, int] = Field(default_factory=dict)

    read(Kept, {}).copied.append("a")
    read(Kept, {}).made["a"] = 1
    assert read(Kept, {}) == Kept()
    assert read(Kept, {}).model_fields_set == set()


def test_models_of_one_build_share_their_bytecode() -> None:
    """A thousand entities of the same fields need no more of the processor's cache than one."""
    readers = [generate_parser(create_model(name, id=(str, ...), kind=(Literal[name], ...)), leave) for name in "ab"]
    (one, other) = (cast("FunctionType", reader).__code__ for reader in readers)
    assert one is other
    assert [
        reader({"id": {"S": "1"}, "kind": {"S": name}}).kind
        for reader, name in zip(readers, "ab", strict=True)
        if reader
    ] == ["a", "b"]


def test_a_rebuilt_model_is_left_to_exact_reading() -> None:
    """The function was written for the model that was."""

    class Changing(BaseModel):
        id: str

    written = generate_parser(Changing, leave)
    assert written is not None
    Changing.model_rebuild(force=True)
    with pytest.raises(Left):
        written({"id": {"S": "a"}})


def test_a_model_may_hold_itself() -> None:
    """Where it does, it is left to its validator from there on."""
    wire = {"value": {"N": "1"}, "branches": {"L": [{"M": {"value": {"N": "2"}, "branches": {"L": []}}}]}}
    assert read(Tree, wire) == Tree(value=1, branches=[Tree(value=2)])


def test_a_model_may_hold_many_others() -> None:
    """One so large that writing it out would take longer than it saves is left to its validator in part."""
    model: type[BaseModel] = Line
    for _ in range(6):
        model = create_model("Wider", a=(model, ...), b=(model, ...), c=(model, ...))
    wire: dict[str, Any] = {"M": {"sku": {"S": "a"}}}
    for _ in range(6):
        wire = {"M": dict.fromkeys("abc", wire)}
    assert read(model, wire["M"]) == model.model_validate(decode_image(wire["M"]))


def test_blocks_deeper_than_python_takes_are_not_written() -> None:
    """A list in a list in a list, two dozen times, is read exactly."""
    kind: Any = int
    for _ in range(24):
        kind = list[kind]
    assert generate_parser(create_model("Deep", lists=(kind, ...)), leave) is None


def test_a_validator_that_asks_for_other_fields_is_not_written_out() -> None:
    """It would not find them; within a nested model, which is left to its validator then, it does."""

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

    assert generate_parser(Asking, leave) is None
    bounds = {"low": {"N": "1"}, "high": {"N": "2"}}
    assert read(Holding, {"range": {"M": bounds}}) == Holding(range=Asking(low=1, high=2))
    with pytest.raises(Left):
        read(Holding, {"range": {"M": {**bounds, "low": {"N": "3"}}}})


def test_a_default_made_of_other_fields_is_not_written_out() -> None:
    """As above."""

    class Derived(BaseModel):
        id: str
        slug: str = Field(default_factory=lambda fields: str(fields["id"]).lower())

    assert generate_parser(Derived, leave) is None


def test_a_schema_of_a_kind_unheard_of_is_read_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer pydantic may say things that nobody expected here, which is no reason for a record to fail."""

    class Later(BaseModel):
        id: str

    schema: Any = Later.__pydantic_core_schema__
    monkeypatch.delitem(schema["schema"]["fields"]["id"], "schema")
    assert generate_parser(Later, leave) is None


def test_a_plugin_of_pydantics_sees_all_that_is_validated(monkeypatch: pytest.MonkeyPatch) -> None:
    """One puts a validator of its own in the place of pydantic-core's, and is not passed by."""

    class Watched(BaseModel):
        id: str

    class Watching:
        def __init__(self, validator: Any) -> None:
            self.validator = validator

    monkeypatch.setattr(Watched, "__pydantic_validator__", Watching(Watched.__pydantic_validator__))
    assert generate_parser(Watched, leave) is None


def test_a_validator_of_the_whole_instance_is_called() -> None:
    """What a model does when it is finished, it does here too."""

    class Checked(BaseModel):
        id: str

        @model_validator(mode="after")
        def check(self) -> "Checked":
            assert self.id != "b"
            return self

    assert read(Checked, {"id": {"S": "a"}}) == Checked(id="a")
    with pytest.raises(Left):
        read(Checked, {"id": {"S": "b"}})


def refuse(schema: Any, **options: Any) -> Any:
    raise TypeError


def take_no_heed(schema: Any, **options: Any) -> Any:
    return SchemaValidator(schema)


@pytest.mark.parametrize("build", [refuse, take_no_heed])
def test_nothing_is_written_where_pydantic_does_otherwise(monkeypatch: pytest.MonkeyPatch, build: Any) -> None:
    """A pydantic-core that does not know the option, or that does not heed it, is found out."""
    monkeypatch.setattr(validators, "SchemaValidator", build)
    validators.builds_instances.cache_clear()
    assert generate_parser(Order, leave) is None
    validators.builds_instances.cache_clear()
