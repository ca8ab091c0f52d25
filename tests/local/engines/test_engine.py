"""``router.local.engines.engine``: one suite of stream behaviour for every engine; KNOWN lists the known differences."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import boto3
import pytest

from router.local.engines.embedded import Embedded
from router.local.engines.engine import Engine, open_engine
from router.local.streams.lambda_record import event_source_arn, lambda_record
from router.local.streams.reader import stream_records
from tests.waiting import becomes

KEY = {"pk": {"S": "a"}}

KNOWN = {
    "test_a_set_is_delivered_in_order": {"embedded": "sets stay in the order in which they were written"},
    "test_times_are_those_of_the_change": {"dynamodb-local": "times are those of the last full minute"},
}
"""What an engine is known to do otherwise than AWS: a test that then passes after all fails the suite."""


@pytest.fixture(scope="module", params=["embedded", pytest.param("dynamodb-local", marks=pytest.mark.real), "endpoint"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Each engine; the endpoint is a second embedded one, spoken to by its address alone."""
    if request.param == "dynamodb-local":
        request.getfixturevalue("installation")
        with open_engine("dynamodb-local") as opened:
            yield opened
    elif request.param == "embedded":
        with open_engine("embedded") as opened:
            yield opened
    else:
        with Embedded() as other, open_engine(endpoint_url=other.endpoint_url) as opened:
            yield opened


@pytest.fixture(autouse=True)
def known(request: pytest.FixtureRequest) -> None:
    """Expect what KNOWN says."""
    if "engine" not in request.fixturenames:
        return
    name = request.node.callspec.params["engine"]
    reasons = KNOWN.get(request.node.originalname, {})
    if reason := reasons.get("embedded" if name == "endpoint" else name):
        request.node.add_marker(pytest.mark.xfail(reason=reason, strict=True))


class Table:
    """A table of one test, and what its stream holds."""

    def __init__(self, engine: Engine, view: str = "NEW_AND_OLD_IMAGES") -> None:
        self.name = f"T-{uuid4()}"
        self.client = engine.client("dynamodb")
        self.streams = engine.client("dynamodbstreams")
        self.client.create_table(
            TableName=self.name,
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": view},
        )
        self.arn = self.client.describe_table(TableName=self.name)["Table"]["LatestStreamArn"]

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
        return [
            lambda_record(each, event_source_arn(self.arn), "us-east-1")
            for each in stream_records(self.streams, self.arn)
        ]

    @property
    def told(self) -> list[tuple[str, Any, Any]]:
        """Event name, old and new image of each record."""
        return [
            (each["eventName"], each["dynamodb"].get("OldImage"), each["dynamodb"].get("NewImage"))
            for each in self.records
        ]

    def iterator(self, kind: str, **names: str) -> str:
        shard = self.streams.describe_stream(StreamArn=self.arn)["StreamDescription"]["Shards"][0]["ShardId"]
        found = self.streams.get_shard_iterator(StreamArn=self.arn, ShardId=shard, ShardIteratorType=kind, **names)
        return str(found["ShardIterator"])


Make = Callable[..., Table]


@pytest.fixture
def make(engine: Engine) -> Make:
    return lambda *args: Table(engine, *args)


@pytest.fixture
def table(make: Make) -> Table:
    return make()


