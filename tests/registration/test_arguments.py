"""The arguments of a decorator are read once, before it receives a handler; wrong ones are in ``wrong/``."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from router import Event
from router.registration.arguments import FALLBACK, Arguments, read_arguments
from tests.builders import Order


class OrderV1(BaseModel):
    pk: str


def read(decorator: str, events: Event | None, *terms: Any, **options: Any) -> Arguments:
    return read_arguments(decorator, events, Order, terms, options)


@pytest.mark.parametrize(
    ("arguments", "annotation"),
    [
        (read("on_insert", Event.INSERT), "Insert[Order]"),
        (read("on_modify", Event.MODIFY), "Modify[Order]"),
        (read("on_modify", Event.MODIFY, old=OrderV1), "Modify[Order, OrderV1]"),
        (read("on_remove", Event.REMOVE, cause="ttl"), "Remove[Order]"),
        (read("on", None), "Change[Order]"),
        (read("on", None, Event.INSERT), "Insert[Order]"),
        (read("on", None, Event.INSERT, old=OrderV1), "Insert[Order]"),
        (read("on", None, Event.INSERT | Event.DELETE), "Change[Order]"),
        (read("on_batch", None, Event.INSERT), "Sequence[Change[Order]]"),
        (FALLBACK, "Change[dict[str, Any]]"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.written,
)
def test_annotation(arguments: Arguments, annotation: str) -> None:
    """The narrowest annotation that takes every change of the route is the one that messages propose."""
    assert arguments.annotation == annotation
