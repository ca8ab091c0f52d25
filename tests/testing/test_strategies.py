"""``router.testing.strategies``: items that a table could hold, and records that a stream could deliver."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NewType
from uuid import UUID

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import FailedHealthCheck, InvalidArgument, Unsatisfiable
from pydantic import (
    UUID4,
    AfterValidator,
    AliasChoices,
    AliasPath,
    AwareDatetime,
    BaseModel,
    Field,
    NaiveDatetime,
    PositiveInt,
    Secret,
    SecretBytes,
    SecretStr,
    StringConstraints,
    model_validator,
)
from typing_extensions import TypedDict

from models.customer import Customer
from models.message import Message
from models.order import Order
from models.product import Product
from router import Change, Dispatcher, Event, Insert, Modify, RegistrationError, Remove, Routes
from router.discriminators import chain, prefix
from router.parsing.parser import parser_for
from router.stream_view import View
from router.testing import Stream, event, wire_image
from router.testing.strategies import changes, items, records
from router.wire.compare import same
from router.wire.decode import decode_image

SHOP: list[type[BaseModel]] = [Customer, Message, Order, Product]


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Node(BaseModel):
    id: str
    children: list[Node] = []


@dataclass
class Point:
    x: int
    y: float


class Size(TypedDict):
    width: int


class Opaque:
    """A class that neither pydantic nor hypothesis knows."""

    def __init__(self, secret: Any, /, *more: Any) -> None: ...


Sku = NewType("Sku", str)


class Everything(BaseModel):
    id: str
    flag: bool
    whole: int
    fraction: float
    exact: Decimal
    text: str
    content: bytes
    moment: datetime
    aware: AwareDatetime
    naive: NaiveDatetime
    day: date
    hour: time
    span: timedelta
    number: UUID
    random: UUID4
    colour: Colour
    choice: Literal["a", "b", 3]
    maybe: int | None
    either: str | list[int]
    texts: set[str]
    numbers: frozenset[int]
    pair: tuple[int, str]
    row: tuple[int, ...]
    rest: Sequence[Decimal]
    table: dict[str, list[bool]]
    anything: Any
    node: Node
    point: Point
    size: Size
    sku: Sku
    nothing: None


class Limited(BaseModel):
    id: str = Field(min_length=3, max_length=5)
    positive: PositiveInt
    percent: Annotated[int, Field(ge=0, le=100)]
    dozen: int = Field(multiple_of=12, gt=0, lt=1000)
    ratio: float = Field(gt=0, lt=1)
    price: Decimal = Field(max_digits=6, decimal_places=2, ge=0)
    code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[0-9]+$")]
    tags: Annotated[list[Annotated[str, StringConstraints(min_length=2)]], Field(min_length=2, max_length=3)]


def comes_back(item: BaseModel) -> bool:
    image = wire_image(item)
    return type(item).model_validate(decode_image(image, "NewImage")) == item


@pytest.mark.parametrize("model", [*SHOP, Everything, Limited, Node])
def test_items_survive_the_wire(model: type[BaseModel]) -> None:
    """Items are equal after encoding and decoding."""

    @settings(max_examples=50, database=None)
    @given(items(model))
    def survive(item: BaseModel) -> None:
        assert type(item) is model
        assert comes_back(item)

    survive()


def test_no_kind_of_value_is_always_the_same() -> None:
    """Each strategy generates more than one value."""
    seen: dict[str, set[str]] = {name: set() for name in Everything.model_fields if name != "nothing"}

    @settings(max_examples=150, database=None)
    @given(items(Everything))
    def look(item: Everything) -> None:
        for name, values in seen.items():
            values.add(repr(getattr(item, name)))

    look()
    assert [name for name, values in seen.items() if len(values) < 2] == []


@given(items(Everything))
@settings(max_examples=50)
def test_texts_have_no_lone_surrogates(item: Everything) -> None:
    """DynamoDB stores UTF-8."""
    "".join([item.text, item.sku, *item.texts, *item.table]).encode()


class Secretive(BaseModel):
    id: str
    password: SecretStr = Field(min_length=3)
    token: SecretBytes
    pin: Secret[int]
    answers: list[SecretStr]


@given(items(Secretive))
def test_secrets_have_values(item: Secretive) -> None:
    """A secret has the type and the constraints that its field says, and survives the wire."""
    assert len(item.password.get_secret_value()) >= 3
    assert isinstance(item.pin.get_secret_value(), int)
    assert parser_for(Secretive).parse(wire_image(item)) == item


class Wide(BaseModel):
    id: str
    whole: int
    exact: Decimal


@given(items(Wide))
def test_numbers_have_38_digits_at_most(item: Wide) -> None:
    """DynamoDB refuses more."""
    assert abs(item.whole) < 10**38
    assert len(item.exact.as_tuple().digits) <= 38


def test_numbers_reach_38_digits() -> None:
    """Code that converts them to floats fails."""

    @settings(database=None, derandomize=True, max_examples=1000)  # a few dozen have been seen to find none
    @given(items(Wide))
    def look(item: Wide) -> None:
        assert int(float(item.whole)) == item.whole

    with pytest.raises(AssertionError):
        look()


@given(items(Wide))
def test_keys_are_not_empty(item: Wide) -> None:
    """DynamoDB refuses an empty text in a key."""
    assert item.id


class Keyed(BaseModel):
    tenant: str
    user: str


@given(items(Keyed, key=("tenant", "user")))
def test_a_named_key_is_not_empty(item: Keyed) -> None:
    """None of its attributes is empty."""
    assert item.tenant
    assert item.user


@given(items(Message, entity="Message"))
def test_the_discriminator_holds_the_entity(item: Message) -> None:
    """It does where the model accepts any text."""
    assert item.entity_type == "Message"


@given(items(Message))
def test_the_discriminator_keeps_its_default(item: Message) -> None:
    """Without ``entity=`` the item has what its model writes."""
    assert item.entity_type == ""


class Ticket(BaseModel):
    id: str
    type: str | None = None


@given(records(Ticket))
def test_no_record_names_an_entity_that_its_item_does_not(record: dict[str, Any]) -> None:
    """A record has what the model writes."""
    for image in ("OldImage", "NewImage"):
        assert set(record["dynamodb"].get(image, ())) <= {"id", "type"}


@given(records(Ticket, entity="ticket"), changes(Ticket, entity="ticket", discriminator=chain(prefix("pk"), "type")))
def test_a_record_names_the_entity_that_is_given(record: dict[str, Any], change: Change[Ticket]) -> None:
    """It is written to the attribute that the discriminator reads, and a change knows it."""
    assert all(
        record["dynamodb"].get(image, {}).get("EntityType", {"S": "ticket"}) == {"S": "ticket"}
        for image in ("OldImage", "NewImage")
    )
    assert (change.image.type, change.record.entity) == ("ticket", "ticket")


@given(changes(Ticket, discriminator=prefix("id"), id=st.just("ticket#1")))
def test_a_change_knows_the_entity_in_its_key(change: Change[Ticket]) -> None:
    """Its record's entity is what the discriminator reads."""
    assert change.record.entity == "ticket"


