"""``router.local.engines.engine``: one suite of stream behaviour for all engines; KNOWN lists differences."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from router.local.engines.embedded import Embedded
from router.local.engines.engine import Engine, open_engine
from tests.local.engines.tables import KEY, Table
from tests.waiting import becomes

KNOWN = {
    "test_a_set_is_delivered_in_order": {"embedded": "sets stay in the order in which they were written"},
    "test_times_are_those_of_the_change": {"dynamodb-local": "times are those of the last full minute"},
}
"""The known differences from AWS, by test; a test that passes all the same fails the suite."""


@pytest.fixture(scope="module", params=["embedded", pytest.param("dynamodb-local", marks=pytest.mark.real), "endpoint"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Each engine; the endpoint is a second embedded one at its endpoint URL."""
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
    """Expect the failures that KNOWN lists."""
    if "engine" not in request.fixturenames:
        return
    name = request.node.callspec.params["engine"]
    reasons = KNOWN.get(request.node.originalname, {})
    if reason := reasons.get("embedded" if name == "endpoint" else name):
        request.node.add_marker(pytest.mark.xfail(reason=reason, strict=True))


Make = Callable[..., Table]


@pytest.fixture
def make(engine: Engine) -> Make:
    return lambda *args: Table(engine, *args)


@pytest.fixture
def table(make: Make) -> Table:
    return make()


