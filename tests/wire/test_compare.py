"""Wire values are found, compared and written without decoding an image, and mean what decoding would make of them."""

from __future__ import annotations

import enum
from base64 import b64encode
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import RegistrationError
from router.wire.compare import Path, differences, find, parse_path, same, to_wire, write_path
from router.wire.decode import decode_value
from tests.strategies import SECRET, attribute_values, images, junk, names


class Status(enum.Enum):
    PAID = "PAID"
    SHIPPED = "SHIPPED"


class Rank(int, enum.Enum):
    LOW = 1


# ----------------------------------------------------------------------------------------------------------- strategies


def paths() -> st.SearchStrategy[Path]:
    name = st.text(st.characters(exclude_characters=".[]", exclude_categories=["Cs"]), min_size=1, max_size=4)
    return st.tuples(name, st.lists(name | st.integers(0, 99), max_size=3)).map(lambda path: (path[0], *path[1]))


def values() -> st.SearchStrategy[dict[str, Any]]:
    """Values of the kinds that DynamoDB stores: no set is empty, and no two members of one are the same number."""
    return attribute_values().filter(is_stored)


def is_stored(wire: Any) -> bool:
    ((tag, body),) = wire.items()
    if tag in ("SS", "NS", "BS"):
        return len(decode_value(wire)) == len(body) > 0
    children = {"L": list, "M": lambda body: list(body.values())}.get(tag)
    return children is None or all(map(is_stored, children(body)))


@st.composite
def respelled(draw: st.DrawFn, wire: dict[str, Any]) -> dict[str, Any]:
    """The same value in another spelling: sets and maps in another order, numbers with other digits."""
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
    """Two values, often two spellings of one."""
    return st.tuples(values(), values()) | values().flatmap(lambda wire: st.tuples(st.just(wire), respelled(wire)))


def told_apart(wire: Any) -> Any:
    """The decoded value, but one in which ``True`` is not ``1``, which in Python it is."""
    if isinstance(wire, dict):
        return {name: told_apart(value) for name, value in wire.items()}
    if isinstance(wire, list):
        return [told_apart(value) for value in wire]
    return ("boolean", wire) if isinstance(wire, bool) else wire


# ---------------------------------------------------------------------------------------------------------------- paths


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("status", ("status",)),
        ("address.city", ("address", "city")),
        ("lines[0]", ("lines", 0)),
        ("lines[0].total", ("lines", 0, "total")),
        ("grid[1][20]", ("grid", 1, 20)),
        ("a.b.c", ("a", "b", "c")),
        ("order-id", ("order-id",)),
        ("__edb_e__", ("__edb_e__",)),
        ("7", ("7",)),
        ("two words", ("two words",)),
    ],
)
def test_parse_path(text: str, path: Path) -> None:
    """A path is names, with dots between them, and positions in brackets."""
    assert parse_path(text) == path


def test_a_name_with_a_dot_is_quoted() -> None:
    """A name that holds what separates names is written as JSON text in brackets, and read back."""
    path = ("prices", "a.b", 'c"d[0]', 1)
    assert parse_path(write_path(path)) == path
    assert write_path(path) == 'prices["a.b"]["c\\"d[0]"][1]'


@pytest.mark.parametrize(
    "text", ["", ".", ".a", "a.", "a..b", "[0]", "a[", "a[]", "a[x]", "a[-1]", "a[0", "a]", "a[0]b", "a.[0]", "a[0]."]
)
def test_refuse_path(text: str) -> None:
    """What is no path is refused, quoted, and told what a path looks like."""
    with pytest.raises(RegistrationError) as caught:
        parse_path(text)
    assert str(caught.value) == (
        f"found the attribute path {text!r}, expected one such as 'status', 'address.city' or 'lines[0].total'"
    )


@given(paths())
def test_paths_are_written_as_read(path: Path) -> None:
    """A path that is written is read as the same path."""
    assert parse_path(write_path(path)) == path


@given(st.text())
def test_paths_are_read_as_written(text: str) -> None:
    """A text is refused, or it is a path that is written as the same text but for zeros that lead a position."""
    try:
        path = parse_path(text)
    except RegistrationError:
        return
    assert parse_path(write_path(path)) == path


IMAGE = {
    "status": {"S": "PAID"},
    "address": {"M": {"city": {"S": "Bonn"}, "geo": {"L": [{"N": "50.7"}, {"N": "7.1"}]}}},
    "lines": {"L": [{"M": {"total": {"N": "1"}}}]},
    "gone": {"NULL": True},
}


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("status", {"S": "PAID"}),
        ("address.city", {"S": "Bonn"}),
        ("address.geo[1]", {"N": "7.1"}),
        ("lines[0].total", {"N": "1"}),
        ("gone", {"NULL": True}),
    ],
)
def test_find(text: str, wire: Any) -> None:
    """A value is found through maps and lists."""
    assert find(IMAGE, parse_path(text)) == wire


@pytest.mark.parametrize(
    "text", ["absent", "address.zip", "lines[1]", "lines.total", "address[0]", "status.city", "status[0]", "gone.a"]
)
def test_find_nothing(text: str) -> None:
    """Where the path leads nowhere nothing is found."""
    assert find(IMAGE, parse_path(text)) is None


@given(junk() | st.dictionaries(names(), junk()), st.lists(names() | st.integers(0, 3), min_size=1).map(tuple))
def test_find_never_raises(image: Any, path: Path) -> None:
    """Whatever the image holds, looking into it raises nothing."""
    find(image, path)


# ----------------------------------------------------------------------------------------------------------- comparing


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
    """Values that differ, and values of two types, are not the same, and NULL is not absence."""
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
    """A malformed value is the same as nothing but itself, so a change to one is seen."""
    assert not same(left, right)
    assert not same(right, left)
    assert same(left, left)


