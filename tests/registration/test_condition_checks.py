"""A condition that no change can meet is refused when its handler is registered; all others are accepted."""

from __future__ import annotations

import enum
import warnings
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel, field_validator
from pydantic.dataclasses import dataclass as pydantic_dataclass

from router import (
    Change,
    Event,
    Insert,
    Modify,
    RegistrationError,
    Remove,
    Routes,
    all_of,
    any_of,
    became,
    changed,
    not_,
    where,
)


class Status(enum.Enum):
    NEW = "NEW"
    SHIPPED = "SHIPPED"


class Address(BaseModel):
    city: str
    zip_code: str = Field(alias="zipCode")


class Line(BaseModel):
    sku: str
    quantity: int = Field(gt=0)


class Order(BaseModel):
    status: Status
    state: Literal["A", "B"] = "A"
    total: Decimal = Decimal(0)
    count: int = 0
    at: datetime | None = None
    address: Address | None = None
    lines: list[Line] = []
    by_sku: dict[str, Line] = {}
    tags: set[str] = set()
    note: str | None = None
    order_ref: str = Field("", alias="orderRef")
    paid: bool = False
    gsi1pk: str = ""
    anything: Any = None
    converted: Annotated[int, BeforeValidator(len)] = 0


class OrderV1(BaseModel):
    state: Literal["X"]


class TextOfNumbers(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True)
    state: str


@pydantic_dataclass(config=ConfigDict(coerce_numbers_to_str=True))
class TextOfNumbersInData:
    state: str


class Forbidding(BaseModel):
    model_config = ConfigDict(extra="forbid")

    state: str


class Converting(BaseModel):
    state: Literal["A"]

    @field_validator("state", mode="before")
    @classmethod
    def convert(cls, value: Any) -> Any:
        return "A"


class ByName(RootModel[dict[str, int]]):
    pass


def insert(change: Insert[Any]) -> None: ...


def modify(change: Modify[Any, Any]) -> None: ...


def remove(change: Remove[Any]) -> None: ...


def on(change: Change[Any]) -> None: ...


def register(decorator: str, *terms: Any, model: Any = Order, **options: Any) -> None:
    handlers = {"on_insert": insert, "on_modify": modify, "on_remove": remove, "on": on}
    getattr(Routes(), decorator)(model, *terms, **options)(handlers[decorator])


NEVER: list[tuple[Any, str]] = [
    (changed("stauts"), "'stauts' in changed('stauts'), but Order has 'status'"),
    (changed("state", "stauts"), "'stauts' in changed('state', 'stauts'), but Order has 'status'"),
    (changed("Status"), "Order has 'status'"),
    (changed("order_ref"), "Order has 'orderRef'"),
    (changed("address.ctiy"), "Address has 'city'"),
    (changed("address.zip_code"), "Address has 'zipCode'"),
    (changed("adress.city"), "Order has 'address'"),
    (changed("lines[0].quantitiy"), "Line has 'quantity'"),
    (changed("by_sku.a.quantitiy"), "Line has 'quantity'"),
    (changed("lines.quantity"), "list[Line] is a list"),
    (changed("by_sku[0]"), "dict[str, Line] is no list"),
    (changed("address[0]"), "Address is no list"),
    (changed("status.code"), "Status has nothing inside"),
    (changed("state.code"), "Literal['A', 'B'] has nothing inside"),
    (changed("note.text"), "str has nothing inside"),
    (changed("tags[0]"), "set[str] has nothing inside"),
    (changed("status", to="SHPPED"), "a value that status can have: Status"),
    (changed("status", from_="SHPPED"), "from_= in changed('status', from_='SHPPED'), which no Order has"),
    (became("state", "C"), "the value in became('state', 'C'), which no Order has"),
    (changed("state", "status", to="C"), "a value that state or status can have: Literal['A', 'B'] or Status"),
    (changed("status", to=None), "which no Order has"),
    (changed("note", to=5), "a value that note can have: str | None"),
    (changed("count", to=1.5), "a value that count can have: int"),
    (changed("tags", to={1}), "a value that tags can have: set[str]"),
    (changed("at", to="never"), "a value that at can have: datetime | None"),
    (changed("lines[0].quantity", to=0), "a value that lines[0].quantity can have: Annotated[int, ...]"),
    (changed("by_sku.a.sku", to=1), "a value that by_sku.a.sku can have: str"),
    (changed("state", from_="A", to="A"), "one value before and after"),
    (changed("total", from_=1.5, to=Decimal("1.50")), "one value before and after"),
    (all_of(changed("state", to="A"), changed("state", to="B")), "which no change meets"),
    (all_of(changed("state", from_="A"), changed("state", from_="B")), "which no change meets"),
    (all_of(changed("state", to="A"), changed("state", from_="A")), "which no change meets"),
    (all_of(where(bool), all_of(changed("state", to="A")), changed("state", to="B")), "which no change meets"),
    (all_of(changed("state", to="A"), not_(changed("state"))), "not_(changed('state')) together with"),
    (all_of(changed("state"), not_(changed("state", "note"))), "not_(changed('state', 'note')) together with"),
    (any_of(changed("note"), all_of(changed("state", to="A"), became("state", "B"))), "which no change meets"),
    (any_of(changed("note"), changed("state", to="C")), "which no Order has"),
    (not_(changed("stauts")), "Order has 'status'"),
]


