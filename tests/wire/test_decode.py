"""Decoding is exact, refuses what DynamoDB never stores, and says where without saying what."""

import copy
import sys
from base64 import b64decode
from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer
from hypothesis import given
from hypothesis import strategies as st

from router.errors import DecodeError
from router.wire.decode import decode_image, decode_value
from tests.strategies import SECRET, SECRET_NUMBER, attribute_values, images, junk, numbers


def nested(levels: int, innermost: Any) -> Any:
    for _ in range(levels):
        innermost = {"L": [innermost]}
    return innermost


def refusal(wire: Any) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        decode_value(wire)
    return caught.value


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
    decoded = decode_value(wire)
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
    """Whether a number is an integer goes by its value, not by its spelling."""
    decoded = decode_value({"N": text})
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
    """A fraction keeps its digits as they are written; zeros beyond the 38th digit say nothing and go."""
    assert decode_value({"N": text}).as_tuple().digits == digits


def test_the_callers_decimal_context_changes_nothing() -> None:
    """A user's precision neither rounds a number nor refuses it."""
    text = "1.2345678901234567890123456789012345678"
    with localcontext() as context:
        context.prec = 3
        assert str(decode_value({"N": text})) == text


@pytest.mark.parametrize("tag", ["SS", "NS", "BS"])
def test_an_empty_set_is_a_set(tag: str) -> None:
    """An empty array under a set's tag decodes, although DynamoDB stores no empty set."""
    assert decode_value({tag: []}) == set()


def test_numbers_of_a_set_are_compared_by_value() -> None:
    """Two spellings of one number are one member."""
    assert decode_value({"NS": ["1", "1.0", "10E-1"]}) == {1}


def test_maps_nest_as_deep_as_dynamodb_allows() -> None:
    """32 levels decode."""
    value = decode_value(nested(32, {"N": "1"}))
    for _ in range(32):
        (value,) = value
    assert value == 1


def test_an_image_keeps_the_order_of_its_attributes() -> None:
    """The decoded image lists attributes as the wire does."""
    assert list(decode_image({"b": {"N": "1"}, "a": {"S": ""}})) == ["b", "a"]


@pytest.mark.parametrize(
    ("wire", "found"),
    [
        (None, "null"),
        ("S", "a string"),
        (1, "a number"),
        (1.5, "a number"),
        (True, "a boolean"),
        ([], "an array"),
        (["S"], "an array"),
        (b"S", "a value of type bytes"),
        ({}, "an object without a type tag"),
        ({"X": 1}, "the type tag 'X'"),
        ({"s": ""}, "the type tag 's'"),
        ({1: ""}, "the type tag a number"),
        ({"S": "", "N": "1"}, "2 type tags ('S', 'N')"),
        ({"S": "", "N": "1", "B": ""}, "3 type tags ('S', 'N', ...)"),
        ({"S": None}, "null under S"),
        ({"S": 1}, "a number under S"),
        ({"S": True}, "a boolean under S"),
        ({"N": 1}, "a number under N"),
        ({"N": True}, "a boolean under N"),
        ({"N": b"1"}, "a value of type bytes under N"),
        ({"N": Decimal(1)}, "a value of type Decimal under N"),
        ({"B": 1}, "a number under B"),
        ({"B": b"aGk="}, "a value of type bytes under B"),
        ({"SS": "ab"}, "a string under SS"),
        ({"NS": {"1": "1"}}, "an object under NS"),
        ({"BS": None}, "null under BS"),
        ({"M": None}, "null under M"),
        ({"M": []}, "an array under M"),
        ({"M": {1: {"S": ""}}}, "an attribute name that is no string"),
        ({"L": {}}, "an object under L"),
        ({"L": "ab"}, "a string under L"),
        ({"NULL": False}, "a boolean under NULL"),
        ({"NULL": 1}, "a number under NULL"),
        ({"NULL": None}, "null under NULL"),
        ({"BOOL": 1}, "a number under BOOL"),
        ({"BOOL": "true"}, "a string under BOOL"),
    ],
)
def test_a_value_of_the_wrong_shape_is_refused(wire: Any, found: str) -> None:
    """What no attribute value can be is named by its JSON type and its tag."""
    assert refusal(wire).found == found


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "abc", " 1", "1 ", "1\n", "1_000", "1,5", "0x1f", "--1", "1e", "e1", ".", "-", "1e1.5", "1__0"),
        *("NaN", "nan", "sNaN", "NaN1", "Infinity", "-inf", "٣", "²", "1٣", "1.٣"),
    ],
)
def test_a_text_that_is_no_number_is_refused(text: str) -> None:
    """Only ASCII decimal notation is a number: neither Python's extras nor NaN."""
    assert refusal({"N": text}).found == "a string that is no number under N"


