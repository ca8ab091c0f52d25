"""What a handler's signature says is read whatever the handler is made of; wrong ones stand in ``registration/``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NewType, Protocol, TypeVar, Union

import pytest
import structlog
from aws_lambda_powertools.utilities.typing import LambdaContext as PowertoolsContext
from pydantic import BaseModel
from typing_extensions import TypeAliasType, TypedDict

from router import (
    Batch,
    Change,
    Depends,
    Event,
    Insert,
    LambdaContext,
    Modify,
    Record,
    RegistrationError,
    Remove,
    Routes,
)
from router.naming import name_of, place_of
from router.registration.source_text import describe, show
from tests.builders import Customer, Order
from tests.registration import signatures_elsewhere

Model = TypeVar("Model", bound=BaseModel)
OrderInsert = TypeAliasType("OrderInsert", Insert[Order])
NewOrder = NewType("NewOrder", Order)
Bus = list[str]


class OrderV1(BaseModel):
    pk: str


class HasTotal(Protocol):
    total: int


class Row(TypedDict):
    pk: str


class WideRow(Row):
    total: int


def kinds(handler: Callable[..., Any]) -> dict[str, str]:
    """What supplies each parameter of a handler of inserted orders."""
    routes = Routes()
    routes.on_insert(Order)(handler)
    (route,) = routes
    return {parameter.name: parameter.kind for parameter in route.signature.parameters}


def refusal(register: Callable[[], Any]) -> str:
    with pytest.raises(RegistrationError) as raised:
        register()
    return str(raised.value)


def get_bus() -> Bus:
    return []


# ------------------------------------------------------------------------------------------------- kinds of callables


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
    ids=lambda handler: name_of(handler).rpartition(".")[2],
)
def test_every_kind_of_callable(handler: Callable[..., Any]) -> None:
    """Functions, partials, methods, instances and decorated functions have signatures alike."""
    assert kinds(handler) == {"record": "record"}


def test_a_lambda_has_no_annotations() -> None:
    """A lambda cannot say what it takes, so it is refused."""
    assert "parameter 'change' without an annotation" in refusal(lambda: kinds(lambda change: None))


def test_no_signature() -> None:
    """A callable whose signature Python cannot read is refused."""

    class Odd:
        __signature__ = "odd"

        def __call__(self, change: Insert[Order]) -> None: ...

    assert "Odd, whose signature Python cannot read" in refusal(lambda: kinds(Odd()))


# -------------------------------------------------------------------------------------------------- names and modules


def test_models_local_to_a_function() -> None:
    """An annotation that is text may name a class of the function in which the handler is defined."""

    class Local(BaseModel):
        pk: str

    routes = Routes()

    @routes.on_insert(Local)
    def place_local(change: Insert[Local]) -> None: ...

    assert [member.new for member in next(iter(routes)).signature.change.members] == [Local]


def test_local_name_hides_a_global_one() -> None:
    """A local class counts before one of the same name in the module."""

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
    """So are those in the annotations of a factory."""

    def handler(change: Insert[Order], name: Annotated[str, Depends(signatures_elsewhere.name_of_record)]) -> None: ...

    assert kinds(handler) == {"name": "depends"}


def test_return_annotation_is_not_read() -> None:
    """What a handler returns concerns nobody, so its annotation may name what is imported for type checkers only."""

    def handler(change: Insert[Order]) -> Missing:  # type: ignore[name-defined]  # noqa: F821 - so it is
        ...

    assert kinds(handler) == {}


# ------------------------------------------------------------------------------------------------------ first parameter


def accepts(decorate: Callable[[Callable[..., Any]], Any], annotation: Any) -> bool:
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
    """A handler may take more than will come: other events, other models, a base class."""
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
    """A handler must take what will come."""
    assert not accepts(Routes().on_insert(Order), annotation)


@pytest.mark.parametrize("sequence", [Sequence, Collection, Iterable, list])
def test_sequences_for_on_batch(sequence: Any) -> None:
    """A batch may be annotated with what one can do with it."""
    assert accepts(Routes().on_batch(Order), sequence[Change[Order]])
    assert accepts(Routes().on_batch(Order, Event.INSERT), sequence[Insert[Order]])
    assert not accepts(Routes().on_batch(Order), sequence[Change[Customer]])


def test_union_for_some_events() -> None:
    """A union of change classes fits a route whose events it covers."""
    on = Routes().on(Order, Event.INSERT | Event.MODIFY)
    assert accepts(on, Insert[Order] | Modify[Order])
    assert not accepts(on, Insert[Order] | Remove[Order])


def test_old_model() -> None:
    """With ``old=`` the two images have models of their own."""
    on_modify = Routes().on_modify(Order, old=OrderV1)
    assert accepts(on_modify, Modify[Order, OrderV1])
    assert accepts(on_modify, Change[Order, OrderV1])
    assert accepts(on_modify, Modify[Any])
    assert not accepts(on_modify, Modify[Order])
    assert not accepts(on_modify, Modify[OrderV1, Order])


def test_typed_dicts() -> None:
    """A typed dict fits where all that is asked for is in it, and is a dict."""
    on_insert = Routes().on_insert(WideRow)
    assert accepts(on_insert, Insert[Row])
    assert accepts(on_insert, Insert[dict])  # type: ignore[type-arg]  # bare, as some write it
    assert not accepts(Routes().on_insert(Row), Insert[WideRow])


def test_union_of_models() -> None:
    """Where any of several models may come, a handler must take each."""
    on_insert: Any = Routes().on_insert
    either = on_insert(Order | Customer, entity="Order")
    assert accepts(either, Insert[Order | Customer])
    assert accepts(either, Insert[BaseModel])
    assert not accepts(either, Insert[Order])


def test_what_cannot_be_told() -> None:
    """A type of which Python cannot tell whether it fits is the type checker's business."""
    assert accepts(Routes().on_insert(Order), Insert[NewOrder])