@pytest.mark.parametrize(("condition", "found"), NEVER)
def test_a_condition_that_no_change_meets(condition: Any, found: str) -> None:
    """The message names the part of the condition and what the model has."""
    with pytest.raises(RegistrationError) as caught:
        register("on_modify", condition)
    assert found in str(caught.value)


POSSIBLE = [
    changed("status"),
    changed("orderRef"),
    changed("address.zipCode"),
    changed("lines[0].sku", to="x"),
    changed("by_sku.any-key.sku"),
    changed("anything.at[0].all"),
    changed("converted.x"),
    changed("converted", to="text"),
    changed("gsi1sk"),
    changed("updated_at"),
    changed("unknown.path[0]", to="x"),
    changed("unknown", from_=1, to=2),
    changed("status", to=Status.SHIPPED),
    changed("status", to="SHIPPED"),
    changed("status", "note", to="free text"),
    changed("state", from_="A", to="B"),
    changed("note", to=None),
    changed("total", to=1.5),
    changed("at", to="2026-01-01T00:00:00Z"),
    changed("tags", to={"a"}),
    changed("paid", to=True),
    changed("anything", to={"x": [1]}),
    any_of(changed("state", to="A"), changed("state", to="B")),
    all_of(changed("state"), not_(changed("note"))),
    all_of(changed("state"), not_(changed("state", to="B"))),
    all_of(changed("state", "note", to="A"), changed("state", to="B")),
    all_of(changed("state", to="A"), where(bool)),
]


@pytest.mark.parametrize("condition", POSSIBLE)
def test_a_condition_that_a_change_may_meet(condition: Any) -> None:
    """An item may have attributes that its model does not have, and a user's validators may convert any value."""
    register("on_modify", condition)


@pytest.mark.parametrize(
    ("decorator", "terms", "found"),
    [
        ("on_insert", (changed("state", from_="A"),), "an insert has no old image"),
        ("on_insert", (changed("state", from_=None),), "an insert has no old image"),
        ("on_insert", (changed("note"), not_(changed("state", from_="A"))), "an insert has no old image"),
        ("on", (Event.INSERT, changed("state", from_="A")), "an insert has no old image"),
        ("on_remove", (became("state", "A"),), "a removal has no new image"),
        ("on", (Event.EXPIRE, changed("state", to="A")), "a removal has no new image"),
        ("on", (Event.INSERT | Event.REMOVE, changed("state", from_="A", to="B")), "no event with both images"),
    ],
)
def test_a_condition_of_an_image_that_the_event_lacks(decorator: str, terms: Any, found: str) -> None:
    """An insert has no value before, and a removal none after."""
    with pytest.raises(RegistrationError, match=found):
        register(decorator, *terms)


@pytest.mark.parametrize(
    ("decorator", "terms"),
    [
        ("on_insert", (became("state", "A"),)),
        ("on_insert", (not_(changed("note")),)),
        ("on_remove", (changed("state", from_="A"),)),
        ("on", (changed("state", from_="A", to="B"),)),
        ("on", (Event.INSERT | Event.REMOVE, changed("state", from_="A"))),
        ("on", (Event.INSERT | Event.REMOVE, changed("state", to="A"))),
    ],
)
def test_a_condition_that_one_of_the_events_meets(decorator: str, terms: Any) -> None:
    """It is enough that one of the route's events can meet it."""
    register(decorator, *terms)


def test_old_images_have_their_own_model() -> None:
    """``from_=`` is looked at in the old model, ``to=`` in the new one."""
    register("on_modify", changed("state", from_="X", to="A"), old=OrderV1)
    with pytest.raises(RegistrationError, match="which no OrderV1 has"):
        register("on_modify", changed("state", from_="A"), old=OrderV1)


def test_a_model_that_forbids_other_attributes() -> None:
    """Its items have no attribute that it does not name."""
    register("on_modify", changed("state"), model=Forbidding)
    with pytest.raises(RegistrationError, match="Forbidding forbids attributes that it has no field for"):
        register("on_modify", changed("something"), model=Forbidding)


@pytest.mark.parametrize("model", [dict[str, Any], None, ByName, Converting, Order | Converting])
def test_a_model_that_may_read_any_value(model: Any) -> None:
    """Without fields, with validators of the user's or with several models, nothing is sure."""
    register("on_modify", changed("state", to="C"), model=model, entity="Order")


@pytest.mark.parametrize("model", [TextOfNumbers, TextOfNumbersInData])
def test_a_model_whose_configuration_reads_numbers_as_text(model: Any) -> None:
    """pydantic accepts a number for its texts, and so may a condition name one."""
    register("on_modify", changed("state", to=5), model=model)


def test_a_plural_is_a_warning() -> None:
    """Items may have both attributes, so it is said and not refused."""
    with pytest.warns(UserWarning, match="'totals' stands for 'total', an attribute of Order"):
        register("on_modify", changed("totals"))


def test_no_warning_for_an_attribute_of_the_model() -> None:
    """The model may have both."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        register("on_modify", changed("tags", "lines"))
