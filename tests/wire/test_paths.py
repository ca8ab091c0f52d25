"""Paths are parsed, written and followed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import RegistrationError
from router.wire.paths import Path, find, parse_path, write_path
from tests.strategies import junk, names


def paths() -> st.SearchStrategy[Path]:
    name = st.text(st.characters(exclude_characters=".[]", exclude_categories=["Cs"]), min_size=1, max_size=4)
    return st.tuples(name, st.lists(name | st.integers(0, 99), max_size=3)).map(lambda path: (path[0], *path[1]))


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
    """A path consists of names with dots between them and of positions in brackets."""
    assert parse_path(text) == path


def test_a_name_with_a_dot_is_quoted() -> None:
    """A name that contains a separator is written as JSON text in brackets, and parsed from it."""
    path = ("prices", "a.b", 'c"d[0]', 1)
    assert parse_path(write_path(path)) == path
    assert write_path(path) == 'prices["a.b"]["c\\"d[0]"][1]'


@pytest.mark.parametrize(
    "text", ["", ".", ".a", "a.", "a..b", "[0]", "a[", "a[]", "a[x]", "a[-1]", "a[0", "a]", "a[0]b", "a.[0]", "a[0]."]
)
def test_refuse_path(text: str) -> None:
    """A text that is not a path is an error that quotes it and shows paths."""
    with pytest.raises(RegistrationError) as caught:
        parse_path(text)
    assert str(caught.value) == (
        f"found the attribute path {text!r}, expected one such as 'status', 'address.city' or 'lines[0].total'"
    )


@given(paths())
def test_paths_are_written_as_read(path: Path) -> None:
    """Parsing a written path gives the same path."""
    assert parse_path(write_path(path)) == path


@given(st.text())
def test_paths_are_read_as_written(text: str) -> None:
    """A text that parses gives a path whose written form parses to the same path."""
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
    """A path that leads nowhere gives None."""
    assert find(IMAGE, parse_path(text)) is None


@given(junk() | st.dictionaries(names(), junk()), st.lists(names() | st.integers(0, 3), min_size=1).map(tuple))
def test_find_never_raises(image: Any, path: Path) -> None:
    """Following a path in any image raises nothing."""
    find(image, path)
