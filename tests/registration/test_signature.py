"""Every kind of callable can be a handler; wrong handlers are in ``wrong/``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from router import Insert, Record
from router.naming import short_name_of
from tests.builders import Order
from tests.registration.registering import kinds, refusal

Bus = list[str]


class Handlers:
    def place(self, change: Insert[Order], record: Record) -> None: ...

    @staticmethod
    def static(change: Insert[Order], record: Record) -> None: ...

    @classmethod
    def of_class(cls, change: Insert[Order], record: Record) -> None: ...

    def __call__(self, change: Insert[Order], record: Record) -> None: ...


def place(change: Insert[Order], record: Record) -> None: ...


def place_with(bus: Bus, change: Insert[Order], record: Record) -> None: ...


async def place_later(change: Insert[Order], record: Record) -> None: ...


@functools.wraps(place)
def wrapped(*args: Any, **kwargs: Any) -> None: ...


@pytest.mark.parametrize(
    "handler",
    [
        place,
        place_later,
        wrapped,
        functools.partial(place_with, []),
        functools.partial(functools.partial(place_with), []),
        Handlers().place,
        Handlers(),
        Handlers.static,
        Handlers.of_class,
    ],
    ids=short_name_of,
)
def test_every_kind_of_callable(handler: Callable[..., Any]) -> None:
    """Functions, partials, methods, instances and decorated functions are read alike."""
    assert kinds(handler) == {"record": "record"}


def test_a_lambda_has_no_annotations() -> None:
    """A lambda has no annotations, so it is refused."""
    assert "parameter 'change' without an annotation" in refusal(lambda: kinds(lambda change: None))


def test_positional_only_change() -> None:
    """The change may be positional-only, because it is passed by position."""

    def handler(change: Insert[Order], /, record: Record) -> None: ...

    assert kinds(handler) == {"record": "record"}