@given(items(Order, order_id=st.sampled_from(["o-1", "o-2"])))
def test_a_field_can_have_a_strategy_of_its_own(item: Order) -> None:
    """The other fields have those of their annotations."""
    assert item.order_id in ("o-1", "o-2")


def test_an_unknown_field_is_refused() -> None:
    """The message lists the fields."""
    with pytest.raises(InvalidArgument, match="found strategies for order, expected fields of Wide: id, whole, exact"):
        items(Wide, order=st.text())


class Needs(BaseModel, arbitrary_types_allowed=True):
    id: str
    secret: Opaque


class NeedsNot(BaseModel, arbitrary_types_allowed=True):
    id: str
    secret: Opaque | None = None


def test_a_field_without_a_strategy_is_named() -> None:
    """The message says what to do."""
    with pytest.raises(InvalidArgument, match=r"found no strategy for secret: .*Opaque of Needs.*give it: secret="):
        items(Needs)


@given(items(NeedsNot))
def test_a_default_stands_in_for_a_strategy(item: NeedsNot) -> None:
    """A field without a known strategy keeps its default."""
    assert item.secret is None


class Renamed(BaseModel):
    id: str = Field(validation_alias="Id")
    name: str = Field(validation_alias=AliasChoices("Name", "name"))
    size: int = Field(alias="Size")


