"""The example application's DynamoDB adapters on a real engine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from handlers.aws import DynamoViews, DynamoWarehouse
from handlers.ports import Movement, UnknownProductError, View
from router.local.engines.dynamodb_local import DynamoDBLocal
from router.local.streams.reader import stream_records
from router.sources.lambda_record import lambda_record
from tests.events.stories import MUG, TEA, order, wire
from tests.handlers.shop import Shop

AT = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)


@pytest.fixture
def client(dynamodb_local: DynamoDBLocal) -> Iterator[Any]:
    client = dynamodb_local.client("dynamodb")
    names = ("pk", "sk")
    for table in ("ShopUnderTest", "ViewsUnderTest"):
        client.create_table(
            TableName=table,
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
            KeySchema=[
                {"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=True)
            ],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
    yield client
    for table in ("ShopUnderTest", "ViewsUnderTest"):
        client.delete_table(TableName=table)


@pytest.fixture
def views(client: Any) -> DynamoViews:
    return DynamoViews(client, "ViewsUnderTest")


@pytest.fixture
def warehouse(client: Any) -> DynamoWarehouse:
    for item in (MUG, TEA):
        client.put_item(TableName="ShopUnderTest", Item=wire(item))
    return DynamoWarehouse(client, "ShopUnderTest", "ViewsUnderTest")


def shown(client: Any) -> dict[str, str]:
    """The titles in the catalogue that are not marked as removed."""
    items = client.scan(TableName="ViewsUnderTest", ConsistentRead=True)["Items"]
    return {item["sk"]["S"]: item["title"]["S"] for item in items if "title" in item}


def stock(client: Any) -> dict[str, int]:
    items = client.scan(TableName="ShopUnderTest", ConsistentRead=True)["Items"]
    return {item["sku"]["S"]: int(item["stock"]["N"]) for item in items if "sku" in item}


def moved(pieces: dict[str, int]) -> Movement:
    """A movement with a unique name: the engine remembers request tokens across tests."""
    return Movement(str(uuid4()), AT, pieces)


def view(version: int, title: str | None) -> View:
    return View("CATALOGUE", "MUG", version, None if title is None else {"title": title})


def test_the_newest_version_of_a_view_wins(client: Any, views: DynamoViews) -> None:
    """Numbers are compared, not texts: 9 is older than 10, and 40 digits count in full."""
    for version, title in ((10, "new"), (9, "old"), (10, "again"), (10**39 + 1, "newest"), (10**39, "late")):
        views.save(view(version, title))
    assert shown(client) == {"MUG": "newest"}


def test_a_removed_view_stays_removed(client: Any, views: DynamoViews) -> None:
    """A late delivery of an older change does not restore it, a newer change does."""
    views.save(view(2, None))
    views.save(view(1, "late"))
    assert shown(client) == {}
    views.save(view(3, "back"))
    assert shown(client) == {"MUG": "back"}


def test_a_removed_view_expires(client: Any, views: DynamoViews) -> None:
    """A removed view has an expiry time, and a restored one has none."""
    views.save(view(1, None))
    assert "expires_at" in client.scan(TableName="ViewsUnderTest")["Items"][0]
    views.save(view(2, "back"))
    assert "expires_at" not in client.scan(TableName="ViewsUnderTest")["Items"][0]


def test_a_movement_counts_once(client: Any, warehouse: DynamoWarehouse) -> None:
    """Repeated requests and other movements do not matter."""
    movement = moved({"MUG-1": -2, "TEA-7": -1})
    for again in (movement, movement, moved({"MUG-1": 5}), movement):
        warehouse.move(again)
    assert stock(client) == {"MUG-1": MUG["stock"] + 3, "TEA-7": TEA["stock"] - 1}


def test_a_movement_counts_once_for_good(
    client: Any, warehouse: DynamoWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DynamoDB forgets a request token after ten minutes, here a new one; the marker remains."""
    movement = moved({"MUG-1": -2})
    warehouse.move(movement)
    monkeypatch.setattr("handlers.aws.uuid5", lambda *_: uuid4())
    warehouse.move(movement)
    assert stock(client)["MUG-1"] == MUG["stock"] - 2


def test_taking_of_an_unknown_product_is_an_error(client: Any, warehouse: DynamoWarehouse) -> None:
    """The others move, and the missing product is not created."""
    with pytest.raises(UnknownProductError):
        warehouse.move(moved({"CUP-9": -1, "MUG-1": -2}))
    assert stock(client) == {"MUG-1": MUG["stock"] - 2, "TEA-7": TEA["stock"]}


def test_what_comes_back_of_an_unknown_product_is_let_go(client: Any, warehouse: DynamoWarehouse) -> None:
    """The other products are returned."""
    warehouse.move(moved({"CUP-9": 1, "MUG-1": 2}))
    assert stock(client) == {"MUG-1": MUG["stock"] + 2, "TEA-7": TEA["stock"]}


def test_orders_move_the_stock_of_the_table_they_stand_in(
    client: Any, dynamodb_local: DynamoDBLocal, views: DynamoViews, warehouse: DynamoWarehouse
) -> None:
    """From the real stream, delivered twice to new containers, together with the products' own records."""
    placed = order(1, 42, [("MUG-1", 2, "12.95")])
    other = order(2, 42, [("MUG-1", 3, "12.95"), ("TEA-7", 1, "8.45")])
    for item in (placed, other, {**other, "status": "CANCELLED"}):
        client.put_item(TableName="ShopUnderTest", Item=wire(item))
    shop = Shop(views, warehouse)
    arn = client.describe_table(TableName="ShopUnderTest")["Table"]["LatestStreamArn"]
    for _ in range(3):
        streamed = stream_records(dynamodb_local.client("dynamodbstreams"), arn)
        assert shop.deliver(*(lambda_record(record, arn, "us-east-1") for record in streamed)) == {
            "batchItemFailures": []
        }
    assert stock(client) == {"MUG-1": MUG["stock"] - 2, "TEA-7": TEA["stock"]}
    assert shown(client) == {"PRODUCT#MUG-1": "Mug", "PRODUCT#TEA-7": "Tea, 100 g"}
    assert shop.published == ["OrderPlaced", "OrderPlaced"]
