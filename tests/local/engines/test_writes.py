"""The embedded engine and DynamoDB Local: the stream records of every operation of DynamoDB's API.

The operations are those of the installed botocore, so an operation that a new release adds fails the suite until it has a
case here or is named as one that writes no items.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from router.local.engines.engine import Engine, open_engine
from router.local.item_size import size_bytes
from tests.local.engines.tables import Table, described
from tests.local.engines.writes import (
    ADDED,
    INSERT,
    SEED,
    UNAVAILABLE,
    WITHOUT_WRITES,
    WRITES,
    Change,
    Item,
    Write,
    on_table,
)
from tests.waiting import becomes

IMAGES = {
    "KEYS_ONLY": (),
    "NEW_IMAGE": ("NewImage",),
    "OLD_IMAGE": ("OldImage",),
    "NEW_AND_OLD_IMAGES": ("NewImage", "OldImage"),
}


@pytest.fixture(scope="module", params=["embedded", pytest.param("dynamodb-local", marks=pytest.mark.real)])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Each engine that a session can start."""
    if request.param == "dynamodb-local":
        request.getfixturevalue("installation")
    with open_engine(request.param) as opened:
        yield opened


@pytest.fixture(autouse=True)
def available(request: pytest.FixtureRequest) -> None:
    """Expect the refusal of operations that an engine does not have."""
    marker = request.node.get_closest_marker("operation")
    if marker and marker.args[0] in UNAVAILABLE[request.node.callspec.params["engine"]]:
        request.node.add_marker(pytest.mark.xfail(reason="unknown operation", raises=ClientError, strict=True))


def _cases() -> Iterator[Any]:
    """All writes under one view type, and one of each operation and event under all of them."""
    seen: set[tuple[str, str]] = set()
    for write in WRITES:
        kinds = {(write.operation, change.event) for change in write.changes}
        for view in IMAGES if kinds - seen else ["NEW_AND_OLD_IMAGES"]:
            yield pytest.param(write, view, id=f"{write.operation}: {write.name}, {view}")
        seen |= kinds


@pytest.mark.parametrize(("write", "view"), list(_cases()))
def test_a_write_makes_the_records_of_its_changes(engine: Engine, write: Write, view: str) -> None:
    """A record for each change, with its images, sizes and keys; none for what changes nothing or is refused."""
    table = Table(engine, view)
    table.client.put_item(TableName=table.name, Item=SEED)
    code = _call(table, write)
    assert (code is None) is (write.refused is None), code
    assert code is None or write.refused is None or code.startswith(write.refused)
    records = [each["dynamodb"] | {"event": each["eventName"]} for each in table.records[1:]]
    assert [_comparable(each) for each in records] == [_expected(change, view) for change in write.changes]
    numbers = [int(each["SequenceNumber"]) for each in records]
    assert numbers == sorted(set(numbers))


def _call(table: Table, write: Write) -> str | None:
    method = getattr(table.client, botocore.xform_name(write.operation))
    try:
        method(**write.request(table.name))
    except ClientError as error:
        return str(error.response.get("Error", {}).get("Code"))
    return None


def _comparable(body: Item) -> Item:
    """A record without its number and time, sets in order: the engines differ in them."""
    left = {
        name: value for name, value in body.items() if name not in ("SequenceNumber", "ApproximateCreationDateTime")
    }
    return {name: _sorted(value) if name.endswith("Image") else value for name, value in left.items()}


def _sorted(image: Item) -> Item:
    return {
        name: {tag: sorted(content) if tag in ("SS", "NS", "BS") else content for tag, content in value.items()}
        for name, value in image.items()
    }


def _expected(change: Change, view: str) -> Item:
    named = {"NewImage": change.new, "OldImage": change.old}
    images = {name: named[name] for name in IMAGES[view] if named[name] is not None}
    keys = {"pk": (change.new or change.old or {})["pk"]}
    size = size_bytes(keys, *filter(None, images.values()))
    return {"event": change.event, "Keys": keys, **images, "SizeBytes": size, "StreamViewType": view}


class TestCoverage:
    def test_every_operation_is_covered(self) -> None:
        """An operation has a case, a test below, or is named as one that writes no items."""
        below = {
            marker.args[0]
            for test in _tests()
            for marker in getattr(test, "pytestmark", ())
            if marker.name == "operation"
        }
        model = botocore.session.get_session().get_service_model("dynamodb")
        covered = {write.operation for write in WRITES} | below
        assert covered.isdisjoint(WITHOUT_WRITES)
        assert sorted(covered | WITHOUT_WRITES) == sorted(model.operation_names)


def _tests() -> Iterator[Any]:
    for cls in (TestTables, TestOtherWrites):
        yield from vars(cls).values()


