"""Annotations are evaluated with the names that the author of a handler can use."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel

from router import Depends, Insert, Routes
from tests.builders import Order
from tests.registration import signatures_elsewhere
from tests.registration.registering import kinds, refusal


def test_no_signature() -> None:
    """A callable whose signature Python cannot read is refused."""

    class Odd:
        __signature__ = "odd"

        def __call__(self, change: Insert[Order]) -> None: ...

    assert "Odd, whose signature Python cannot read" in refusal(lambda: kinds(Odd()))


def test_models_local_to_a_function() -> None:
    """A string annotation may name a class of the function that defines the handler."""

    class Local(BaseModel):
        pk: str

    routes = Routes()

    @routes.on_insert(Local)
    def place_local(change: Insert[Local]) -> None: ...

    assert [member.new for member in next(iter(routes)).signature.change.members] == [Local]


def test_local_name_hides_a_global_one() -> None:
    """A local class hides a class of the same name in the module."""

    class Order(BaseModel):
        other: str

    routes = Routes()
    on_insert: Any = routes.on_insert(Order)

    def place_local(change: Insert[Order]) -> None: ...

    on_insert(place_local)
    assert len(routes) == 1


def test_a_handler_of_another_module() -> None:
    """The names in a handler's annotations are those of its own module, not those of the module that registers it."""
    on_insert: Any = Routes().on_insert(Order)
    text = refusal(lambda: on_insert(signatures_elsewhere.place))
    assert "takes Order, but this route validates images into Order" in text
    Routes().on_insert(signatures_elsewhere.Order)(signatures_elsewhere.place)


def test_a_factory_of_another_module() -> None:
    """The names in a factory's annotations are those of its own module."""

    def handler(change: Insert[Order], name: Annotated[str, Depends(signatures_elsewhere.name_of_record)]) -> None: ...

    assert kinds(handler) == {"name": "depends"}


def test_return_annotation_is_not_read() -> None:
    """The return annotation is not evaluated, so it may name what only type checkers import."""

    def handler(change: Insert[Order]) -> Missing:  # type: ignore[name-defined]  # noqa: F821 - so it is
        ...

    assert kinds(handler) == {}


def test_a_wrong_depends_in_a_string_annotation_is_named() -> None:
    """Its own error counts, not that the evaluation raised one; Python 3.14 evaluates every annotation as late."""

    def place(
        change: Insert[Order],
        bus: Annotated[Any, Depends(kinds, scope="session")],  # pyright: ignore[reportArgumentType]  # wrong on purpose
    ) -> None: ...

    assert refusal(lambda: kinds(place)) == (
        "Depends() found scope='session', expected 'cold_start' or 'invocation' or 'record'"
    )
