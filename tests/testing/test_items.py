"""``router.testing.items``: models and Python values as items on the wire, and their keys."""

import enum
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    AliasChoices,
    BaseModel,
    Field,
    Json,
    RootModel,
    Secret,
    SecretBytes,
    SecretStr,
    computed_field,
    field_serializer,
)

from models.message import Message
from router import Change, DecodeError, Dispatcher, RegistrationError, Routes, discriminators
from router.discriminators import chain, folded, prefix
from router.parsing.parser import parser_for
from router.testing import Stream, inserted, wire_image
from router.testing.items import key_attributes
from router.wire.decode import decode_image


def test_a_model_is_written_by_the_names_it_is_read_by() -> None:
    """Validation aliases are the names of the attributes."""
    image = wire_image(Message.model_validate({"Id": 5, "Message": "hi"}))
    assert image == {"Id": {"N": "5"}, "Message": {"S": "hi"}, "EntityType": {"S": ""}}


class Ticket(BaseModel):
    id: str


def test_nothing_is_invented() -> None:
    """An item has the attributes that its model writes, and those that the caller gives."""
    assert wire_image(Ticket(id="1")) == {"id": {"S": "1"}}
    assert wire_image(Ticket(id="1"), type="ticket") == {"id": {"S": "1"}, "type": {"S": "ticket"}}


class Computed(BaseModel):
    id: str
    secret: str = Field(default="s", exclude=True)

    @computed_field  # type: ignore[prop-decorator]  # pydantic's own order of decorators
    @property
    def type(self) -> str:
        return "computed"


def test_a_model_decides_what_it_writes() -> None:
    """Computed fields are written, excluded fields are not."""
    assert wire_image(Computed(id="1")) == {"id": {"S": "1"}, "type": {"S": "computed"}}


class Point(NamedTuple):
    name: str
    code: SecretStr


@dataclass
class Card:
    number: SecretStr


class Account(BaseModel):
    id: str
    password: SecretStr
    token: SecretBytes
    pin: Secret[int]
    born: Secret[date]
    answers: dict[str, SecretStr]
    codes: list[SecretStr] = []
    card: Card
    point: Point
    settings: Json[dict[str, list[int]]]
    numbers: list[Json[int]]

    @computed_field  # type: ignore[prop-decorator]  # pydantic's own order of decorators
    @property
    def type(self) -> str:
        return "Account"


ACCOUNT = Account.model_validate(
    {
        "id": "1",
        "password": "hunter2",
        "token": b"\xff",
        "pin": 7,
        "born": date(2026, 1, 2),
        "answers": {"first": "rex"},
        "codes": ["a", "b"],
        "card": {"number": "4711"},
        "point": ("p", "9"),
        "settings": '{"a":[1]}',
        "numbers": ["5"],
    }
)


def test_secrets_are_written_as_the_table_has_them() -> None:
    """pydantic writes asterisks, which are the secret of no item."""
    image = wire_image(ACCOUNT)
    assert (image["password"], image["token"], image["pin"]) == ({"S": "hunter2"}, {"B": "/w=="}, {"N": "7"})
    assert image["answers"] == {"M": {"first": {"S": "rex"}}}
    assert wire_image({"id": "1", "password": SecretStr("hunter2")})["password"] == {"S": "hunter2"}


def test_json_fields_are_written_as_text() -> None:
    """The model reads text there; computed fields are written beside them."""
    image = wire_image(ACCOUNT)
    assert (image["settings"], image["numbers"]) == ({"S": '{"a":[1]}'}, {"L": [{"S": "5"}]})
    assert image["type"] == {"S": "Account"}


def test_a_model_with_secrets_survives_the_wire() -> None:
    """The handler is given what the test wrote."""
    assert parser_for(Account).parse(wire_image(ACCOUNT)) == ACCOUNT


