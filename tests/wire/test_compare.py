"""Attribute values are compared as their decoded values would be, without decoding."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.wire.compare import differences, same
from router.wire.decode import decode_value
from tests.strategies import attribute_values, images, junk, names, stored_values


@st.composite
def respelled(draw: st.DrawFn, wire: dict[str, Any]) -> dict[str, Any]:
    """Draw an equal value: sets and maps in another order, numbers with other digits."""
    ((tag, body),) = wire.items()
    if tag == "N":
        return {tag: draw(st.sampled_from([body, *spellings(body)]))}
    if tag == "NS":
        return {tag: [draw(st.sampled_from(spellings(text))) for text in draw(st.permutations(body))]}
    if tag in ("SS", "BS"):
        return {tag: draw(st.permutations(body))}
    if tag == "L":
        return {tag: [draw(respelled(inner)) for inner in body]}
    if tag == "M":
        return {tag: {name: draw(respelled(inner)) for name, inner in draw(st.permutations(list(body.items())))}}
    return wire


def spellings(text: str) -> list[str]:
    sign, digits, exponent = Decimal(text).as_tuple()
    assert isinstance(exponent, int)
    unsigned = "".join(map(str, digits))
    return [text, str(Decimal(text)), f"{'-' * sign}00{unsigned}E{exponent}", f"{'-' * sign}{unsigned}.0e{exponent:+}"]


def pairs() -> st.SearchStrategy[tuple[Any, Any]]:
    """Two values, often equal ones in different spellings."""
    return st.tuples(stored_values(), stored_values()) | stored_values().flatmap(
        lambda wire: st.tuples(st.just(wire), respelled(wire))
    )


def distinct_booleans(wire: Any) -> Any:
    """The decoded value with its booleans marked, because ``True == 1`` in Python."""
    if isinstance(wire, dict):
        return {name: distinct_booleans(value) for name, value in wire.items()}
    if isinstance(wire, list):
        return [distinct_booleans(value) for value in wire]
    return ("boolean", wire) if isinstance(wire, bool) else wire


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"N": "1"}, {"N": "1.0"}),
        ({"N": "1E2"}, {"N": "100"}),
        ({"N": "-0"}, {"N": "0"}),
        ({"N": "0.10"}, {"N": "1e-1"}),
        ({"N": "9" * 38}, {"N": "9" * 38 + ".0"}),
        ({"SS": ["a", "b"]}, {"SS": ["b", "a"]}),
        ({"NS": ["1", "2"]}, {"NS": ["2.0", "1.0"]}),
        ({"BS": ["YQ==", "Yg=="]}, {"BS": ["Yg==", "YQ=="]}),
        ({"L": [{"N": "1"}]}, {"L": [{"N": "1.0"}]}),
        ({"M": {"a": {"N": "1"}, "b": {"S": "x"}}}, {"M": {"b": {"S": "x"}, "a": {"N": "1.0"}}}),
        ({"M": {"a": {"L": [{"SS": ["a", "b"]}]}}}, {"M": {"a": {"L": [{"SS": ["b", "a"]}]}}}),
        ({"NULL": True}, {"NULL": True}),
        (None, None),
    ],
)
def test_same(left: Any, right: Any) -> None:
    """Numbers are the same by value, sets and maps in any order, at any depth."""
    assert same(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"N": "1"}, {"N": "2"}),
        ({"N": "9" * 38}, {"N": "9" * 37 + "8"}),
        ({"N": "1"}, {"S": "1"}),
        ({"S": "1"}, {"S": "1.0"}),
        ({"S": "a"}, {"S": "A"}),
        ({"S": "YQ=="}, {"B": "YQ=="}),
        ({"BOOL": True}, {"BOOL": False}),
        ({"BOOL": True}, {"NULL": True}),
        ({"SS": ["a"]}, {"SS": ["a", "b"]}),
        ({"NS": ["1"]}, {"SS": ["1"]}),
        ({"SS": ["a"]}, {"L": [{"S": "a"}]}),
        ({"L": [{"S": "a"}, {"S": "b"}]}, {"L": [{"S": "b"}, {"S": "a"}]}),
        ({"L": []}, {"L": [{"S": "a"}]}),
        ({"M": {}}, {"M": {"a": {"NULL": True}}}),
        ({"M": {"a": {"S": "x"}}}, {"M": {"b": {"S": "x"}}}),
        ({"NULL": True}, None),
        ({"S": ""}, None),
        ({"M": {}}, None),
    ],
)
def test_not_same(left: Any, right: Any) -> None:
    """Different values, values of different types, and NULL and absence are not the same."""
    assert not same(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"N": "x"}, {"N": "y"}),
        ({"N": 1}, {"N": "1"}),
        ({"N": "sNaN"}, {"N": "1"}),
        ({"NS": ["x"]}, {"NS": ["1"]}),
        ({"NS": [1]}, {"NS": ["1"]}),
        ({"NS": "12"}, {"NS": ["1", "2"]}),
        ({"NS": ["sNaN"]}, {"NS": ["1"]}),
        ({"SS": "ab"}, {"SS": ["a", "b"]}),
        ({"SS": {"a": 1}}, {"SS": ["a"]}),
        ({"SS": [["a"]]}, {"SS": ["a"]}),
        ({"SS": None}, {"SS": ["a"]}),
        ({"BS": "YQ=="}, {"BS": ["YQ=="]}),
        ({"L": "ab"}, {"L": ["a", "b"]}),
        ({"M": []}, {"M": {}}),
        ({"X": "1"}, {"X": "1.0"}),
        ({"N": "1", "S": "1"}, {"N": "1.0", "S": "1"}),
        ({}, None),
        ("N", {"N": "1"}),
    ],
)
def test_malformed_is_not_the_same(left: Any, right: Any) -> None:
    """A malformed value is the same only as itself, so that a change to it is detected."""
    assert not same(left, right)
    assert not same(right, left)
    assert same(left, left)


@given(pairs())
def test_same_agrees_with_decoding(pair: tuple[Any, Any]) -> None:
    """Two well-formed values are the same if and only if their decoded values are equal."""
    left, right = pair
    decoded_equal = distinct_booleans(decode_value(left)) == distinct_booleans(decode_value(right))
    assert same(left, right) == decoded_equal


@given(stored_values().flatmap(lambda wire: st.tuples(st.just(wire), respelled(wire))))
def test_spelling_does_not_count(pair: tuple[Any, Any]) -> None:
    """Two spellings of a value are the same."""
    assert same(*pair)


@given(attribute_values() | junk())
def test_same_is_reflexive(wire: Any) -> None:
    """Each value is the same as itself."""
    assert same(wire, wire)


@given(pairs() | st.tuples(junk(), junk()))
def test_same_is_symmetric(pair: tuple[Any, Any]) -> None:
    """The order of the two values does not matter."""
    left, right = pair
    assert same(left, right) == same(right, left)


@given(st.data())
def test_same_is_transitive(data: st.DataObject) -> None:
    """Two values that are the same as a third are the same."""
    one = data.draw(attribute_values())
    other = data.draw(respelled(one))
    third = data.draw(respelled(other))
    assert same(one, other)
    assert same(other, third)
    assert same(one, third)


BODIES: dict[str, list[Any]] = {
    "N": ["1", "1.0", "NaN", 1, True, "x"],
    "NS": [["1"], ["1.0"], ["1", "1.0"], "1", [1], ["NaN"], [], "", {}],
    "SS": [["a"], ["a", "a"], "a", {"a": 1}, ["a", 1], [], "", {}, None],
    "L": [[], "", [{"N": "1"}], [{"N": "1.0"}], None],
    "M": [{}, [], {"a": {"N": "1"}}, {"a": {"N": "1.0"}}, None],
    "BOOL": [True, 1, "true"],
}


ALIKE = [None, {}, *({tag: body} for tag, bodies in BODIES.items() for body in bodies)]


def test_same_is_an_equivalence() -> None:
    """Values that look alike, malformed ones included, fall into groups that do not overlap."""
    groups = [[other for other in ALIKE if same(one, other)] for one in ALIKE]
    assert all(
        (one in theirs) == (mine == theirs) for mine, one in zip(groups, ALIKE, strict=True) for theirs in groups
    )


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ({}, {"a": {"N": "1"}}, [(("a",), None, {"N": "1"})]),
        ({"a": {"N": "1"}}, {}, [(("a",), {"N": "1"}, None)]),
        ({"a": {"N": "1"}}, {"a": {"N": "2"}}, [(("a",), {"N": "1"}, {"N": "2"})]),
        ({"a": {"N": "1"}}, {"a": {"N": "1.0"}}, []),
        (
            {"a": {"M": {"b": {"S": "x"}, "c": {"S": "y"}}}},
            {"a": {"M": {"b": {"S": "z"}, "c": {"S": "y"}}}},
            [(("a", "b"), {"S": "x"}, {"S": "z"})],
        ),
        ({"a": {"L": [{"S": "x"}]}}, {"a": {"L": [{"S": "x"}, {"S": "y"}]}}, [(("a", 1), None, {"S": "y"})]),
        ({"a": {"L": [{"S": "x"}]}}, {"a": {"L": []}}, [(("a", 0), {"S": "x"}, None)]),
        ({"a": {"M": {}}}, {"a": {"L": []}}, [(("a",), {"M": {}}, {"L": []})]),
        ({"a": {"SS": ["x"]}}, {"a": {"SS": ["y"]}}, [(("a",), {"SS": ["x"]}, {"SS": ["y"]})]),
        ({"a": {"M": []}}, {"a": {"M": {}}}, [(("a",), {"M": []}, {"M": {}})]),
    ],
)
def test_differences(old: Mapping[str, Any], new: Mapping[str, Any], found: Any) -> None:
    """Each place that differs is listed once, to any depth of maps and lists."""
    assert differences(old, new) == found


@given(images(), images())
def test_differences_are_symmetric(old: Any, new: Any) -> None:
    """With the images exchanged, the same places differ, with old and new exchanged."""
    there = {(path, repr(before), repr(after)) for path, before, after in differences(old, new)}
    back = {(path, repr(after), repr(before)) for path, before, after in differences(new, old)}
    assert there == back


@given(st.dictionaries(names(), junk(), max_size=4), st.dictionaries(names(), junk(), max_size=4))
def test_differences_never_raise(old: Any, new: Any) -> None:
    """Comparing any two images raises nothing."""
    differences(old, new)