class TestWhatIsTold:
    def test_insert_modify_and_remove(self, table: Table) -> None:
        """A change tells the item before it and after it, as far as there is one."""
        table.put(n={"N": "1"})
        table.put(n={"N": "2"})
        table.delete()
        one, two = ({**KEY, "n": {"N": number}} for number in "12")
        assert table.told == [("INSERT", None, one), ("MODIFY", one, two), ("REMOVE", two, None)]

    def test_an_update_that_makes_an_item_is_one_insert(self, table: Table) -> None:
        """UpdateItem on a key that is not there tells the whole new item once."""
        table.update("SET x = :x", **{":x": {"N": "1"}})
        assert table.told == [("INSERT", None, {**KEY, "x": {"N": "1"}})]

    def test_an_update_tells_the_whole_item(self, table: Table) -> None:
        """Also the attributes that it left alone are in both images."""
        table.put(n={"N": "1"}, other={"S": "x"})
        table.update("SET n = n + :one", **{":one": {"N": "1"}})
        assert table.told[1:] == [
            ("MODIFY", {**KEY, "n": {"N": "1"}, "other": {"S": "x"}}, {**KEY, "n": {"N": "2"}, "other": {"S": "x"}})
        ]

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ({"S": "x"}, {"S": "x"}),
            ({"N": "1.50"}, {"N": "1.5"}),
            ({"SS": ["a", "b"]}, {"SS": ["b", "a"]}),
            ({"L": [{"M": {"s": {"NS": ["1", "2"]}}}]}, {"L": [{"M": {"s": {"NS": ["2", "1"]}}}]}),
        ],
        ids=["text", "number", "set", "set inside"],
    )
    def test_a_write_that_changes_nothing_is_not_told(self, table: Table, first: Any, second: Any) -> None:
        """The same item put again gives no record, and what makes it the same is its value."""
        table.put(x=first)
        table.put(x=second)
        assert len(table.told) == 1

    def test_an_update_that_changes_nothing_is_not_told(self, table: Table) -> None:
        """Nor does one that sets what is there."""
        table.put(x={"N": "1"})
        table.update("SET x = :x", **{":x": {"N": "1"}})
        assert len(table.told) == 1

    def test_a_delete_of_nothing_is_not_told(self, table: Table) -> None:
        """There was no item to tell of."""
        table.delete("nobody")
        assert table.told == []

    def test_a_write_whose_condition_fails_is_not_told(self, table: Table) -> None:
        """It did not happen."""
        table.put()
        with pytest.raises(table.client.exceptions.ConditionalCheckFailedException):
            table.client.put_item(TableName=table.name, Item=KEY, ConditionExpression="attribute_not_exists(pk)")
        assert len(table.told) == 1

    def test_batches_and_transactions_are_told_item_by_item(self, table: Table) -> None:
        """One record for each item, in whatever way it was written."""
        table.client.batch_write_item(RequestItems={table.name: [{"PutRequest": {"Item": {"pk": {"S": "1"}}}}]})
        puts = [{"Put": {"TableName": table.name, "Item": {"pk": {"S": pk}}}} for pk in "23"]
        table.client.transact_write_items(TransactItems=puts)
        assert sorted(each["dynamodb"]["Keys"]["pk"]["S"] for each in table.records) == ["1", "2", "3"]

    def test_a_transaction_that_is_cancelled_is_not_told(self, table: Table) -> None:
        """All of it or nothing."""
        put = {"Put": {"TableName": table.name, "Item": {"pk": {"S": "b"}}}}
        check = {"ConditionCheck": {"TableName": table.name, "Key": KEY, "ConditionExpression": "attribute_exists(pk)"}}
        with pytest.raises(table.client.exceptions.TransactionCanceledException):
            table.client.transact_write_items(TransactItems=[put, check])
        assert table.told == []

    def test_an_item_whose_time_is_over_is_told_with_its_cause(self, make: Make) -> None:
        """A TTL delete is DynamoDB's own, and its record names it; who deletes by hand is not named."""
        table = make()
        table.client.update_time_to_live(
            TableName=table.name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"}
        )
        table.put("old", ttl={"N": str(int(time.time()) - 60)})
        table.put("new", ttl={"N": str(int(time.time()) + 600)})
        table.put("text", ttl={"S": "1"})
        table.delete("new")
        end = time.monotonic() + 60
        while len(found := [each for each in table.records if each["eventName"] == "REMOVE"]) < 2:
            assert time.monotonic() < end, "the item was not deleted in a minute"
            time.sleep(0.2)
        causes = {each["dynamodb"]["Keys"]["pk"]["S"]: each.get("userIdentity") for each in found}
        assert causes == {"old": {"principalId": "dynamodb.amazonaws.com", "type": "Service"}, "new": None}

    @pytest.mark.parametrize(
        ("view", "images"),
        [
            ("KEYS_ONLY", set()),
            ("NEW_IMAGE", {"NewImage"}),
            ("OLD_IMAGE", {"OldImage"}),
            ("NEW_AND_OLD_IMAGES", {"NewImage", "OldImage"}),
        ],
    )
    def test_the_view_type_says_which_images_come(self, make: Make, view: str, images: set[str]) -> None:
        """A modification has those images and the keys."""
        table = make(view)
        table.put(n={"N": "1"})
        table.put(n={"N": "2"})
        body = table.records[1]["dynamodb"]
        assert body.keys() & {"Keys", "NewImage", "OldImage"} == {"Keys"} | images
        assert body["StreamViewType"] == view


