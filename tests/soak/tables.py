"""The tables of a real soak: that of the changes, whose stream the function reads, and those to which it writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from tests.soak.database import Database
from tests.soak.effects import EFFECTS, MARKERS, PARENT
from tests.soak.histories import Write

__all__ = ["COMPLETED", "create_tables", "items_of", "write"]

Json = dict[str, Any]

COMPLETED = "completed"
_TABLE = "soak"
_BATCH = 25  # the most of one BatchWriteItem


def create_tables(client: Any) -> str:
    """Create the tables, and return the ARN of the stream."""
    stream = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}}
    both: tuple[str, ...] = ("pk", "sk")
    for name, key, options in (
        (_TABLE, ("pk",), stream),
        (COMPLETED, ("id",), {}),
        (EFFECTS, both, {}),
        (MARKERS, both, {}),
    ):
        client.create_table(
            TableName=name,
            KeySchema=[
                {"AttributeName": each, "KeyType": kind} for each, kind in zip(key, ("HASH", "RANGE"), strict=False)
            ],
            AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in key],
            BillingMode="PAY_PER_REQUEST",
            **options,
        )
    return str(client.describe_table(TableName=_TABLE)["Table"]["LatestStreamArn"])


def write(client: Any, writes: list[Write], database: Database, *, parents: bool) -> None:
    """Make writes.

    Args:
        client: Of the tables.
        writes: The writes.
        database: Notes the changes first.
        parents: Whether each item has a parent for its children, which is written or deleted before it.
    """
    for batch in _batches(writes):
        database.write_changes((each.item, each.number, each.event, each.kind) for each in batch)
        if parents:
            _write_batch(client, EFFECTS, [_of_parent(each) for each in batch if each.event != "MODIFY"])
        _write_batch(client, _TABLE, [_request(each) for each in batch])


def items_of(client: Any) -> Iterator[Json]:
    """The items of the effects, as Python values."""
    deserialize = TypeDeserializer().deserialize
    for page in client.get_paginator("scan").paginate(TableName=EFFECTS, ConsistentRead=True):
        for item in page["Items"]:
            yield {name: deserialize(value) for name, value in item.items()}


def _write_batch(client: Any, table: str, requests: list[Json]) -> None:
    while requests:
        answer = client.batch_write_item(RequestItems={table: requests})
        requests = answer.get("UnprocessedItems", {}).get(table, [])


def _batches(writes: list[Write]) -> Iterator[list[Write]]:
    """Batches of different items, because BatchWriteItem keeps no order."""
    batch: list[Write] = []
    items: set[str] = set()
    for each in writes:
        if len(batch) == _BATCH or each.item in items:
            yield batch
            batch, items = [], set()
        batch.append(each)
        items.add(each.item)
    if batch:
        yield batch


def _request(each: Write) -> Json:
    if each.event == "REMOVE":
        return {"DeleteRequest": {"Key": each.attributes}}
    return {"PutRequest": {"Item": each.attributes}}


def _of_parent(each: Write) -> Json:
    key = {"pk": {"S": each.item}, "sk": {"S": PARENT}}
    return {"DeleteRequest": {"Key": key}} if each.event == "REMOVE" else {"PutRequest": {"Item": key}}
