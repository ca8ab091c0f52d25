"""``router.testing.builders``: records as DynamoDB and Lambda make them."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from handlers import app
from models.order import Line, Order
from router import RegistrationError
from router.local.item_size import size_bytes
from router.stream_view import VIEWS, View
from router.testing import event, expired, inserted, modified, record, removed
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
