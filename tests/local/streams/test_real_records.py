"""The records of a real engine's streams, in the form that Lambda delivers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from router.local.engines.dynamodb_local import DynamoDBLocal
from router.local.streams.reader import stream_records
from router.sources.lambda_record import lambda_record

Table = Callable[[str], tuple[str, str]]


@pytest.fixture
def table(dynamodb_local: DynamoDBLocal) -> Iterator[Table]:
    """Make a table with a stream of the given view, and return its name and the stream's ARN."""
    client = dynamodb_local.client("dynamodb")
    names: list[str] = []

    def make(view: str) -> tuple[str, str]:
        names.append(f"Test-{uuid4().hex}")
        made = client.create_table(
            TableName=names[-1],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": view},
        )
        return names[-1], made["TableDescription"]["LatestStreamArn"]

    yield make
    for name in names:
        client.delete_table(TableName=name)


class TestRealStream:
    @pytest.mark.parametrize(
        ("view", "images"),
        [
            ("KEYS_ONLY", [set(), set(), set()]),
            ("NEW_IMAGE", [{"NewImage"}, {"NewImage"}, set()]),
            ("OLD_IMAGE", [set(), {"OldImage"}, {"OldImage"}]),
            ("NEW_AND_OLD_IMAGES", [{"NewImage"}, {"NewImage", "OldImage"}, {"OldImage"}]),
        ],
    )
    def test_each_view_carries_its_images(
        self, dynamodb_local: DynamoDBLocal, table: Table, view: str, images: list[set[str]]
    ) -> None:
        """An insert, a change and a delete carry what the stream view type says."""
        name, arn = table(view)
        client = dynamodb_local.client("dynamodb")
        client.put_item(TableName=name, Item={"pk": {"S": "a"}})
        client.put_item(TableName=name, Item={"pk": {"S": "a"}, "it": {"B": b"x"}})
        client.delete_item(TableName=name, Key={"pk": {"S": "a"}})
        records = [
            lambda_record(record, arn, "us-east-1")
            for record in stream_records(dynamodb_local.client("dynamodbstreams"), arn)
        ]
        assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
        assert [record["dynamodb"].keys() & {"NewImage", "OldImage"} for record in records] == images

    def test_writes_that_change_nothing_leave_no_record(self, dynamodb_local: DynamoDBLocal, table: Table) -> None:
        """As on AWS, the same item put again and a delete of nothing are no changes."""
        name, arn = table("KEYS_ONLY")
        client = dynamodb_local.client("dynamodb")
        for _ in range(2):
            client.put_item(TableName=name, Item={"pk": {"S": "a"}})
        client.delete_item(TableName=name, Key={"pk": {"S": "b"}})
        assert len(list(stream_records(dynamodb_local.client("dynamodbstreams"), arn))) == 1

    @pytest.mark.parametrize("enabled", [True, False])
    def test_a_stream_of_many_pages_is_read_to_its_end(
        self, dynamodb_local: DynamoDBLocal, table: Table, enabled: bool
    ) -> None:
        """1,100 records are two pages; a stream that was switched off still has them, in a closed shard."""
        name, arn = table("KEYS_ONLY")
        client = dynamodb_local.client("dynamodb")
        for first in range(0, 1100, 25):
            puts = [{"PutRequest": {"Item": {"pk": {"S": str(number)}}}} for number in range(first, first + 25)]
            client.batch_write_item(RequestItems={name: puts})
        if not enabled:
            client.update_table(TableName=name, StreamSpecification={"StreamEnabled": False})
        records = list(stream_records(dynamodb_local.client("dynamodbstreams"), arn))
        assert [record["dynamodb"]["Keys"]["pk"]["S"] for record in records] == [str(n) for n in range(1100)]
        numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in records]
        assert numbers == sorted(set(numbers))