def test_no_secret_is_shown() -> None:
    """A stream shows none of an item that it holds, and the delivered model shows asterisks."""
    seen: list[Account] = []

    def handler(change: Change[Account]) -> None:
        seen.append(change.image)

    routes = Routes()
    routes.on(Account)(handler)
    stream = Stream(Dispatcher(routes, discriminator="type"))
    stream.put(ACCOUNT)
    stream.run()
    assert seen[0].password.get_secret_value() == "hunter2"
    for secret in ("hunter2", "rex", "4711"):
        assert secret not in repr((stream, stream.responses, seen))


@pytest.mark.parametrize(
    ("rule", "item", "written"),
    [
        ("EntityType", {}, {"EntityType": "Order"}),
        ("EntityType", {"EntityType": ""}, {"EntityType": "Order"}),
        ("EntityType", {"EntityType": None}, {"EntityType": "Order"}),
        ("EntityType", {"EntityType": "Order"}, {}),
        (folded("type"), {"type": "ORDER"}, {}),
        (chain("EntityType", "type"), {}, {"EntityType": "Order"}),
        (chain("EntityType", "type"), {"type": "Order"}, {}),
        (chain(prefix("pk"), "type"), {}, {"type": "Order"}),
        (prefix("pk"), {"pk": "Order#1"}, {}),
        (lambda image: "Order", {}, {}),
        (discriminators.ONETABLE, {}, {"_type": "Order"}),
    ],
)
def test_entity(rule: Any, item: Any, written: Any) -> None:
    """The first attribute from which a discriminator reads names gets the name, unless the item has it already."""
    made = inserted({"id": "1", **item}, entity="Order", discriminator=rule, key="id")
    assert made["dynamodb"]["NewImage"] == wire_image({"id": "1", **item, **written})


@pytest.mark.parametrize(
    ("rule", "item", "why"),
    [
        ("EntityType", {"EntityType": "Customer"}, "attribute('EntityType') reads another name from the item"),
        ("EntityType", {"EntityType": 5}, "attribute('EntityType') reads no name from the item"),
        (prefix("pk"), {"pk": "Customer#1"}, "prefix('pk', '#') reads another name from the item"),
        (prefix("pk"), {}, "prefix('pk', '#') reads no name from the item"),
    ],
)
def test_entity_and_the_item_contradict(rule: Any, item: Any, why: str) -> None:
    """The message says what to do, and has no name that the item holds."""
    with pytest.raises(RegistrationError) as caught:
        inserted({"id": "1", **item}, entity="Order", discriminator=rule)
    assert str(caught.value) == f"found entity=, while {why}; leave entity= out, and let the item name its entity"


class Colour(enum.Enum):
    RED = "red"


class Tags(RootModel[list[str]]):
    pass


class Inner(BaseModel):
    value: int = Field(validation_alias=AliasChoices("inValue", "in_value"), serialization_alias="outValue")


class Everything(BaseModel, extra="allow"):
    id: UUID
    colour: Colour
    day: date
    tags: Tags
    inner: Inner
    inners: list[Inner]
    named: dict[str, Inner]
    either: int | None = Field(alias="eitherOr")
    epoch: datetime

    @field_serializer("epoch")
    def _epoch(self, value: datetime) -> int:
        return int(value.timestamp())


EVERYTHING: dict[str, Any] = {
    "id": UUID(int=5),
    "colour": "red",
    "day": date(2026, 1, 2),
    "tags": ["a"],
    "inner": {"inValue": 1},
    "inners": [{"inValue": 2}],
    "named": {"x": {"inValue": 3}},
    "eitherOr": 4,
    "epoch": 1767225600,
    "more": (1, 2.50),
}


