"""A malformed value is an error that says what was found, what was expected and where, without the value."""

import sys
from decimal import Decimal
from typing import Any

import pytest

from router.errors import DecodeError
from router.wire.decode import decode_image, decode_value


def nested(levels: int, innermost: Any) -> Any:
    for _ in range(levels):
        innermost = {"L": [innermost]}
    return innermost


def refusal(wire: Any) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        decode_value(wire)
    return caught.value


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
    """A malformed value is named by its JSON type and its tag."""
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
    """A 39th significant digit is an error, because nothing is rounded."""
    assert refusal({"N": text}).found == "a number of more than 38 significant digits under N"


@pytest.mark.parametrize(
    "text", ["1E126", "-1E126", "1E-131", "1" + "0" * 126, "1E99999999999999999999", "1E-99999999999999999999"]
)
def test_a_number_beyond_the_range_is_refused(text: str) -> None:
    """A number outside DynamoDB's range is an error."""
    assert refusal({"N": text}).found == "a number outside DynamoDB's range of 1E-130 to 9.99E+125 under N"


@pytest.mark.parametrize("text", ["1" * 1_000_000, "1E" + "9" * 1_000_000, "0." + "0" * 1_000_000 + "1"])
def test_a_huge_number_is_refused_at_once(text: str) -> None:
    """A long text costs its length, not the size of the number it writes."""
    assert refusal({"N": text}).found == "a number outside DynamoDB's range of 1E-130 to 9.99E+125 under N"


@pytest.mark.parametrize("text", ["a", "aGk", "aGk=\n", "a Gk=", "aGk=aGk=", "=", "aG-_", "é"])
def test_a_text_that_is_no_base64_is_refused(text: str) -> None:
    """Base64 is decoded strictly: no blanks, no missing padding, no other alphabet."""
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
    """Of two faults the first one is reported."""
    with pytest.raises(DecodeError) as caught:
        decode_image({"a": {"S": ""}, "b": {"X": 1}, "c": {"Y": 1}})
    assert caught.value.path == "b"


def test_the_error_reads_as_a_sentence() -> None:
    """The message names the place, what was found and what was expected."""
    with pytest.raises(DecodeError) as caught:
        decode_image({"lines": {"L": [{"M": {"total": {"N": True}}}]}}, "NewImage")
    assert str(caught.value) == (
        "attribute 'lines[0].total' of NewImage: found a boolean under N, "
        "expected a decimal number of at most 38 digits, as text"
    )


@pytest.mark.parametrize("wire", [None, [], "S", 1, [{"S": ""}]])
def test_an_image_that_is_no_object_is_refused(wire: Any) -> None:
    """An image that is not an object is an error, null included."""
    with pytest.raises(DecodeError, match=r"^OldImage: found .*, expected an object of attributes$"):
        decode_image(wire, "OldImage")


def test_an_endless_nesting_is_refused() -> None:
    """Nesting beyond Python's recursion limit is a DecodeError."""
    value = nested(sys.getrecursionlimit() * 2, {"S": ""})
    with pytest.raises(DecodeError, match="expected at most 32 levels"):
        decode_image({"a": value})
    assert refusal(value).expected == "at most 32 levels, as DynamoDB allows"


@pytest.mark.parametrize("wire", [{"x" * 100_000: 1}, {"S": 1, "x" * 100_000: 1}, {"M": {"x" * 100_000: 1}}])
def test_a_long_name_is_cut(wire: Any) -> None:
    """A long object key is cut in the message."""
    assert len(str(refusal(wire))) < 300


def test_a_long_path_is_cut() -> None:
    """A deep fault is found, and its path is cut in the middle."""
    value: Any = {"N": "x"}
    for _ in range(100):
        value = {"M": {"inner": value}}
    with pytest.raises(DecodeError) as caught:
        decode_image({"outer": value})
    assert caught.value.path.startswith("outer.inner.")
    assert caught.value.path.endswith(".inner")
    assert len(caught.value.path) <= 256


@pytest.mark.parametrize(
    ("wire", "path"),
    [
        ({"lines": {"L": [{"M": {"total": {"N": "x"}}}]}}, "lines[0].total"),
        ({"mails": {"M": {"a@b.example": {"N": "x"}}}}, "mails.<key>"),
        ({"a@b.example": {"M": {"a@b.example": {"M": {"total": {"N": "x"}}}}}}, "a@b.example.<key>.total"),
    ],
)
def test_the_key_of_a_map_is_not_shown(wire: Any, path: str) -> None:
    """Below an attribute the path shows only the names that may be shown: any other is the key of a map."""
    with pytest.raises(DecodeError) as caught:
        decode_image(wire, shown=lambda: {"total"})
    assert caught.value.path == path


@pytest.mark.parametrize("wire", [{"s3cret": 1}, {"s3cret": 1, "S": ""}])
def test_a_text_that_is_no_tag_is_not_shown(wire: Any) -> None:
    """An object key that is longer than any tag is data, and only its length is stated."""
    assert "s3cret" not in str(refusal(wire))
    assert "a text of 6 characters" in refusal(wire).found