@given(items(Renamed))
def test_aliases_are_read(item: Renamed) -> None:
    """The first name of each alias is used."""
    assert set(wire_image(item)) == {"Id", "Name", "Size"}


class Deep(BaseModel):
    id: str
    city: str = Field(validation_alias=AliasPath("address", "city"))


def test_a_field_read_from_within_an_attribute_is_refused() -> None:
    """The rest of that attribute is unknown."""
    with pytest.raises(InvalidArgument, match="found the field city of Deep, which is read from within an attribute"):
        items(Deep)


class Even(BaseModel):
    id: str
    number: Annotated[int, AfterValidator(lambda number: number - number % 2)]
    low: int
    high: int

    @model_validator(mode="after")
    def _ordered(self) -> Even:
        if self.low > self.high:
            raise ValueError
        return self


@given(items(Even))
def test_validators_apply(item: Even) -> None:
    """Refused values are left out, and changed values are changed."""
    assert item.number % 2 == 0
    assert item.low <= item.high


@pytest.mark.parametrize("model", SHOP)
def test_a_modified_item_keeps_its_key(model: type[BaseModel]) -> None:
    """It differs in another attribute, because DynamoDB writes no record otherwise."""

    @settings(max_examples=40, database=None)
    @given(changes(model, Event.MODIFY))
    def look(change: Change[Any]) -> None:
        assert isinstance(change, Modify)
        old, new = (wire_image(item) for item in (change.old, change.new))
        assert not same({"M": old}, {"M": new})
        for name in change.keys:
            assert same(old[name], new[name])

    look()


@pytest.mark.parametrize(
    ("events", "kind"),
    [(Event.INSERT, Insert), (Event.MODIFY, Modify), (Event.DELETE, Remove), (Event.EXPIRE, Remove)],
)
def test_only_the_given_events(events: Event, kind: type[Change[Any]]) -> None:
    """The record has the event too."""

    @settings(max_examples=20, database=None)
    @given(changes(Order, events))
    def look(change: Change[Order]) -> None:
        assert type(change) is kind
        assert change.event is events

    look()


@given(changes(Order))
def test_a_change_has_its_record(change: Change[Order]) -> None:
    """Diff, key and entity of the change are available."""
    assert change.keys == {"order_id": change.image.order_id}
    assert change.record.entity == "Order"
    assert change.diff is not None


@pytest.mark.parametrize("wanted", Event)
def test_all_kinds_of_change_are_made(wanted: Event) -> None:
    """The default is every event."""
    only_find = settings(phases=[Phase.generate], max_examples=1000, database=None)
    assert find(changes(Order), lambda change: change.event is wanted, settings=only_find).event is wanted


def shop_key(item: Any) -> dict[str, str]:
    return {"pk": f"CUSTOMER#{item.customer_id}", "sk": f"ORDER#{item.order_id}"}


@given(changes(Order, Event.MODIFY, key=shop_key))
@settings(max_examples=30)
def test_a_key_may_be_made_of_the_item(change: Change[Order]) -> None:
    """The fields that the key is made from stay the same."""
    assert isinstance(change, Modify)
    assert change.old.order_id == change.new.order_id
    assert change.old.customer_id == change.new.customer_id
    assert set(change.keys) == {"pk", "sk"}


