"""A handler has to take every change of its route, and may take more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Annotated, Any, NewType, Protocol, TypeVar, Union

import pytest
from pydantic import BaseModel
from typing_extensions import TypeAliasType, TypedDict

from router import Change, Depends, Event, Insert, Modify, Record, RegistrationError, Remove, Routes
from router.registration.source_text import describe
from tests.builders import Customer, Order

Model = TypeVar("Model", bound=BaseModel)
OrderInsert = TypeAliasType("OrderInsert", Insert[Order])
NewOrder = NewType("NewOrder", Order)


class OrderV1(BaseModel):
    pk: str


class HasTotal(Protocol):
    total: int


class Row(TypedDict):
    pk: str


class WideRow(Row):
    total: int


def accepts(decorate: Callable[[Callable[..., Any]], Any], annotation: Any) -> bool:
    """Whether a decorator accepts a handler with this annotation."""

    def handler(change: Any) -> None: ...

    handler.__annotations__["change"] = annotation
    try:
        decorate(handler)
    except RegistrationError:
        return False
    return True


@pytest.mark.parametrize(
    "annotation",
    [
        Insert[Order],
        Change[Order],
        Change[Any],
        Change,
        Insert,
        Insert[object],
        Insert[BaseModel],
        Insert[Model],  # type: ignore[valid-type]  # a type variable, as in a handler for many models
        Insert[HasTotal],
        Insert[Order | Customer],
        Insert[Order] | Remove[Order],
        Insert[Order] | Insert[Customer],
        Union[Insert[Order], Modify[Order]],  # noqa: UP007 - the older spelling
        Insert[Order] | None,
        Annotated[Insert[Order], "a note"],
        Annotated[Insert[Order] | None, "a note"],
        OrderInsert,
        OrderInsert | Remove[Order],
        "Insert[Order]",
    ],
    ids=lambda annotation: annotation if isinstance(annotation, str) else describe(annotation),
)
def test_annotations_that_fit_on_insert(annotation: Any) -> None:
    """A handler may take more than its route delivers: other events, other models, a base class."""
    assert accepts(Routes().on_insert(Order), annotation)


@pytest.mark.parametrize(
    "annotation",
    [
        Modify[Order],
        Insert[Customer],
        Insert[None],
        Insert[dict[str, Any]],
        Insert[Customer] | Modify[Order],
        Remove[Order] | Modify[Order],
        Sequence[Insert[Order]],
        Insert[Order] | int,
        Order,
        Any,
        "Insert[Order",
    ],
    ids=lambda annotation: annotation if isinstance(annotation, str) else describe(annotation),
)
def test_annotations_that_do_not_fit_on_insert(annotation: Any) -> None:
    """A handler must take what its route delivers."""
    assert not accepts(Routes().on_insert(Order), annotation)


@pytest.mark.parametrize("sequence", [Sequence, Collection, Iterable, list])
def test_sequences_for_on_batch(sequence: Any) -> None:
    """The changes of a batch may be annotated as any of these sequences."""
    assert accepts(Routes().on_batch(Order), sequence[Change[Order]])
    assert accepts(Routes().on_batch(Order, Event.INSERT), sequence[Insert[Order]])
    assert not accepts(Routes().on_batch(Order), sequence[Change[Customer]])


def test_union_for_some_events() -> None:
    """A union of change classes fits a route whose events it covers."""
    on = Routes().on(Order, Event.INSERT | Event.MODIFY)
    assert accepts(on, Insert[Order] | Modify[Order])
    assert not accepts(on, Insert[Order] | Remove[Order])


def test_old_model() -> None:
    """With ``old=`` each image has its own model."""
    on_modify = Routes().on_modify(Order, old=OrderV1)
    assert accepts(on_modify, Modify[Order, OrderV1])
    assert accepts(on_modify, Change[Order, OrderV1])
    assert accepts(on_modify, Modify[Any])
    assert not accepts(on_modify, Modify[Order])
    assert not accepts(on_modify, Modify[OrderV1, Order])


def test_typed_dicts() -> None:
    """A typed dict fits one with the same or fewer keys, and fits dict."""
    on_insert = Routes().on_insert(WideRow)
    assert accepts(on_insert, Insert[Row])
    assert accepts(on_insert, Insert[dict])  # type: ignore[type-arg]  # bare, as some write it
    assert not accepts(Routes().on_insert(Row), Insert[WideRow])


def test_union_of_models() -> None:
    """A handler must take every member of a union of models."""
    on_insert: Any = Routes().on_insert
    either = on_insert(Order | Customer, entity="Order")
    assert accepts(either, Insert[Order | Customer])
    assert accepts(either, Insert[BaseModel])
    assert not accepts(either, Insert[Order])


def test_types_that_python_cannot_compare() -> None:
    """A type that Python cannot compare with the model is accepted: type checkers check it."""
    assert accepts(Routes().on_insert(Order), Insert[NewOrder])


def test_no_model() -> None:
    """Without a model the images are ``None``."""
    on_insert = Routes().on_insert(None, entity="Order")
    assert accepts(on_insert, Insert[None])
    assert not accepts(on_insert, Insert[Order])


def test_bound_of_a_type_variable() -> None:
    """A type variable accepts the models within its bound."""
    assert not accepts(Routes().on_insert(Row), Insert[Model])  # type: ignore[valid-type]  # as above


def test_optional_record_of_a_batch() -> None:
    """A dependency with an optional record fits a batch."""

    def get_name(record: Record | None) -> str:
        return "batch" if record is None else "record"

    def index(changes: Sequence[Change[Order]], name: Annotated[str, Depends(get_name)]) -> None: ...

    routes = Routes()
    routes.on_batch(Order)(index)
    assert len(routes) == 1