class TestChanges:
    def test_insert_modify_and_remove(self, table: Table) -> None:
        """A record has the item before and after its change."""
        table.put(n={"N": "1"})
        table.put(n={"N": "2"})
        table.delete()
        one, two = ({**KEY, "n": {"N": number}} for number in "12")
        assert table.changes == [("INSERT", None, one), ("MODIFY", one, two), ("REMOVE", two, None)]

    def test_an_update_that_makes_an_item_is_one_insert(self, table: Table) -> None:
        """UpdateItem of a missing item makes one record with the new item."""
        table.update("SET x = :x", **{":x": {"N": "1"}})
        assert table.changes == [("INSERT", None, {**KEY, "x": {"N": "1"}})]

    def test_an_update_has_whole_images(self, table: Table) -> None:
        """Both images hold the unchanged attributes too."""
        table.put(n={"N": "1"}, other={"S": "x"})
        table.update("SET n = n + :one", **{":one": {"N": "1"}})
        assert table.changes[1:] == [
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
    def test_an_equal_item_makes_no_record(self, table: Table, first: Any, second: Any) -> None:
        """Equality is that of the values."""
        table.put(x=first)
        table.put(x=second)
        assert len(table.changes) == 1

    def test_an_equal_update_makes_no_record(self, table: Table) -> None:
        """An update with equal values makes no record."""
        table.put(x={"N": "1"})
        table.update("SET x = :x", **{":x": {"N": "1"}})
        assert len(table.changes) == 1

    def test_a_delete_of_a_missing_item_makes_no_record(self, table: Table) -> None:
        """A missing item has no image."""
        table.delete("nobody")
        assert table.changes == []

    def test_a_failed_condition_makes_no_record(self, table: Table) -> None:
        """A refused write changes nothing."""
        table.put()
        with pytest.raises(table.client.exceptions.ConditionalCheckFailedException):
            table.client.put_item(TableName=table.name, Item=KEY, ConditionExpression="attribute_not_exists(pk)")
        assert len(table.changes) == 1

    def test_batches_and_transactions_make_a_record_for_each_item(self, table: Table) -> None:
        """The kind of write does not matter."""
        table.client.batch_write_item(RequestItems={table.name: [{"PutRequest": {"Item": {"pk": {"S": "1"}}}}]})
        puts = [{"Put": {"TableName": table.name, "Item": {"pk": {"S": pk}}}} for pk in "23"]
        table.client.transact_write_items(TransactItems=puts)
        assert sorted(each["dynamodb"]["Keys"]["pk"]["S"] for each in table.records) == ["1", "2", "3"]

    def test_a_cancelled_transaction_makes_no_record(self, table: Table) -> None:
        """A transaction is all or nothing."""
        put = {"Put": {"TableName": table.name, "Item": {"pk": {"S": "b"}}}}
        check = {"ConditionCheck": {"TableName": table.name, "Key": KEY, "ConditionExpression": "attribute_exists(pk)"}}
        with pytest.raises(table.client.exceptions.TransactionCanceledException):
            table.client.transact_write_items(TransactItems=[put, check])
        assert table.changes == []

    def test_an_expired_item_is_deleted_with_its_cause(self, make: Make) -> None:
        """A TTL delete has DynamoDB's identity; a user's delete has none."""
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
    def test_the_view_type_determines_the_images(self, make: Make, view: str, images: set[str]) -> None:
        """A modification has those images and the keys."""
        table = make(view)
        table.put(n={"N": "1"})
        table.put(n={"N": "2"})
        body = table.records[1]["dynamodb"]
        assert body.keys() & {"Keys", "NewImage", "OldImage"} == {"Keys"} | images
        assert body["StreamViewType"] == view


class TestRecords:
    def test_a_record_has_lambdas_fields(self, table: Table) -> None:
        """All fields have Lambda's names."""
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
        """SizeBytes counts the key and the images."""
        table.put(n={"N": "-12.345"}, b={"B": b"1234"}, m={"M": {"l": {"L": [{"NULL": True}, {"BOOL": False}]}}})
        key, number, binary = 2 + 1, 1 + (1 + 1 + 3), 1 + 4
        elements = 3 + 2 * (1 + 1)
        nested = 1 + 3 + 1 + (1 + elements)
        assert table.records[0]["dynamodb"]["SizeBytes"] == key + (key + number + binary + nested)

    def test_numbers_have_one_form(self, table: Table) -> None:
        """Insignificant zeros are removed."""
        table.put(a={"N": "01.50"}, b={"N": "1E2"}, c={"N": "-0"})
        image = table.changes[0][2]
        assert [image[name]["N"] for name in "abc"] == ["1.5", "100", "0"]

    def test_a_set_is_delivered_in_order(self, table: Table) -> None:
        """The order of writing does not matter."""
        table.put(s={"SS": ["b", "a"]})
        assert table.changes[0][2]["s"] == {"SS": ["a", "b"]}

    def test_binary_and_empty_values_stay(self, table: Table) -> None:
        """Every type of DynamoDB's is delivered unchanged."""
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
        assert table.changes == [("INSERT", None, expected)]

    def test_times_are_those_of_the_change(self, table: Table) -> None:
        """Times are exact to the second."""
        before = datetime.now(UTC).timestamp()
        table.put()
        assert before - 1 <= table.records[0]["dynamodb"]["ApproximateCreationDateTime"] <= before + 5


class TestReading:
    def test_sequence_numbers_rise(self, table: Table) -> None:
        """They rise in the order of the writes, also of concurrent writers."""

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

    def test_an_old_image_is_the_last_new_image(self, table: Table) -> None:
        """The images of an item form a chain."""
        for number in range(20):
            table.put(n={"N": str(number)})
        changes = table.changes
        assert [old for _, old, _ in changes[1:]] == [new for _, _, new in changes[:-1]]

    def test_reading_starts_at_or_after_a_record(self, table: Table) -> None:
        """AFTER_SEQUENCE_NUMBER leaves out the record, AT_SEQUENCE_NUMBER does not."""
        for pk in "abc":
            table.put(pk)
        number = table.records[0]["dynamodb"]["SequenceNumber"]
        for kind, count in (("AFTER_SEQUENCE_NUMBER", 2), ("AT_SEQUENCE_NUMBER", 3)):
            page = table.streams.get_records(ShardIterator=table.iterator(kind, SequenceNumber=number))
            assert len(page["Records"]) == count

    def test_latest_gives_new_records(self, table: Table) -> None:
        """An iterator gives each record once."""
        table.put("a")
        latest = table.iterator("LATEST")
        table.put("b")
        page = table.streams.get_records(ShardIterator=latest)
        assert [each["dynamodb"]["Keys"]["pk"]["S"] for each in page["Records"]] == ["b"]
        assert table.streams.get_records(ShardIterator=page["NextShardIterator"])["Records"] == []

    def test_a_page_has_at_most_the_limit(self, table: Table) -> None:
        """The next page continues there."""
        for number in range(5):
            table.put(n={"N": str(number)})
        page = table.streams.get_records(ShardIterator=table.iterator("TRIM_HORIZON"), Limit=2)
        rest = table.streams.get_records(ShardIterator=page["NextShardIterator"])
        assert (len(page["Records"]), len(rest["Records"])) == (2, 3)

    def test_a_shard_has_a_starting_sequence_number(self, table: Table) -> None:
        """No record has a lower one."""
        table.put()
        shard = table.streams.describe_stream(StreamArn=table.arn)["StreamDescription"]["Shards"][0]
        first = int(table.records[0]["dynamodb"]["SequenceNumber"])
        assert int(shard["SequenceNumberRange"]["StartingSequenceNumber"]) <= first

    def test_all_clients_use_the_same_table(self, engine: Engine, table: Table) -> None:
        """Region and credentials of a client do not matter."""
        client = boto3.client(
            "dynamodb",
            endpoint_url=engine.endpoint_url,
            region_name="eu-central-1",
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="x",
        )
        client.put_item(TableName=table.name, Item=KEY)
        assert len(table.changes) == 1

    def test_a_put_is_in_the_stream_without_another_write(self, table: Table) -> None:
        """A record is not held back until more follow."""
        table.put()
        assert becomes(lambda: bool(table.changes))
