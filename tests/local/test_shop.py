"""The example application on a real engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from handlers.stock import Stock
from router import Reject
from router.effects import GONE, Once, View
from router.local.engines.dynamodb_local import DynamoDBLocal
from router.local.streams.reader import stream_records
from router.sources.lambda_record import lambda_record
from tests.events.stories import MUG, TEA, order, wire
from tests.handlers.shop import Shop, change


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
    for item in (MUG, TEA):
        client.put_item(TableName="ShopUnderTest", Item=wire(item))
    yield client
    for table in ("ShopUnderTest", "ViewsUnderTest"):
        client.delete_table(TableName=table)


@pytest.fixture
def shop(client: Any) -> Shop:
    shop = Shop()
    shop.pages = View("ViewsUnderTest", client=client)
    shop.stock = Stock(Once("ViewsUnderTest", client=client), "ShopUnderTest")
    return shop


def shown(client: Any) -> dict[str, str]:
    """The titles in the catalogue."""
    items = client.scan(TableName="ViewsUnderTest", ConsistentRead=True)["Items"]
    return {item["sk"]["S"]: item["title"]["S"] for item in items if "title" in item and GONE not in item}


def stock(client: Any) -> dict[str, int]:
    items = client.scan(TableName="ShopUnderTest", ConsistentRead=True)["Items"]
    return {item["sku"]["S"]: int(item["stock"]["N"]) for item in items if "sku" in item}


def test_taking_of_an_unknown_product_is_an_error(client: Any, shop: Shop) -> None:
    """The others move, and the missing product is not created."""
    placed = order(1, 42, [("CUP-9", 1, "3.00"), ("MUG-1", 2, "12.95")])
    report = shop.container().dispatch({"Records": [change(None, placed)]})
    assert [type(outcome.error) for outcome in report if outcome.status == "failed"] == [Reject]
    assert stock(client) == {"MUG-1": MUG["stock"] - 2, "TEA-7": TEA["stock"]}


def test_what_comes_back_of_an_unknown_product_is_let_go(client: Any, shop: Shop) -> None:
    """The other products are returned."""
    placed = order(1, 42, [("CUP-9", 1, "3.00"), ("MUG-1", 2, "12.95")])
    assert shop.deliver(change(placed, None)) == {"batchItemFailures": []}
    assert stock(client) == {"MUG-1": MUG["stock"] + 2, "TEA-7": TEA["stock"]}


def test_orders_move_the_stock_of_the_table_they_stand_in(
    client: Any, dynamodb_local: DynamoDBLocal, shop: Shop
) -> None:
    """From the real stream, delivered twice to new containers, together with the products' own records."""
    placed = order(1, 42, [("MUG-1", 2, "12.95")])
    other = order(2, 42, [("MUG-1", 3, "12.95"), ("TEA-7", 1, "8.45")])
    for item in (placed, other, {**other, "status": "CANCELLED"}):
        client.put_item(TableName="ShopUnderTest", Item=wire(item))
    arn = client.describe_table(TableName="ShopUnderTest")["Table"]["LatestStreamArn"]
    for _ in range(3):
        streamed = stream_records(dynamodb_local.client("dynamodbstreams"), arn)
        assert shop.deliver(*(lambda_record(record, arn, "us-east-1") for record in streamed)) == {
            "batchItemFailures": []
        }
    assert stock(client) == {"MUG-1": MUG["stock"] - 2, "TEA-7": TEA["stock"]}
    assert shown(client) == {"PRODUCT#MUG-1": "Mug", "PRODUCT#TEA-7": "Tea, 100 g"}
    assert shop.published == ["OrderPlaced", "OrderPlaced"]