@pytest.mark.parametrize("text", ["1" * 39, "-" + "1" * 39, "1." + "1" * 38, "1" + "0" * 37 + ".1"])
def test_a_number_of_more_than_38_digits_is_refused(text: str) -> None:
    """Nothing is rounded: a 39th significant digit is an error."""
    assert refusal({"N": text}).found == "a number of more than 38 significant digits under N"


@pytest.mark.parametrize(
    "text", ["1E126", "-1E126", "1E-131", "1" + "0" * 126, "1E99999999999999999999", "1E-99999999999999999999"]
)
def test_a_number_beyond_the_range_is_refused(text: str) -> None:
    """What is larger or nearer to zero than DynamoDB stores is an error."""
    assert refusal({"N": text}).found == "a number outside DynamoDB's range of 1E-130 to 9.99E+125 under N"


@pytest.mark.parametrize("text", ["1" * 1_000_000, "1E" + "9" * 1_000_000, "0." + "0" * 1_000_000 + "1"])
@pytest.mark.timeout(5)
def test_a_huge_number_is_refused_at_once(text: str) -> None:
    """A long text costs its length, not the size of the number it writes."""
    assert refusal({"N": text}).found == "a number outside DynamoDB's range of 1E-130 to 9.99E+125 under N"


@pytest.mark.parametrize("text", ["a", "aGk", "aGk=\n", "a Gk=", "aGk=aGk=", "=", "aG-_", "é"])
def test_a_text_that_is_no_base64_is_refused(text: str) -> None:
    """Base64 is read strictly: no blanks, no missing padding, no other alphabet."""
    assert refusal({"B": text}).found == "a string that is no base64 under B"


@pytest.mark.parametrize(
    ("wire", "path"),
    [
        ({"total": {"X": 1}}, "total"),
        ({"a": {"N": "1"}, "b": {"N": 1}}, "b"),
        ({"lines": {"L": [{"S": ""}, {"M": {"total": {"N": "x"}}}]}}, "lines[1].total"),
        ({"tags": {"SS": ["a", None]}}, "tags[1]"),
        ({"prices": {"NS": ["1", "2", "x"]}}, "prices[2]"),
        ({"blobs": {"BS": ["!"]}}, "blobs[0]"),
        ({"tags": {"SS": None}}, "tags"),
        ({"a": {"L": [{"L": [{"L": [None]}]}]}}, "a[0][0][0]"),
        ({"a": {"M": {1: {"S": ""}}}}, "a"),
        ({1: {"S": ""}}, ""),
    ],
)
def test_the_error_says_where(wire: Any, path: str) -> None:
    """The path leads from the image to the value that is wrong."""
    with pytest.raises(DecodeError) as caught:
        decode_image(wire)
    assert caught.value.path == path


def test_the_first_fault_is_named() -> None:
    """Of two faults the one that stands first is reported."""
    with pytest.raises(DecodeError) as caught:
        decode_image({"a": {"S": ""}, "b": {"X": 1}, "c": {"Y": 1}})
    assert caught.value.path == "b"


def test_the_error_reads_as_a_sentence() -> None:
    """Where, what was found and what was expected stand in the message."""
    with pytest.raises(DecodeError) as caught:
        decode_image({"lines": {"L": [{"M": {"total": {"N": True}}}]}}, "NewImage")
    assert str(caught.value) == (
        "attribute 'lines[0].total' of NewImage: found a boolean under N, "
        "expected a decimal number of at most 38 digits, as text"
    )


