"""Copies of parsed images are shallow, and as complete as pydantic's own."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, PrivateAttr, RootModel

from router.parsing.copies import copier_of


class Plain(BaseModel):
    total: int
    lines: list[int] = []


class Extra(BaseModel):
    model_config = ConfigDict(extra="allow")
    total: int


class Private(BaseModel):
    total: int
    _seen: list[int] = PrivateAttr(default_factory=list)


class PostInit(BaseModel):
    total: int

    def model_post_init(self, context: Any, /) -> None:
        self.total += 1


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)
    total: int


class Ids(RootModel[list[int]]): ...


@dataclass
class Line:
    total: int


INSTANCES = [
    Plain(total=1),
    Plain(total=1, lines=[1]),
    Extra(total=1, note="x"),  # type: ignore[call-arg]  # an extra
    Private(total=1),
    PostInit(total=1),
    Frozen(total=1),
    Ids([1]),
    Line(1),
    {"total": 1},
    [1, 2],
    "text",
]


@pytest.mark.parametrize("instance", INSTANCES, ids=lambda instance: type(instance).__name__)
def test_a_copy_equals_its_original(instance: Any) -> None:
    """A copy is of the same type, and has the same fields, extras, private attributes and set of fields."""
    twin = copier_of(type(instance))(instance)
    assert (type(twin), twin) == (type(instance), instance)
    if isinstance(instance, BaseModel):
        assert twin.model_fields_set == instance.model_fields_set
        assert twin.__pydantic_private__ == copy(instance).__pydantic_private__
        assert twin.__pydantic_extra__ == copy(instance).__pydantic_extra__


@pytest.mark.parametrize("make", [Plain, Extra, Private, PostInit, Line], ids=lambda make: make.__name__)
def test_an_assignment_does_not_reach_the_other(make: Any) -> None:
    """An assignment to the copy, or to the original, leaves the other and its set of fields alone."""
    original = make(total=1)
    before = original.total
    twin = copier_of(make)(original)
    twin.total = 5
    original.__dict__["other"] = 1
    assert (original.total, twin.total, "other" in twin.__dict__) == (before, 5, False)


def test_the_set_of_fields_is_not_shared() -> None:
    """A field that is set on the copy counts as unset in the original."""
    original = Plain(total=1)
    twin = copier_of(Plain)(original)
    twin.lines = [1]
    assert (original.model_fields_set, twin.model_fields_set) == ({"total"}, {"total", "lines"})


def test_what_is_nested_is_shared() -> None:
    """A list inside the item is the same object in both."""
    original = Plain(total=1, lines=[1])
    assert copier_of(Plain)(original).lines is original.lines


def test_a_frozen_model_is_not_copied() -> None:
    """An instance that refuses assignments is returned as it is."""
    original = Frozen(total=1)
    assert copier_of(Frozen)(original) is original


def test_a_model_copies_as_it_says() -> None:
    """A model with a ``__copy__`` of its own is copied by it."""

    class Own(Plain):
        def __copy__(self) -> Own:
            return Own(total=100)

    assert copier_of(Own)(Own(total=1)).total == 100


def test_an_instance_of_a_subclass_stays_one() -> None:
    """A validator may return a subclass; its copy has that class."""

    class Special(Plain):
        note: str = ""

    assert type(copier_of(Plain)(Special(total=1))) is Special
