"""Names and places of callables are those in their source, and no message shows a value."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from router.naming import code_of, kind_of, name_of, place_of, short_name_of, shortened


class Handlers:
    def place(self) -> None: ...

    def __call__(self) -> None: ...


def place() -> None: ...


@functools.wraps(place)
def wrapped(*args: Any) -> None: ...


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (place, "place"),
        (wrapped, "place"),
        (functools.partial(functools.partial(place)), "place"),
        (Handlers().place, "Handlers.place"),
        (Handlers(), "Handlers"),
        (Handlers, "Handlers"),
    ],
)
def test_name(function: Callable[..., Any], name: str) -> None:
    """A callable has the module and the qualified name of its definition; an instance has those of its class."""
    assert name_of(function) == f"{__name__}.{name}"
    assert short_name_of(function) == name.rpartition(".")[2]


def test_name_of_a_local_function() -> None:
    """The name of a local function holds the name of the function around it."""

    def local() -> None: ...

    assert name_of(local) == f"{__name__}.test_name_of_a_local_function.local"


def test_code_of_a_class() -> None:
    """The code of a class is its ``__init__``, that of an instance its ``__call__``."""
    assert code_of(Handlers) is object.__init__
    assert code_of(Handlers()) is Handlers.__call__


def test_place() -> None:
    """The place of a callable is where its code is, even of a decorated one."""
    file, line = str(place_of(wrapped)).rsplit(":", 1)
    assert file == __file__
    assert int(line) == place.__code__.co_firstlineno
    assert place_of(Handlers()) is not None
    assert place_of(print) is None


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (Handlers, "the class Handlers"),
        (place, "the function place"),
        ("secret", "a value of type str"),
        (None, "a value of type NoneType"),
    ],
)
def test_kind(value: Any, kind: str) -> None:
    """A message names the kind of a value, never the value."""
    assert kind_of(value) == kind


@pytest.mark.parametrize(("limit", "text"), [(10, "abcdefghij"), (8, "abcd...j"), (64, "abcdefghij")])
def test_shortened(limit: int, text: str) -> None:
    """A text is cut in the middle, to the limit."""
    assert shortened("abcdefghij", limit) == text
