"""A table of one test at an engine, and the records of its streams."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from router.local.engines.engine import Engine
from router.local.streams.reader import stream_records
from router.local.streams.stream_arn import event_source_arn
from router.sources.lambda_record import lambda_record

__all__ = ["KEY", "Table", "described"]

KEY = {"pk": {"S": "a"}}


def described(name: str) -> dict[str, Any]:
    """The parameters of a table with a partition key, without a stream."""
    return {
        "TableName": name,
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }


_CLIENTS: dict[tuple[str, str], Any] = {}


def _client(engine: Engine, service: str) -> Any:
    """A client for all tables of an engine, because to make one takes a tenth of a second."""
    key = (engine.endpoint_url, service)
    if key not in _CLIENTS:
        _CLIENTS[key] = engine.client(service)
    return _CLIENTS[key]


class Table:
    """A table of one test, and the records of its stream."""

    def __init__(self, engine: Engine, view: str | None = "NEW_AND_OLD_IMAGES") -> None:
        self.name = f"T-{uuid4()}"
        self.client = _client(engine, "dynamodb")
        self.streams = _client(engine, "dynamodbstreams")
        self.create(view)

    def create(self, view: str | None = "NEW_AND_OLD_IMAGES") -> None:
        """Create the table, by default with a stream."""
        stream = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view}} if view else {}
        self.client.create_table(**described(self.name), **stream)

    @property
    def arn(self) -> str:
        """The ARN of the latest stream."""
        return str(self.client.describe_table(TableName=self.name)["Table"]["LatestStreamArn"])

    def put(self, pk: str = "a", **attributes: Any) -> None:
        self.client.put_item(TableName=self.name, Item={"pk": {"S": pk}, **attributes})

    def update(self, expression: str, **values: Any) -> None:
        self.client.update_item(
            TableName=self.name, Key=KEY, UpdateExpression=expression, ExpressionAttributeValues=values
        )

    def delete(self, pk: str = "a") -> None:
        self.client.delete_item(TableName=self.name, Key={"pk": {"S": pk}})

    @property
    def records(self) -> list[dict[str, Any]]:
        return self.records_of(self.arn)

    def records_of(self, arn: str) -> list[dict[str, Any]]:
        """The records of one of the table's streams."""
        return [lambda_record(each, event_source_arn(arn), "us-east-1") for each in stream_records(self.streams, arn)]

    @property
    def changes(self) -> list[tuple[str, Any, Any]]:
        """The event name, the old and the new image of each record."""
        return [
            (each["eventName"], each["dynamodb"].get("OldImage"), each["dynamodb"].get("NewImage"))
            for each in self.records
        ]

    def iterator(self, kind: str, **names: str) -> str:
        shard = self.streams.describe_stream(StreamArn=self.arn)["StreamDescription"]["Shards"][0]["ShardId"]
        found = self.streams.get_shard_iterator(StreamArn=self.arn, ShardId=shard, ShardIteratorType=kind, **names)
        return str(found["ShardIterator"])