class TestTables:
    @pytest.mark.operation("CreateTable")
    @pytest.mark.parametrize(
        "stream", [{}, {"StreamSpecification": {"StreamEnabled": False}}], ids=["none", "disabled"]
    )
    def test_a_table_without_a_stream_has_no_arn(self, engine: Engine, stream: Item) -> None:
        """A stream that is not enabled is no stream."""
        client = engine.client("dynamodb")
        name = f"Streamless-{len(stream)}"
        client.create_table(**described(name), **stream)
        client.put_item(TableName=name, Item=SEED)
        assert not {"LatestStreamArn", "StreamSpecification"} & client.describe_table(TableName=name)["Table"].keys()

    @pytest.mark.operation("UpdateTable")
    def test_a_stream_begins_when_it_is_enabled(self, engine: Engine) -> None:
        """Earlier changes are not in it."""
        table = Table(engine, None)
        table.put("before")
        _switch(table, "KEYS_ONLY")
        table.put("after")
        assert [each["dynamodb"]["Keys"]["pk"]["S"] for each in table.records] == ["after"]

    @pytest.mark.operation("UpdateTable")
    def test_a_disabled_stream_keeps_its_records_and_gets_no_others(self, engine: Engine) -> None:
        """The table still names it, and its shard has ended."""
        table = Table(engine)
        table.put("before")
        arn = table.arn
        _switch(table, None)
        table.put("after")
        assert table.arn == arn
        assert [each["dynamodb"]["Keys"]["pk"]["S"] for each in table.records_of(arn)] == ["before"]
        assert table.streams.describe_stream(StreamArn=arn)["StreamDescription"]["StreamStatus"] == "DISABLED"

    @pytest.mark.operation("UpdateTable")
    def test_another_view_type_is_another_stream(self, engine: Engine) -> None:
        """It is disabled and enabled again; each stream has its own records."""
        table = Table(engine, "OLD_IMAGE")
        table.put("before")
        old = table.arn
        _switch(table, None)
        _switch(table, "NEW_IMAGE")
        table.put("after")
        assert table.arn != old
        views = [[each["dynamodb"]["StreamViewType"] for each in table.records_of(arn)] for arn in (old, table.arn)]
        assert views == [["OLD_IMAGE"], ["NEW_IMAGE"]]

    @pytest.mark.operation("UpdateTable")
    @pytest.mark.parametrize("view", ["NEW_IMAGE", "NEW_AND_OLD_IMAGES"])
    def test_an_enabled_stream_does_not_change(self, engine: Engine, view: str) -> None:
        """It is refused to enable it again, also with another view type."""
        table = Table(engine, "NEW_AND_OLD_IMAGES")
        with pytest.raises(ClientError, match="Table already has an enabled stream"):
            _switch(table, view)

    @pytest.mark.operation("UpdateTable")
    def test_a_stream_is_disabled_once(self, engine: Engine) -> None:
        """It is refused to disable a stream that is not enabled."""
        with pytest.raises(ClientError, match="Table has no stream to disable"):
            _switch(Table(engine, None), None)

    @pytest.mark.operation("UpdateTable")
    @pytest.mark.parametrize(
        "specification", [{"StreamEnabled": True}, {"StreamEnabled": False, "StreamViewType": "KEYS_ONLY"}]
    )
    def test_only_an_enabled_stream_has_a_view_type(self, engine: Engine, specification: Item) -> None:
        """Enabled without one, and disabled with one, are refused."""
        table = Table(engine, None)
        with pytest.raises(ClientError, match="Invalid StreamViewType"):
            table.client.update_table(TableName=table.name, StreamSpecification=specification)

    @pytest.mark.operation("UpdateTable")
    def test_a_new_index_makes_no_record(self, engine: Engine) -> None:
        """An index is filled without a change of an item."""
        table = Table(engine)
        table.put(g={"S": "x"})
        table.client.update_table(
            TableName=table.name,
            AttributeDefinitions=[{"AttributeName": "g", "AttributeType": "S"}],
            GlobalSecondaryIndexUpdates=[{"Create": INDEX}],
        )
        assert becomes(
            lambda: _index_status(table) == "ACTIVE"
        )  # DynamoDB Local answers writes with an error until then
        table.put("b", g={"S": "x"})
        assert [each["dynamodb"]["Keys"]["pk"]["S"] for each in table.records] == ["a", "b"]

    @pytest.mark.operation("DeleteTable")
    def test_a_deleted_table_removes_no_items_and_keeps_its_stream(self, engine: Engine) -> None:
        """A table of the same name has a stream of its own."""
        table = Table(engine)
        table.put("before")
        old = table.arn
        table.client.delete_table(TableName=table.name)
        assert [each["eventName"] for each in table.records_of(old)] == ["INSERT"]
        table.create()
        table.put("after")
        assert table.arn != old
        assert [each["dynamodb"]["Keys"]["pk"]["S"] for each in table.records] == ["after"]