class Only(BaseModel):
    id: str


def test_an_item_that_is_all_key_is_never_modified() -> None:
    """No attribute could differ."""

    @settings(max_examples=10, database=None)
    @given(changes(Only, Event.MODIFY))
    def look(change: Change[Only]) -> None: ...

    with pytest.raises((Unsatisfiable, FailedHealthCheck)):
        look()


class Keyless(BaseModel):
    on: bool


def test_a_change_needs_a_key() -> None:
    """A record always has one."""

    @settings(max_examples=5, database=None)
    @given(changes(Keyless, discriminator=None))
    def look(change: Change[Keyless]) -> None: ...

    with pytest.raises(RegistrationError, match="give the attributes of the table's key"):
        look()


@given(st.lists(records(Order) | records(Product), max_size=5))
@settings(max_examples=30)
def test_records_are_dispatched(made: list[dict[str, Any]]) -> None:
    """Each reaches the routes of its entity, and the model parses its images."""
    routes = Routes()

    @routes.on(Order)
    def order(change: Change[Order]) -> None: ...

    @routes.on(Product)
    def product(change: Change[Product]) -> None: ...

    report = Dispatcher(routes).dispatch(event(*made))
    assert [outcome.status for outcome in report] == ["done"] * len(made)


@pytest.mark.parametrize("view", ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"])
def test_records_carry_the_images_of_the_view(view: View) -> None:
    """They carry no other image."""
    allowed = {"KEYS_ONLY": set(), "NEW_IMAGE": {"NewImage"}, "OLD_IMAGE": {"OldImage"}}.get(
        view, {"NewImage", "OldImage"}
    )

    @settings(max_examples=20, database=None)
    @given(records(Order, view=view))
    def look(record: dict[str, Any]) -> None:
        assert record["dynamodb"]["StreamViewType"] == view
        assert {"NewImage", "OldImage"} & set(record["dynamodb"]) <= allowed

    look()


@given(st.lists(records(Order), min_size=2, max_size=4))
@settings(max_examples=20)
def test_sequence_numbers_grow(made: list[dict[str, Any]]) -> None:
    """Within a list they grow as within a shard."""
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in made]
    assert numbers == sorted(set(numbers))


@given(st.lists(items(Order, order_id=st.sampled_from("abc")), max_size=6))
@settings(max_examples=30)
def test_items_can_be_put_into_a_stream(made: list[Order]) -> None:
    """Every item can."""
    stream = Stream(lambda event, context: None)
    for item in made:
        stream.put(item)
    stream.run()
    assert sum(len(invocation["Records"]) for invocation in stream.invocations) == len(stream.records)


def test_datetimes_are_naive_and_in_utc() -> None:
    """A handler that compares times is tested with both."""
    seen: set[bool] = set()

    @settings(max_examples=200, database=None)
    @given(items(Order))
    def look(item: Order) -> None:
        seen.add(item.placed_at.tzinfo is not None)
        assert item.placed_at.tzinfo is None or item.placed_at.utcoffset() == UTC.utcoffset(None)

    look()
    assert seen == {True, False}


def test_a_failing_example_is_written_as_an_item() -> None:
    """It is not printed as the call that made it."""

    @settings(max_examples=1, database=None)
    @given(items(Only, id=st.just("o-1")))
    def fail(item: Only) -> None:
        raise ValueError

    with pytest.raises(ValueError) as raised:  # noqa: PT011 - what it says is in the note
        fail()
    assert "item=Only(id='o-1')" in "".join(raised.value.__notes__)


def test_import_of_testing_does_not_load_hypothesis() -> None:
    """Only `router.testing.strategies` does."""
    code = "import sys, router.testing, router.testing.plugin; print('hypothesis' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"
