"""Handlers and annotations are written as in their source, without values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, NewType, TypeVar

import pytest
from pydantic import BaseModel

from router import Change, Depends, Insert, Modify, Record
from router.registration.source_text import describe, show
from tests.builders import Order

Model = TypeVar("Model", bound=BaseModel)
NewOrder = NewType("NewOrder", Order)
Bus = list[str]


def get_bus() -> Bus:
    return []


class OrderV1(BaseModel):
    pk: str


class Handlers:
    def __call__(self, change: Insert[Order], record: Record) -> None: ...


async def place_later(change: Insert[Order], record: Record) -> None: ...


def odd(
    change: Insert[Order], /, first: Annotated[Bus, Depends(get_bus)], *rest: int, last: Callable[[int], str] = str
) -> None: ...


def test_show() -> None:
    """A handler is written as in its source, without its defaults."""
    assert show(odd) == (
        "def odd(change: Insert[Order], /, first: Annotated[Bus, Depends(get_bus)], *rest: int, "
        "last: Callable[[int], str] = ...) -> None"
    )
    assert show(place_later).startswith("async def place_later(")
    assert show(Handlers()) == "def Handlers(change: Insert[Order], record: Record) -> None"


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (Change[Order], "Change[Order]"),
        (Modify[Order, OrderV1], "Modify[Order, OrderV1]"),
        (dict[str, Any], "dict[str, Any]"),
        (tuple[int, ...], "tuple[int, ...]"),
        (Insert[Order] | None, "Insert[Order] | None"),
        (Callable[[int], str], "Callable[[int], str]"),
        (
            Annotated[Bus, Depends(get_bus, scope="invocation")],
            "Annotated[list[str], Depends(get_bus, scope='invocation')]",
        ),
        (Annotated[int, get_bus, "secret"], "Annotated[int, get_bus, ...]"),
        (Annotated[int, "a", 1], "Annotated[int, ..., ...]"),
        (Insert[Literal["a", 1]], "Insert[Literal['a', 1]]"),
        (NewOrder, "NewOrder"),
        (Model, "Model"),
    ],
)
def test_describe(annotation: Any, text: str) -> None:
    """An annotation is written as in its source, without values, which may be secret."""
    assert describe(annotation) == text