class TestHowItIsTold:
    def test_a_record_has_what_lambda_delivers(self, table: Table) -> None:
        """The fields, in Lambda's own words."""
        table.put()
        (record,) = table.records
        assert list(record) == [
            *("eventID", "eventName", "eventVersion", "eventSource", "awsRegion", "dynamodb", "eventSourceARN")
        ]
        assert (record["eventVersion"], record["eventSource"], record["awsRegion"]) == (
            "1.1",
            "aws:dynamodb",
            "us-east-1",
        )
        assert re.fullmatch("[0-9a-f]{32}", record["eventID"].replace("-", ""))
        assert re.fullmatch(
            rf"arn:aws:dynamodb:us-east-1:123456789012:table/{table.name}/stream/.+", record["eventSourceARN"]
        )

    def test_sizes_are_counted(self, table: Table) -> None:
        """The key and the images, as DynamoDB counts them."""
        table.put(n={"N": "-12.345"}, b={"B": b"1234"}, m={"M": {"l": {"L": [{"NULL": True}, {"BOOL": False}]}}})
        key, number, binary = 2 + 1, 1 + (1 + 1 + 3), 1 + 4
        elements = 3 + 2 * (1 + 1)
        nested = 1 + 3 + 1 + (1 + elements)
        assert table.records[0]["dynamodb"]["SizeBytes"] == key + (key + number + binary + nested)

    def test_numbers_are_told_in_one_form(self, table: Table) -> None:
        """Zeros that say nothing are gone."""
        table.put(a={"N": "01.50"}, b={"N": "1E2"}, c={"N": "-0"})
        image = table.told[0][2]
        assert [image[name]["N"] for name in "abc"] == ["1.5", "100", "0"]

    def test_a_set_is_delivered_in_order(self, table: Table) -> None:
        """However it was written."""
        table.put(s={"SS": ["b", "a"]})
        assert table.told[0][2]["s"] == {"SS": ["a", "b"]}

    def test_binary_values_and_empty_ones_come_through(self, table: Table) -> None:
        """Every type of DynamoDB's survives the way."""
        values: dict[str, Any] = {
            "b": {"B": b"\x00\xff"},
            "empty": {"S": ""},
            "list": {"L": []},
            "map": {"M": {"inner": {"BOOL": True}}},
            "null": {"NULL": True},
            "sets": {"BS": [b"x"]},
        }
        table.put(**values)
        expected = {**KEY, **values, "b": {"B": "AP8="}, "sets": {"BS": ["eA=="]}}
        assert table.told == [("INSERT", None, expected)]

    def test_times_are_those_of_the_change(self, table: Table) -> None:
        """To the second."""
        before = datetime.now(UTC).timestamp()
        table.put()
        assert before - 1 <= table.records[0]["dynamodb"]["ApproximateCreationDateTime"] <= before + 5


class TestHowItIsRead:
    def test_sequence_numbers_rise(self, table: Table) -> None:
        """In the order of the writes, also of writers that do not know each other."""

        def write(name: str) -> None:
            for number in range(25):
                table.put(x={"S": f"{name}{number}"})

        writers = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        numbers = [int(each["dynamodb"]["SequenceNumber"]) for each in table.records]
        assert len(numbers) == 100
        assert numbers == sorted(set(numbers))

    def test_each_record_goes_on_where_the_one_before_ended(self, table: Table) -> None:
        """The old image of a change is the new one of the change before."""
        for number in range(20):
            table.put(n={"N": str(number)})
        told = table.told
        assert [old for _, old, _ in told[1:]] == [new for _, _, new in told[:-1]]

    def test_reading_goes_on_after_a_record(self, table: Table) -> None:
        """AFTER_SEQUENCE_NUMBER leaves out the record it names, AT_SEQUENCE_NUMBER does not."""
        for pk in "abc":
            table.put(pk)
        number = table.records[0]["dynamodb"]["SequenceNumber"]
        for kind, count in (("AFTER_SEQUENCE_NUMBER", 2), ("AT_SEQUENCE_NUMBER", 3)):
            page = table.streams.get_records(ShardIterator=table.iterator(kind, SequenceNumber=number))
            assert len(page["Records"]) == count

    def test_latest_is_what_comes_from_now_on(self, table: Table) -> None:
        """And what an iterator has read does not come again."""
        table.put("a")
        latest = table.iterator("LATEST")
        table.put("b")
        page = table.streams.get_records(ShardIterator=latest)
        assert [each["dynamodb"]["Keys"]["pk"]["S"] for each in page["Records"]] == ["b"]
        assert table.streams.get_records(ShardIterator=page["NextShardIterator"])["Records"] == []

    def test_a_page_has_as_many_as_were_asked_for(self, table: Table) -> None:
        """And the next one goes on there."""
        for number in range(5):
            table.put(n={"N": str(number)})
        page = table.streams.get_records(ShardIterator=table.iterator("TRIM_HORIZON"), Limit=2)
        rest = table.streams.get_records(ShardIterator=page["NextShardIterator"])
        assert (len(page["Records"]), len(rest["Records"])) == (2, 3)

    def test_a_shard_says_where_it_begins(self, table: Table) -> None:
        """With a sequence number that no record precedes."""
        table.put()
        shard = table.streams.describe_stream(StreamArn=table.arn)["StreamDescription"]["Shards"][0]
        first = int(table.records[0]["dynamodb"]["SequenceNumber"])
        assert int(shard["SequenceNumberRange"]["StartingSequenceNumber"]) <= first

    def test_everybody_meets_the_same_table(self, engine: Engine, table: Table) -> None:
        """A user's own region and credentials lead to no other database."""
        client = boto3.client(
            "dynamodb",
            endpoint_url=engine.endpoint_url,
            region_name="eu-central-1",
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="x",
        )
        client.put_item(TableName=table.name, Item=KEY)
        assert len(table.told) == 1

    def test_a_put_is_in_the_stream_without_another_write(self, table: Table) -> None:
        """A record is not held back until more follow."""
        table.put()
        assert becomes(lambda: bool(table.told))
