"""Each of the ten types decodes to the Python type that holds it exactly."""

from base64 import b64decode
from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer
from hypothesis import given

from router.wire.values import value_of
from tests.strategies import attribute_values, numbers


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        ({"S": "text"}, "text"),
        ({"S": ""}, ""),
        ({"N": "1"}, 1),
        ({"N": "-1.5"}, Decimal("-1.5")),
        ({"B": "aGk="}, b"hi"),
        ({"B": ""}, b""),
        ({"SS": ["a", "b"]}, {"a", "b"}),
        ({"NS": ["1", "1.5"]}, {1, Decimal("1.5")}),
        ({"BS": ["aGk=", ""]}, {b"hi", b""}),
        ({"M": {"a": {"N": "1"}}}, {"a": 1}),
        ({"M": {}}, {}),
        ({"L": [{"S": "a"}, {"N": "1"}]}, ["a", 1]),
        ({"L": []}, []),
        ({"NULL": True}, None),
        ({"BOOL": True}, True),
        ({"BOOL": False}, False),
    ],
)
def test_each_type_becomes_its_python_type(wire: Any, expected: Any) -> None:
    """Each of the ten types becomes the Python type that holds it exactly."""
    decoded = value_of(wire)
    assert (type(decoded), decoded) == (type(expected), expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("-0", 0),
        ("0.00", 0),
        ("0E999", 0),
        ("0E-99999999999999999999", 0),
        ("007", 7),
        ("+7", 7),
        ("-7", -7),
        ("1.0", 1),
        ("1.", 1),
        ("1E2", 100),
        ("1e+2", 100),
        ("1E125", 10**125),
        ("120E-1", 12),
        ("9" * 38, int("9" * 38)),
        ("1" + "0" * 125, 10**125),
        ("0" * 1000 + "1", 1),
    ],
)
def test_an_integral_number_becomes_int(text: str, expected: int) -> None:
    """A number with an integral value becomes an int, in any spelling."""
    decoded = value_of({"N": text})
    assert (type(decoded), decoded) == (int, expected)


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        (".5", (5,)),
        ("1.50", (1, 5, 0)),
        ("1E-130", (1,)),
        ("1." + "0" * 36 + "1", (1, *[0] * 36, 1)),
        ("1.5" + "0" * 100, (1, 5, *[0] * 36)),
    ],
)
def test_any_other_number_becomes_decimal(text: str, digits: tuple[int, ...]) -> None:
    """A fraction keeps its digits as written, except zeros after the 38th digit."""
    assert value_of({"N": text}).as_tuple().digits == digits


def test_the_callers_decimal_context_changes_nothing() -> None:
    """The precision of the current decimal context neither rounds a number nor makes it an error."""
    text = "1.2345678901234567890123456789012345678"
    with localcontext() as context:
        context.prec = 3
        assert str(value_of({"N": text})) == text


@given(numbers())
def test_a_number_keeps_its_value(text: str) -> None:
    """A number is neither rounded nor a float, and an integral one is an int."""
    decoded = value_of({"N": text})
    assert decoded == Decimal(text)
    assert type(decoded) is (int if Decimal(text) == Decimal(text).to_integral_value() else Decimal)


@pytest.mark.parametrize("tag", ["SS", "NS", "BS"])
def test_an_empty_set_is_a_set(tag: str) -> None:
    """An empty array under a set's tag decodes, although DynamoDB stores no empty set."""
    assert value_of({tag: []}) == set()


def test_numbers_of_a_set_are_compared_by_value() -> None:
    """Two spellings of one number are one member."""
    assert value_of({"NS": ["1", "1.0", "10E-1"]}) == {1}


def test_maps_nest_as_deep_as_dynamodb_allows() -> None:
    """32 levels decode."""
    wire: Any = {"N": "1"}
    for _ in range(32):
        wire = {"L": [wire]}
    value = value_of(wire)
    for _ in range(32):
        (value,) = value
    assert value == 1


@given(attribute_values())
def test_decoding_equals_boto3(wire: Any) -> None:
    """Decoding gives what boto3's deserializer gives."""
    expected = TypeDeserializer().deserialize(rewritten(wire, {"B": b64decode, "N": boto3_number}))
    assert value_of(wire) == expected  # its Binary equals the bytes it holds


def rewritten(wire: Any, scalars: dict[str, Callable[[str], Any]]) -> Any:
    """The same value in the form that boto3 takes."""
    ((tag, body),) = wire.items()
    match tag:
        case "M":
            return {tag: {name: rewritten(inner, scalars) for name, inner in body.items()}}
        case "L":
            return {tag: [rewritten(inner, scalars) for inner in body]}
        case "NS" | "BS":
            return {tag: [scalars[tag[0]](inner) for inner in body]}
        case "N" | "B":
            return {tag: scalars[tag](body)}
    return wire


def boto3_number(text: str) -> str:
    """Replace zeros: boto3's range of exponents is shifted by three, and a zero outside it raises."""
    return "0" if Decimal(text) == 0 else text
