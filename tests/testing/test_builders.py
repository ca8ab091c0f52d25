"""``router.testing.builders`` and ``items``: records as DynamoDB and Lambda make them."""

import enum
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AliasChoices, BaseModel, Field, RootModel, field_serializer

from handlers import app
from models.message import Message
from models.order import Line, Order
from router import DecodeError, RegistrationError
from router.local.item_size import size_bytes
from router.stream_view import VIEWS, View
from router.testing import Context, event, expired, inserted, modified, record, removed, wire_image
from router.testing.items import key_attributes
from router.wire.decode import decode_image

EVENTS = sorted(Path(__file__).parents[1].joinpath("events").glob("*.json"))
RECORDED = [each for path in EVENTS for each in json.loads(path.read_text())["Records"]]
WHOLE = [each for each in RECORDED if each["dynamodb"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"]

ORDER = Order(
    order_id="1001",
    customer_id="42",
    status="PLACED",
    total=Decimal("59.70"),
    placed_at=datetime(2026, 1, 15, 9, 30, tzinfo=UTC),
    lines=[Line(sku="MUG-1", quantity=2, price=Decimal("12.95"))],
)


def test_there_are_recorded_events() -> None:
    """The tests below need at least one event."""
    assert len(RECORDED) > 70


@pytest.mark.parametrize(
    "recorded", RECORDED, ids=lambda recorded: f"{recorded['eventName']}-{recorded['eventID'][:8]}"
)
def test_size_is_the_engines(recorded: dict[str, Any]) -> None:
    """Sizes equal those of a real engine, for all attribute types and extreme numbers."""
    body = recorded["dynamodb"]
    images = [body[name] for name in ("Keys", "NewImage", "OldImage") if name in body]
    assert size_bytes(*images) == body["SizeBytes"]


@pytest.mark.parametrize(
    ("images", "size"),
    [
        (({"id": {"S": "Fred"}}, {"id": {"S": "Fred"}}), 12),
        (({"id": {"S": "id_value_1"}}, {"id": {"S": "id_value_1"}}), 24),
        (({"id": {"S": "Fred"}}, {"id": {"S": "Fred"}, "name": {"S": "Fred"}}, {"id": {"S": "Fred"}}), 26),
        (({"n": {"N": "1"}},), 3),
        (({"n": {"N": "42"}},), 3),
        (({"n": {"N": "0"}},), 2),
        (({"n": {"N": "1.5"}},), 4),
        (({"n": {"N": "100"}},), 3),
        (({"n": {"N": "-1"}},), 4),
        (({"b": {"B": "Zm9vYmFy"}},), 7),
        (({"s": {"SS": ["ab", "é"]}},), 5),
    ],
)
def test_size(images: tuple[dict[str, Any], ...], size: int) -> None:
    """Sizes of names and values by type; the first three were recorded on AWS."""
    assert size_bytes(*images) == size


def shape(value: Any) -> Any:
    """The keys of a record in their order, at the depth that Lambda makes."""
    return [(name, shape(inner) if name == "dynamodb" else None) for name, inner in value.items()]


@pytest.mark.parametrize("recorded", WHOLE, ids=lambda recorded: f"{recorded['eventName']}-{recorded['eventID'][:8]}")
def test_record_equals_the_recorded_one(recorded: dict[str, Any]) -> None:
    """A record that is built from the images of a recorded one equals it, keys in order."""
    body = recorded["dynamodb"]
    built = record(
        decode_image(body["OldImage"]) if "OldImage" in body else None,
        decode_image(body["NewImage"]) if "NewImage" in body else None,
        ttl="userIdentity" in recorded,
        sequence_number=body["SequenceNumber"],
        created_at=body["ApproximateCreationDateTime"],
        stream_arn=recorded["eventSourceARN"],
    )
    assert shape(built) == shape(recorded)
    differing = {"eventID": None, "dynamodb": None}
    assert {**built, **differing} == {**recorded, **differing}
    for name, value in body.items():
        assert unordered(built["dynamodb"][name]) == unordered(value)


def unordered(value: Any) -> Any:
    """Sort sets, whose order has no meaning."""
    if isinstance(value, dict):
        return {
            name: sorted(inner) if name in ("SS", "NS", "BS") else unordered(inner) for name, inner in value.items()
        }
    return [unordered(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("view", "images"),
    [
        ("NEW_AND_OLD_IMAGES", [["NewImage"], ["NewImage", "OldImage"], ["OldImage"]]),
        ("NEW_IMAGE", [["NewImage"], ["NewImage"], []]),
        ("OLD_IMAGE", [[], ["OldImage"], ["OldImage"]]),
        ("KEYS_ONLY", [[], [], []]),
    ],
)
def test_images_of_a_view(view: View, images: list[list[str]]) -> None:
    """The view determines the images, and the size counts only those."""
    item, other = {"id": "1", "n": 1}, {"id": "1", "n": 2}
    built = [inserted(item, view=view), modified(item, other, view=view), removed(item, view=view)]
    for each, carried in zip(built, images, strict=True):
        body = each["dynamodb"]
        assert [name for name in body if name.endswith("Image")] == carried
        assert body["StreamViewType"] == view
        assert body["SizeBytes"] == size_bytes(body["Keys"], *(body[name] for name in carried))


def test_there_are_four_views() -> None:
    """DynamoDB has four stream view types."""
    assert len(VIEWS) == 4


def test_names() -> None:
    """The missing image determines the event name."""
    item = {"id": "1"}
    names = [inserted(item), modified(item, {"id": "1", "n": 1}), removed(item), expired(item)]
    assert [each["eventName"] for each in names] == ["INSERT", "MODIFY", "REMOVE", "REMOVE"]
    assert ["userIdentity" in each for each in names] == [False, False, False, True]


def test_sequence_numbers_grow() -> None:
    """Each record has a higher sequence number and an identity of its own."""
    made = [inserted({"id": "1"}) for _ in range(20)]
    numbers = [int(each["dynamodb"]["SequenceNumber"]) for each in made]
    assert numbers == sorted(set(numbers))
    assert all(len(each["dynamodb"]["SequenceNumber"]) >= 21 for each in made)
    assert len({each["eventID"] for each in made}) == 20
    assert all(len(each["eventID"]) == 32 and int(each["eventID"], 16) for each in made)


def test_event_id_is_stable() -> None:
    """A record has the same event ID at every delivery."""
    assert inserted({"id": "1"}, sequence_number=7)["eventID"] == inserted({"id": "1"}, sequence_number=7)["eventID"]


def test_created_at() -> None:
    """Times are kept to the second."""
    built = inserted({"id": "1"}, created_at=datetime(2026, 1, 2, 3, 4, 5, 999, tzinfo=UTC))
    assert built["dynamodb"]["ApproximateCreationDateTime"] == 1767323045.0


def test_a_model_is_dispatched_as_it_is() -> None:
    """The example application reads records of the builders."""
    built = inserted(ORDER)
    assert built["dynamodb"]["Keys"] == {"order_id": {"S": "1001"}}
    assert built["dynamodb"]["NewImage"]["total"] == {"N": "59.7"}
    assert built["dynamodb"]["NewImage"]["placed_at"] == {"S": "2026-01-15T09:30:00Z"}
    assert built["dynamodb"]["NewImage"]["note"] == {"NULL": True}
    assert "tags" not in built["dynamodb"]["NewImage"]
    assert app.explain(inserted(ORDER)).entity == "Order"
    assert Order.model_validate(decode_image(built["dynamodb"]["NewImage"])) == ORDER


def test_a_model_is_written_by_the_names_it_is_read_by() -> None:
    """Validation aliases are the names of the attributes."""
    image = wire_image(Message.model_validate({"Id": 5, "Message": "hi"}), "EntityType")
    assert image == {"Id": {"N": "5"}, "Message": {"S": "hi"}, "EntityType": {"S": "Message"}}


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


def test_keys_by_name() -> None:
    """Key names may be one or two."""
    item = {"a": "1", "b": "2", "id": "3"}
    assert inserted(item, key=("a", "b"))["dynamodb"]["Keys"] == {"a": {"S": "1"}, "b": {"S": "2"}}
    assert inserted(item, key="b")["dynamodb"]["Keys"] == {"b": {"S": "2"}}


def test_keys_by_function() -> None:
    """A function makes keys for models without them; they are attributes of the item too."""
    built = inserted(ORDER, key=lambda order: {"pk": f"CUSTOMER#{order.customer_id}", "sk": f"ORDER#{order.order_id}"})
    keys = {"pk": {"S": "CUSTOMER#42"}, "sk": {"S": "ORDER#1001"}}
    assert built["dynamodb"]["Keys"] == keys
    assert keys.items() <= built["dynamodb"]["NewImage"].items()


@pytest.mark.parametrize("item", [{}, {"flag": True}, {"items": [1]}])
def test_no_key(item: Any) -> None:
    """An item without a possible key is an error that says how to give one."""
    with pytest.raises(RegistrationError, match=r"expected an attribute that can be a key .*; give the attributes"):
        inserted(item)


def test_key_of_the_wrong_type() -> None:
    """A key is text, a number or bytes; the message holds names only."""
    with pytest.raises(RegistrationError, match="found an item of pk, secret, expected pk to be text") as caught:
        inserted({"pk": True, "secret": "s3cret"}, key="pk")
    assert "s3cret" not in str(caught.value)


def test_two_keys() -> None:
    """The items before and after have the same key."""
    with pytest.raises(RegistrationError, match="found two items with different keys of id"):
        modified({"id": "1"}, {"id": "2"})


def test_no_item() -> None:
    """A record needs at least one item."""
    with pytest.raises(RegistrationError, match="found neither old nor new"):
        record()


def test_event() -> None:
    """An event holds its records and other fields."""
    first = inserted({"id": "1"})
    assert event(first) == {"Records": [first]}
    assert event(first, state={})["state"] == {}


def test_context() -> None:
    """The context has all of Lambda's attributes; the remaining time is never negative."""
    context = Context("r-1", function_name="shop", remaining=0.5)
    assert context.aws_request_id == "r-1"
    assert context.invoked_function_arn.endswith(":function:shop")
    assert context.log_group_name == "/aws/lambda/shop"
    assert context.get_remaining_time_in_millis() == 500
    assert Context(remaining=lambda: -1.0).get_remaining_time_in_millis() == 0
    assert repr(context) == "Context('r-1')"


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