def test_everything_a_model_may_hold() -> None:
    """Enums, dates, nested models, roots, aliases, serializers and extras are equal after decoding."""
    model = Everything.model_validate(EVERYTHING)
    image = wire_image(model)
    assert image["id"] == {"S": "00000000-0000-0000-0000-000000000005"}
    assert image["day"] == {"S": "2026-01-02"}
    assert image["inners"] == {"L": [{"M": {"inValue": {"N": "2"}}}]}
    assert image["named"] == {"M": {"x": {"M": {"inValue": {"N": "3"}}}}}
    assert image["epoch"] == {"N": "1767225600"}
    assert image["more"] == {"L": [{"N": "1"}, {"N": "2.5"}]}
    again = Everything.model_validate(decode_image(image))
    assert again.model_copy(update={"more": None}) == model.model_copy(update={"more": None})


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        (Decimal("1.50"), {"N": "1.5"}),
        (Decimal("1E+3"), {"N": "1000"}),
        (Decimal("-0.0"), {"N": "0"}),
        (1e16, {"N": "10000000000000000"}),
        (100, {"N": "100"}),
        (b"foobar", {"B": "Zm9vYmFy"}),
        ({Decimal("1.0")}, {"NS": ["1"]}),
        (True, {"BOOL": True}),
        (None, {"NULL": True}),
        ({"a": [1.0]}, {"M": {"a": {"L": [{"N": "1"}]}}}),
    ],
)
def test_values(value: Any, wire: dict[str, Any]) -> None:
    """Values are encoded as DynamoDB stores them."""
    assert wire_image({"v": value})["v"] == wire


@pytest.mark.parametrize("value", [object(), set(), {1, "a"}, float("nan"), [{"deep": object()}]])
def test_values_that_no_attribute_can_hold(value: Any) -> None:
    """Values that DynamoDB refuses are refused."""
    with pytest.raises(RegistrationError):
        wire_image({"id": "1", "v": value})


def test_too_many_digits() -> None:
    """DynamoDB keeps 38 digits."""
    with pytest.raises(DecodeError):
        wire_image({"id": "1", "v": Decimal("1" * 39)})


class Invoice(BaseModel):
    EntityType: Literal["Invoice"] = "Invoice"
    customer_id: str = "c"
    invoice_id: str = "i"


@pytest.mark.parametrize(
    ("item", "keys"),
    [
        ({"total": 1, "sk": "b", "pk": "a"}, ["pk", "sk"]),
        ({"total": 1, "pk": "a"}, ["pk"]),
        ({"PK": "a", "SK": "b", "id": "1"}, ["PK", "SK"]),
        ({"total": 1, "id": "1"}, ["id"]),
        (Invoice(), ["invoice_id"]),
        ({"EntityType": "Invoice", "customer_id": "c", "invoice_id": "i"}, ["invoice_id"]),
        ({"EntityType": "LineItem", "orderId": "c", "lineItemId": "i"}, ["lineItemId"]),
        ({"name": "n", "customer_id": "c"}, ["customer_id"]),
        ({"EntityType": "Product", "sku": "s", "title": "t"}, ["sku"]),
        ({"flag": True, "number": 5}, ["number"]),
    ],
)
def test_guessed_keys(item: Any, keys: list[str]) -> None:
    """Without names, the usual names of keys are tried."""
    image = wire_image(item)
    assert list(key_attributes(item, image, discriminator="EntityType")) == keys


def python_values() -> st.SearchStrategy[Any]:
    numbers = st.integers(-(10**37), 10**37) | st.decimals(-(10**9), 10**9, places=6, allow_nan=False)
    scalars = st.none() | st.booleans() | numbers | st.text() | st.binary()
    sets = (
        st.sets(st.text(), min_size=1)
        | st.sets(st.integers(-(10**37), 10**37), min_size=1)
        | st.sets(st.binary(), min_size=1)
    )
    return st.recursive(
        scalars | sets, lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner), max_leaves=10
    )


@given(st.dictionaries(st.text(min_size=1), python_values(), max_size=4))
def test_values_come_back(values: dict[str, Any]) -> None:
    """Encoded values are equal after decoding."""
    assert decode_image(wire_image(values)) == values