def test_the_error_has_no_cause() -> None:
    """The plain errors that Python raised on the way are an inner matter."""
    fault = refusal({"N": "x"})
    assert (fault.__cause__, fault.__context__) == (None, None)


@pytest.mark.parametrize("wire", [None, [], "S", 1, [{"S": ""}]])
def test_an_image_that_is_no_object_is_refused(wire: Any) -> None:
    """An image is an object; null is none."""
    with pytest.raises(DecodeError, match=r"^OldImage: found .*, expected an object of attributes$"):
        decode_image(wire, "OldImage")


def test_an_endless_nesting_is_refused() -> None:
    """Nesting that would end Python's recursion is a decode error as any other."""
    value = nested(sys.getrecursionlimit() * 2, {"S": ""})
    with pytest.raises(DecodeError, match="expected at most 32 levels"):
        decode_image({"a": value})
    assert refusal(value).expected == "at most 32 levels, as DynamoDB allows"


@pytest.mark.parametrize("wire", [{"x" * 100_000: 1}, {"S": 1, "x" * 100_000: 1}, {"M": {"x" * 100_000: 1}}])
def test_a_long_name_is_cut(wire: Any) -> None:
    """What only looks like a name does not flood the log."""
    assert len(str(refusal(wire))) < 300


def test_a_long_path_is_cut() -> None:
    """A deep fault is found, and its path keeps both ends."""
    value: Any = {"N": "x"}
    for _ in range(100):
        value = {"M": {"inner": value}}
    with pytest.raises(DecodeError) as caught:
        decode_image({"outer": value})
    assert caught.value.path.startswith("outer.inner.")
    assert caught.value.path.endswith(".inner")
    assert len(caught.value.path) <= 256


@given(attribute_values())
def test_decoding_equals_boto3(wire: Any) -> None:
    """Decoding gives what boto3's deserializer gives."""
    expected = TypeDeserializer().deserialize(rewritten(wire, {"B": b64decode, "N": boto3_number}))
    assert decode_value(wire) == expected  # its Binary equals the bytes it holds


def rewritten(wire: Any, scalars: dict[str, Callable[[str], Any]]) -> Any:
    """The same value as boto3 wants it."""
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
    """boto3's range of exponents is shifted by three and traps zeros that are out of it."""
    return "0" if Decimal(text) == 0 else text


@given(numbers())
def test_a_number_keeps_its_value(text: str) -> None:
    """A number is neither rounded nor a float, and an integral one is an int."""
    decoded = decode_value({"N": text})
    assert decoded == Decimal(text)
    assert type(decoded) is (int if Decimal(text) == Decimal(text).to_integral_value() else Decimal)


@given(images())
def test_decoding_leaves_its_input_alone(wire: Any) -> None:
    """The image is as it was."""
    before = copy.deepcopy(wire)
    decode_image(wire)
    assert wire == before


@given(junk() | st.dictionaries(st.text(max_size=3), junk()))
def test_junk_decodes_or_is_refused_without_its_values(wire: Any) -> None:
    """Whatever comes in, nothing but a decode error comes out, and no value is in its message."""
    for message in (str(fault(decode_image, wire)), str(fault(decode_value, wire))):
        assert SECRET not in message
        assert str(SECRET_NUMBER) not in message


@given(junk())
def test_an_image_fails_as_its_values_do(wire: Any) -> None:
    """An image is refused if and only if one of its values is, for the same reason and one step further in."""
    alone, inside = fault(decode_value, wire), fault(decode_image, {"a": {"S": ""}, "b": wire})
    assert (alone is None) == (inside is None)
    if alone is not None and inside is not None:
        assert (inside.found, inside.expected) == (alone.found, alone.expected)
        assert inside.path.startswith("b")


def fault(decode: Callable[[Any], Any], wire: Any) -> DecodeError | None:
    try:
        decode(wire)
    except DecodeError as error:
        return error
    return None