class TestOtherWrites:
    @pytest.mark.operation("BatchWriteItem")
    def test_a_table_has_the_records_of_its_own_items(self, engine: Engine) -> None:
        """One write to two tables, one of which has no stream."""
        one, two, without = Table(engine), Table(engine, "KEYS_ONLY"), Table(engine, None)
        puts = {each.name: [{"PutRequest": {"Item": ADDED}}] for each in (one, two, without)}
        one.client.batch_write_item(RequestItems=puts)
        assert one.changes == [("INSERT", None, ADDED)]
        assert two.changes == [("INSERT", None, None)]

    @pytest.mark.operation("ExecuteTransaction")
    @pytest.mark.parametrize("operation", ["execute_transaction", "transact_write_items"])
    def test_a_repeated_token_makes_no_second_record(self, engine: Engine, operation: str) -> None:
        """The transaction has succeeded before."""
        table = Table(engine)
        request: Item = {"ClientRequestToken": table.name[-36:]}
        if operation == "execute_transaction":
            request["TransactStatements"] = [{"Statement": on_table(table.name, INSERT)}]
        else:
            request["TransactItems"] = [{"Put": {"TableName": table.name, "Item": ADDED}}]
        for _ in range(2):
            getattr(table.client, operation)(**request)
        assert table.changes == [("INSERT", None, ADDED)]

    @pytest.mark.operation("UpdateTimeToLive")
    def test_an_expired_item_is_removed_by_dynamodb(self, engine: Engine) -> None:
        """The record has the identity of the service."""
        table = Table(engine)
        specification = {"Enabled": True, "AttributeName": "ttl"}
        table.client.update_time_to_live(TableName=table.name, TimeToLiveSpecification=specification)
        table.put(ttl={"N": str(int(time.time()) - 60)})
        end = time.monotonic() + 60
        while len(table.records) < 2:
            assert time.monotonic() < end, "the item was not deleted in a minute"
            time.sleep(0.2)
        assert [(each["eventName"], each.get("userIdentity")) for each in table.records] == [
            ("INSERT", None),
            ("REMOVE", {"principalId": "dynamodb.amazonaws.com", "type": "Service"}),
        ]

    @pytest.mark.operation("RestoreTableFromBackup")
    def test_a_table_restored_from_a_backup_has_no_stream(self, engine: Engine) -> None:
        """Its items are no changes."""
        table = Table(engine)
        table.put()
        made = table.client.create_backup(TableName=table.name, BackupName="first")["BackupDetails"]
        table.client.restore_table_from_backup(TargetTableName=f"{table.name}-R", BackupArn=made["BackupArn"])
        _assert_restored(table, f"{table.name}-R")

    @pytest.mark.operation("RestoreTableToPointInTime")
    def test_a_table_restored_to_a_time_has_no_stream(self, engine: Engine) -> None:
        """Its items are no changes."""
        table = Table(engine)
        table.put()
        table.client.restore_table_to_point_in_time(
            SourceTableName=table.name, TargetTableName=f"{table.name}-R", UseLatestRestorableTime=True
        )
        _assert_restored(table, f"{table.name}-R")

    @pytest.mark.operation("ImportTable")
    def test_an_imported_table_has_no_stream(self, engine: Engine) -> None:
        """AWS's parameters of its table have no stream either."""
        client = engine.client("dynamodb")
        client.import_table(
            S3BucketSource={"S3Bucket": "exports"},
            InputFormat="DYNAMODB_JSON",
            TableCreationParameters=described("Imported"),
        )
        assert "LatestStreamArn" not in client.describe_table(TableName="Imported")["Table"]

    @pytest.mark.operation("CreateGlobalTable")
    def test_a_global_table_of_2017_is_refused(self, engine: Engine) -> None:
        """Neither engine has the operation."""
        engine.client("dynamodb").create_global_table(GlobalTableName="Global", ReplicationGroup=[])

    @pytest.mark.operation("UpdateGlobalTable")
    def test_a_replica_of_2017_is_refused(self, engine: Engine) -> None:
        """Neither engine has the operation."""
        engine.client("dynamodb").update_global_table(GlobalTableName="Global", ReplicaUpdates=[])


INDEX = {
    "IndexName": "by-g",
    "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}


def _switch(table: Table, view: str | None) -> None:
    """Enable a table's stream with a view type, or disable it."""
    specification = {"StreamEnabled": view is not None} | ({"StreamViewType": view} if view else {})
    table.client.update_table(TableName=table.name, StreamSpecification=specification)


def _index_status(table: Table) -> str:
    (index,) = table.client.describe_table(TableName=table.name)["Table"]["GlobalSecondaryIndexes"]
    return str(index["IndexStatus"])


def _assert_restored(table: Table, name: str) -> None:
    found = table.client.describe_table(TableName=name)["Table"]
    assert table.client.scan(TableName=name)["Count"] == 1
    assert not {"LatestStreamArn", "StreamSpecification"} & found.keys()
    assert len(table.records) == 1