@given(pairs())
def test_same_agrees_with_decoding(pair: tuple[Any, Any]) -> None:
    """Two well-formed values are the same exactly if decoding makes equal values of them."""
    left, right = pair
    decoded_equal = told_apart(decode_value(left)) == told_apart(decode_value(right))
    assert same(left, right) == decoded_equal


@given(values().flatmap(lambda wire: st.tuples(st.just(wire), respelled(wire))))
def test_spelling_does_not_count(pair: tuple[Any, Any]) -> None:
    """A value is the same in every spelling."""
    assert same(*pair)


@given(attribute_values() | junk())
def test_same_is_reflexive(wire: Any) -> None:
    """Each value is the same as itself."""
    assert same(wire, wire)


@given(pairs() | st.tuples(junk(), junk()))
def test_same_is_symmetric(pair: tuple[Any, Any]) -> None:
    """It does not matter which of two values comes first."""
    left, right = pair
    assert same(left, right) == same(right, left)


@given(st.data())
def test_same_is_transitive(data: st.DataObject) -> None:
    """What is the same as the same is the same."""
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
    """Among values that look alike, malformed ones included, what is the same falls into groups without overlap."""
    groups = [[other for other in ALIKE if same(one, other)] for one in ALIKE]
    assert all(
        (one in theirs) == (mine == theirs) for mine, one in zip(groups, ALIKE, strict=True) for theirs in groups
    )


# -------------------------------------------------------------------------------------------------------------- writing


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        (None, {"NULL": True}),
        (True, {"BOOL": True}),
        (False, {"BOOL": False}),
        ("a", {"S": "a"}),
        ("", {"S": ""}),
        (1, {"N": "1"}),
        (Decimal("1.50"), {"N": "1.50"}),
        (0.1, {"N": "0.1"}),
        (b"hi", {"B": "aGk="}),
        (bytearray(b"hi"), {"B": "aGk="}),
        ({"a"}, {"SS": ["a"]}),
        (frozenset({1}), {"NS": ["1"]}),
        ({b"hi"}, {"BS": ["aGk="]}),
        ([1, "a", None], {"L": [{"N": "1"}, {"S": "a"}, {"NULL": True}]}),
        ((), {"L": []}),
        ({"a": [1]}, {"M": {"a": {"L": [{"N": "1"}]}}}),
        (MappingProxyType({"a": True}), {"M": {"a": {"BOOL": True}}}),
        (Status.PAID, {"S": "PAID"}),
        (Rank.LOW, {"N": "1"}),
        ([Status.PAID], {"L": [{"S": "PAID"}]}),
        ({Status.PAID}, {"SS": ["PAID"]}),
        ({Rank.LOW}, {"NS": ["1"]}),
    ],
)
def test_to_wire(value: Any, wire: Any) -> None:
    """A Python value is written with the type that DynamoDB keeps it as; an enum's member as its value."""
    assert to_wire(value) == wire


def test_set_to_wire() -> None:
    """A set is written with each of its members."""
    assert sorted(to_wire({3, 1, 2})["NS"]) == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (object(), "object"),
        (1j, "complex"),
        (float("nan"), "float"),
        (float("inf"), "float"),
        (Decimal("NaN"), "Decimal"),
        (Decimal("-Infinity"), "Decimal"),
        ([{"a": object()}], "object"),
        ({None}, "NoneType"),
        ({True}, "bool"),
        ({("a",)}, "tuple"),
    ],
)
def test_refuse_value(value: Any, kind: str) -> None:
    """What no attribute can hold is refused by its type."""
    with pytest.raises(RegistrationError) as caught:
        to_wire(value)
    assert str(caught.value) == f"found a value of type {kind} to compare with, expected one that an attribute can hold"


@pytest.mark.parametrize(("value", "kinds"), [(set(), 0), ({"a", 1}, 2), ({"a", 1, b"a"}, 3)])
def test_refuse_set(value: Any, kinds: int) -> None:
    """A set that is empty or of several kinds is refused."""
    with pytest.raises(RegistrationError, match=f"found a set of {kinds} kinds of value"):
        to_wire(value)


@given(values())
def test_written_as_decoded(wire: Any) -> None:
    """What is decoded and written again is the same value."""
    assert same(to_wire(decode_value(wire)), wire)


@given(st.binary(max_size=100))
def test_binary_to_wire(content: bytes) -> None:
    """Bytes are written as base64 in one piece, as Lambda delivers them."""
    assert to_wire(content) == {"B": b64encode(content).decode()}


# ---------------------------------------------------------------------------------------------------------- differences


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
    """Each place that differs is told once, as deep as maps and lists go together."""
    assert differences(old, new) == found


@given(images(), images())
def test_differences_turn_round(old: Any, new: Any) -> None:
    """The way back has the same places, with old and new exchanged."""
    there = {(path, repr(before), repr(after)) for path, before, after in differences(old, new)}
    back = {(path, repr(after), repr(before)) for path, before, after in differences(new, old)}
    assert there == back


@given(st.dictionaries(names(), junk(), max_size=4), st.dictionaries(names(), junk(), max_size=4))
def test_differences_never_raise(old: Any, new: Any) -> None:
    """Whatever two images hold, comparing them raises nothing."""
    differences(old, new)


def test_messages_hold_no_values() -> None:
    """A value that is refused is not shown."""

    class Strange:
        def __repr__(self) -> str:
            return SECRET

    with pytest.raises(RegistrationError) as caught:
        to_wire({"a": Strange()})
    assert SECRET not in str(caught.value)