def test_no_model() -> None:
    """Without a model the images are ``None``."""
    on_insert = Routes().on_insert(None, entity="Order")
    assert accepts(on_insert, Insert[None])
    assert not accepts(on_insert, Insert[Order])


def test_bound_of_a_type_variable() -> None:
    """A handler for many models may be given those within the bound."""
    assert not accepts(Routes().on_insert(Row), Insert[Model])  # type: ignore[valid-type]  # as above


# ----------------------------------------------------------------------------------------------------- other parameters


def test_what_annotations_supply() -> None:
    """Each of the injected things is known by its annotation, optional or not."""

    def handler(
        change: Insert[Order],
        record: Record,
        batch: Batch | None,
        context: LambdaContext,
        powertools: PowertoolsContext | None,
        log: structlog.typing.FilteringBoundLogger,
        bound: structlog.stdlib.BoundLogger,
        bus: Annotated[Bus, Depends(get_bus)],
    ) -> None: ...

    assert kinds(handler) == {
        "record": "record",
        "batch": "batch",
        "context": "context",
        "powertools": "context",
        "log": "log",
        "bound": "log",
        "bus": "depends",
    }


def test_what_defaults_supply() -> None:
    """A default does for what nothing supplies; the rest of the arguments needs nothing."""

    def handler(change: Insert[Order], retries: int = 3, *args: int, name="x", **kwargs: Any) -> None: ...  # type: ignore[no-untyped-def]

    assert kinds(handler) == {}


def test_supplied_in_spite_of_a_default() -> None:
    """A parameter that can be supplied is, so that its default serves direct calls only."""

    def handler(change: Insert[Order], record: Record | None = None) -> None: ...

    assert kinds(handler) == {"record": "record"}


def test_positional_only_change() -> None:
    """The change may be positional-only: it is given by position."""

    def handler(change: Insert[Order], /, record: Record) -> None: ...

    assert kinds(handler) == {"record": "record"}


def test_dependencies_of_dependencies() -> None:
    """A factory declares its needs as a handler does; classes and generators are factories too."""

    @dataclass
    class Client:
        bus: Annotated[Bus, Depends(get_bus, scope="cold_start")]
        name: str = "client"

    def get_session(client: Annotated[Client, Depends(Client)], record: Record) -> Iterator[str]:
        yield client.name

    def handler(change: Insert[Order], session: Annotated[str, Depends(get_session)]) -> None: ...

    routes = Routes()
    routes.on_insert(Order)(handler)
    (parameter,) = next(iter(routes)).signature.parameters
    assert parameter.dependency is not None
    client, record = parameter.dependency.parameters
    assert (client.name, record.name) == ("client", "record")
    assert client.dependency is not None
    (bus,) = client.dependency.parameters
    assert bus.dependency is not None
    assert (bus.dependency.factory, bus.dependency.scope) == (get_bus, "cold_start")


def test_optional_record_of_a_batch() -> None:
    """A dependency that can do without a record may serve batches too."""

    def get_name(record: Record | None) -> str:
        return "batch" if record is None else "record"

    def index(changes: Sequence[Change[Order]], name: Annotated[str, Depends(get_name)]) -> None: ...

    routes = Routes()
    routes.on_batch(Order)(index)
    assert len(routes) == 1


def test_batch_is_a_sequence() -> None:
    """A batch is a sequence of its records."""
    records: list[Any] = ["first", "second"]
    batch = Batch(records)
    assert (batch.size, len(batch)) == (2, 2)
    assert batch[0] is records[0]
    assert batch[1:] == records[1:]
    assert list(batch) == records


# -------------------------------------------------------------------------------------------------------- how they look


def odd(
    change: Insert[Order], /, first: Annotated[Bus, Depends(get_bus)], *rest: int, last: Callable[[int], str] = str
) -> None: ...


def test_show() -> None:
    """A handler is shown as it is written, without its defaults."""
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
    """An annotation is described as it is written, but for values, which may be secret."""
    assert describe(annotation) == text


def test_place() -> None:
    """The place of a handler is where its code is, even of a decorated one."""
    file, line = str(place_of(wrapped)).rsplit(":", 1)
    assert file == __file__
    assert int(line) == place.__code__.co_firstlineno
    assert place_of(Handlers()) is not None
    assert place_of(print) is None
