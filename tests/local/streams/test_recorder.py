"""``router.local.streams.recorder``: the records of a stream as Lambda's events."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore import exceptions as botocore

from router.app import Dispatcher
from router.change import Change
from router.local.engines.dynamodb_local import DynamoDBLocal
from router.local.event_source_mapping import MappingSettings
from router.local.streams.client import RecorderError, Service
from router.local.streams.recorder import Recorder, write_event
from router.local.streams.redaction import Redaction
from router.routes import Routes
from tests.examples import examples
from tests.local.streams.conftest import Table
from tests.local.streams.faulty_stream import FAMILY, FaultyStream, refused

ARN = "arn:aws:dynamodb:eu-west-1:111122223333:table/Shop/stream/2026-01-02T03:04:05.678"
LOCAL_ARN = "arn:aws:dynamodb:ddblocal:000000000000:table/Shop/stream/2026-01-02T03:04:05.678"
CREATED = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
NOW = CREATED.timestamp() + 3600

Json = dict[str, Any]


def read(number: int, created: datetime = CREATED, **image: Any) -> Json:
    """A record as boto3 returns it."""
    body = {
        "ApproximateCreationDateTime": created,
        "Keys": {"pk": {"S": str(number)}},
        "NewImage": {"pk": {"S": str(number)}, **image},
        "SequenceNumber": str(number),
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    return {"eventID": f"e{number}", "eventName": "INSERT", "dynamodb": body}


def numbers(event: Json) -> list[int]:
    return [int(record["dynamodb"]["SequenceNumber"]) for record in event["Records"]]


class Shard:
    """A shard of the client below: pages of records; the last page ends a closed shard."""

    def __init__(self, *pages: list[Any], parent: str | None = None, closed: bool = False) -> None:
        self.pages = [[each if isinstance(each, dict) else read(each) for each in page] for page in pages]
        self.parent = parent
        self.closed = closed


class Client:
    """A ``dynamodbstreams`` client with shards that a test changes, and a clock."""

    def __init__(self, shards: dict[str, Shard], page: int = 100) -> None:
        self.shards = shards
        self.page = page
        self.now = NOW
        self.positions: list[tuple[str, str, str | None]] = []
        self.during: list[Callable[[], object]] = []
        self.expired: list[str] = []  # each is refused once

    def describe_stream(self, *, StreamArn: str, ExclusiveStartShardId: str = "") -> Json:  # noqa: N803 - AWS's names
        names = list(self.shards)
        first = names.index(ExclusiveStartShardId) + 1 if ExclusiveStartShardId else 0
        listed = [self._listed(name) for name in names[first : first + self.page]]
        more = {"LastEvaluatedShardId": names[first + self.page - 1]} if first + self.page < len(names) else {}
        return {"StreamDescription": {"Shards": listed, **more}}

    def _listed(self, name: str) -> Json:
        shard = self.shards[name]
        numbers = {"StartingSequenceNumber": "1"} | ({"EndingSequenceNumber": "9"} if shard.closed else {})
        return {"ShardId": name, "SequenceNumberRange": numbers} | (
            {"ParentShardId": shard.parent} if shard.parent else {}
        )

    def get_shard_iterator(
        self,
        *,
        StreamArn: str,  # noqa: N803 - as above
        ShardId: str,  # noqa: N803 - as above
        ShardIteratorType: str,  # noqa: N803 - as above
        SequenceNumber: str | None = None,  # noqa: N803 - as above
    ) -> Json:
        self.positions.append((ShardId, ShardIteratorType, SequenceNumber))
        start = 0 if ShardIteratorType == "TRIM_HORIZON" else len(self.shards[ShardId].pages)
        return {"ShardIterator": f"{ShardId} {start}"}

    def get_records(self, *, ShardIterator: str) -> Json:  # noqa: N803 - as above
        if ShardIterator in self.expired:
            self.expired.remove(ShardIterator)
            raise botocore.ClientError({"Error": {"Code": "ExpiredIteratorException", "Message": "late"}}, "GetRecords")
        name, _, number = ShardIterator.rpartition(" ")
        shard, at = self.shards[name], int(number)
        records = shard.pages[at] if at < len(shard.pages) else []
        following = min(at + 1, len(shard.pages))
        ended = shard.closed and following == len(shard.pages)
        return {"Records": records} | ({} if ended else {"NextShardIterator": f"{name} {following}"})

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.during:
            self.during.pop(0)()


def recorder(client: Client, arn: str = ARN, *, settings: Json | None = None, **options: Any) -> Recorder:
    chosen = MappingSettings.of(settings or {})
    return Recorder(client, arn, chosen, clock=lambda: client.now, sleep=client.sleep, **options)


def batches(client: Client, **options: Any) -> list[list[int]]:
    return [numbers(event) for event in recorder(client, **options).events()]


class TestBatches:
    def test_batches_are_as_full_as_they_can_be(self) -> None:
        """The pages of the stream do not limit batches."""
        client = Client({"a": Shard([1, 2, 3], [4], [5, 6, 7])})
        assert batches(client, settings={"batch_size": 3}) == [[1, 2, 3], [4, 5, 6], [7]]

    def test_an_event_is_handed_out_as_soon_as_it_is_full(self) -> None:
        """A long stream is not kept in memory."""
        client = Client({"a": Shard([1, 2], [3, 4])})
        assert numbers(next(recorder(client, settings={"batch_size": 2}).events())) == [1, 2]
        assert client.now == NOW

    def test_shards_do_not_mix_and_parents_come_first(self) -> None:
        """The order of the list and its pages do not matter."""
        shards = {
            "grandchild": Shard([6], parent="child"),
            "child": Shard([4], [5], parent="parent", closed=True),
            "parent": Shard([1], [], [2, 3], parent="trimmed", closed=True),
        }
        assert batches(Client(shards, page=1)) == [[1, 2, 3], [4, 5], [6]]

    def test_an_event_is_never_longer_than_lambda_allows(self) -> None:
        """A batch ends at 6 MB."""
        big = [read(number, it={"S": "x" * 1_500_000}) for number in range(1, 6)]
        assert batches(Client({"a": Shard(big)})) == [[1, 2, 3, 4], [5]]

    def test_empty_pages_before_records_are_no_end(self) -> None:
        """DynamoDB may return empty pages before records."""
        assert batches(Client({"a": Shard([], [], [1], [], [], [2])})) == [[1, 2]]

    def test_a_closed_shard_is_read_to_its_end(self) -> None:
        """The number of empty pages does not matter."""
        shards = {"a": Shard(*[[] for _ in range(9)], [1], closed=True), "b": Shard([2], parent="a")}
        assert batches(Client(shards)) == [[1], [2]]

    def test_a_stream_that_is_always_written_to_has_an_end(self) -> None:
        """Records that are made after the start end the reading."""
        later = [[read(number, datetime.fromtimestamp(NOW + number, UTC))] for number in range(1, 1000)]
        assert batches(Client({"a": Shard(*later)})) == [list(range(1, 16))]

    def test_an_empty_stream_is_no_event(self) -> None:
        """A stream without records gives no event."""
        assert batches(Client({"a": Shard()})) == []


class TestFilters:
    INSERTED = '{"dynamodb": {"NewImage": {"kind": {"S": ["wanted"]}}}}'

    def client(self) -> Client:
        kinds = ["wanted", "other", "wanted", "wanted"]
        return Client({"a": Shard([read(number, kind={"S": kind}) for number, kind in enumerate(kinds, 1)])})

    def settings(self, **more: Any) -> Json:
        return {"filter_criteria": {"Filters": [{"Pattern": self.INSERTED}]}, **more}

    def test_filters_come_before_batches(self) -> None:
        """A record that no filter matches is counted, and is in no batch."""
        made = recorder(self.client(), settings=self.settings(batch_size=2))
        assert [numbers(event) for event in made.events()] == [[1, 3], [4]]
        assert (made.records, made.filtered_out) == (3, 1)

    def test_filters_come_before_the_limit(self) -> None:
        """The limit counts recorded records."""
        assert batches(self.client(), settings=self.settings(), limit=2) == [[1, 3]]

    def test_filters_come_before_redaction(self) -> None:
        """Filters see the original values."""
        made = recorder(self.client(), settings=self.settings(), redaction=Redaction(["kind"]))
        (event,) = made.events()
        assert numbers(event) == [1, 3, 4]
        assert "wanted" not in json.dumps(event)


class TestLimit:
    @pytest.mark.parametrize(
        ("limit", "expected"), [(1, [[1]]), (2, [[1, 2]]), (3, [[1, 2], [3]]), (9, [[1, 2], [3, 4]])]
    )
    def test_reading_ends_at_the_limit(self, limit: int, expected: list[list[int]]) -> None:
        """The last event may be incomplete."""
        assert batches(Client({"a": Shard([1, 2, 3], [4])}), settings={"batch_size": 2}, limit=limit) == expected

    def test_a_limit_ends_following(self) -> None:
        """At the limit the wait ends."""
        client = Client({"a": Shard([1, 2, 3])})
        assert batches(client, limit=2, follow=60) == [[1, 2]]
        assert client.now == NOW


class TestFollowing:
    def test_records_within_the_time_are_recorded(self) -> None:
        """Later records are not."""
        client = Client({"a": Shard([1])})
        client.during = [lambda: client.shards["a"].pages.append([read(2)])]
        assert batches(client, follow=10) == [[1, 2]]
        assert NOW + 10 <= client.now < NOW + 11

    def test_shards_that_appear_are_read_from_their_beginning(self) -> None:
        """A child is read after the end of its parent."""
        client = Client({"a": Shard([1])})

        def roll() -> None:
            client.shards["a"].closed = True
            client.shards["b"] = Shard([2], parent="a")

        client.during = [roll]
        assert batches(client, follow=10) == [[1], [2]]
        assert ("b", "TRIM_HORIZON", None) in client.positions

    def test_latest_leaves_out_earlier_records(self) -> None:
        """Open and new shards give their new records only."""
        client = Client({"old": Shard([1], closed=True), "a": Shard([2], parent="old")})

        def write() -> None:
            client.shards["a"].pages.append([read(3)])
            client.shards["a"].closed = True
            client.shards["b"] = Shard([4], parent="a")

        client.during = [write]
        assert batches(client, settings={"starting_position": "LATEST"}, follow=10) == [[3], [4]]
        assert [name for name, _, _ in client.positions] == ["a", "b"]

    def test_a_request_to_stop_ends_following(self) -> None:
        """The records that were read before it are in events."""
        client = Client({"a": Shard([1, 2])})
        assert batches(client, follow=60, stopped=lambda: client.now > NOW) == [[1, 2]]
        assert client.now < NOW + 1

    def test_an_expired_iterator_is_replaced_behind_the_last_record(self) -> None:
        """After 15 minutes asleep no record is read twice, also if filters match none of the records before."""
        client = Client({"a": Shard([1, 2])})
        client.during = [lambda: client.expired.append("a 1")]
        criteria = {"Filters": [{"Pattern": '{"eventName": ["REMOVE"]}'}]}
        made = recorder(client, follow=10, settings={"filter_criteria": criteria})
        assert list(made.events()) == []
        assert client.positions == [("a", "TRIM_HORIZON", None), ("a", "AFTER_SEQUENCE_NUMBER", "2")]
        assert made.filtered_out == 2

    def test_an_interrupt_ends_following_and_keeps_the_records(self) -> None:
        """KeyboardInterrupt ends the wait."""
        client = Client({"a": Shard([1, 2])})
        client.during = [self.interrupt]
        assert batches(client, follow=60) == [[1, 2]]

    def test_without_following_an_interrupt_is_raised(self) -> None:
        """A recording without --follow is incomplete then."""
        client = Client({"a": Shard([1, 2])})
        client.get_records = self.interrupt  # type: ignore[method-assign]  # a network call that is broken off
        with pytest.raises(KeyboardInterrupt):
            batches(client)

    @staticmethod
    def interrupt(**_: Any) -> Any:
        raise KeyboardInterrupt


class TestFaults:
    @pytest.mark.parametrize("fields", [True, False], ids=["all fields", "few fields"])
    @pytest.mark.parametrize("seed", range(examples(25)))
    def test_every_record_is_recorded_once_and_in_order(self, seed: int, fields: bool) -> None:
        """With failures in between, and without the fields that an engine may leave out."""
        stream, now = FaultyStream(FAMILY, seed, fields=fields), [NOW]

        def sleep(seconds: float) -> None:
            now[0] += seconds

        made = Recorder(stream, ARN, MappingSettings(), clock=lambda: now[0], sleep=sleep, follow=60)
        assert [number for event in made.events() for number in numbers(event)] == list(range(1, 90))
        assert stream.faults > 10

    def failing(self, client: Client, *errors: Exception) -> Recorder:
        """A recorder whose second page fails with the errors, one after the other."""
        left, get_records = list(errors), client.get_records

        def get(*, ShardIterator: str) -> Json:  # noqa: N803 - AWS's name
            if left and not ShardIterator.endswith(" 0"):
                raise left.pop(0)
            return get_records(ShardIterator=ShardIterator)

        client.get_records = get  # type: ignore[method-assign]  # the test's faults
        return recorder(client)

    def test_an_error_that_passes_is_no_end(self) -> None:
        """Also without following."""
        made = self.failing(Client({"a": Shard([1], [2])}), *[refused("ThrottlingException")] * 6)
        assert [numbers(event) for event in made.events()] == [[1, 2]]

    def test_what_was_read_is_recorded_before_the_error(self) -> None:
        """A stream that is deleted meanwhile leaves an incomplete recording, and says so."""
        client = Client({"a": Shard([1], [2])})
        events = self.failing(client, refused("AccessDeniedException")).events()
        assert numbers(next(events)) == [1]
        with pytest.raises(RecorderError, match="AccessDeniedException"):
            next(events)

    def test_patience_ends(self) -> None:
        """A service that is busy for more than a minute ends a recording."""
        made = self.failing(Client({"a": Shard([1], [2])}), *[refused("ThrottlingException")] * 99)
        with pytest.raises(RecorderError, match="ThrottlingException"):
            list(made.events())


class TestIdentity:
    def test_records_of_aws_keep_their_stream_and_region(self) -> None:
        """ARN and region stay."""
        (event,) = recorder(Client({"a": Shard([1])}), region="us-east-1").events()
        (record,) = event["Records"]
        assert (record["eventSourceARN"], record["awsRegion"]) == (ARN, "eu-west-1")

    def test_records_of_dynamodb_local_get_a_region(self) -> None:
        """Its region and account do not exist at AWS."""
        (event,) = recorder(Client({"a": Shard([1])}), LOCAL_ARN, region="eu-north-1").events()
        (record,) = event["Records"]
        assert record["awsRegion"] == "eu-north-1"
        assert record["eventSourceARN"].startswith("arn:aws:dynamodb:eu-north-1:123456789012:table/Shop/stream/")


class TestWriting:
    def test_a_file_is_an_event_that_its_owner_can_read(self, tmp_path: Path) -> None:
        """Folders are created, and only the owner can read the file."""
        path = tmp_path / "a" / "b" / "Shop-000001.json"
        write_event({"Records": [{"it": "Füße"}]}, path)
        assert json.loads(path.read_text(encoding="utf-8")) == {"Records": [{"it": "Füße"}]}
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [each.name for each in path.parent.iterdir()] == [path.name]

    def test_an_existing_file_stays(self, tmp_path: Path) -> None:
        """The error names --force."""
        path = tmp_path / "event.json"
        path.write_text("mine", encoding="utf-8")
        with pytest.raises(RecorderError, match=r"found .*event\.json already, .* --force replaces it"):
            write_event({}, path)
        assert path.read_text(encoding="utf-8") == "mine"

    def test_force_replaces_it_in_one_step(self, tmp_path: Path) -> None:
        """A reader of the old file reads the old event."""
        path = tmp_path / "event.json"
        path.write_text("mine", encoding="utf-8")
        with path.open(encoding="utf-8") as old:
            write_event({}, path, force=True)
            assert (old.read(), path.read_text(encoding="utf-8")) == ("mine", "{}\n")

    def test_a_write_that_fails_leaves_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Neither a partial file nor a temporary one remains."""

        def full(*_: Any, **__: Any) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(RecorderError, match=r"cannot write .*event\.json: No space left on device"):
            write_event({}, tmp_path / "event.json")
        assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("without_aws")
class TestRealEngine:
    def put(self, engine: DynamoDBLocal, name: str, **attributes: Any) -> None:
        engine.client("dynamodb").put_item(TableName=name, Item={"EntityType": {"S": "Order"}, **attributes})

    def recorded(self, engine: DynamoDBLocal, name: str, **options: Any) -> list[Json]:
        service = Service(engine.endpoint_url)
        settings = MappingSettings.of(options.pop("settings", {}))
        return list(Recorder(service, service.stream_of(name), settings, **options).events())

    def test_a_real_stream_is_recorded_in_batches(self, dynamodb_local: DynamoDBLocal, table: Table) -> None:
        """All changes of an item are in order, with the batch size in each event."""
        name, _ = table()
        for total in range(5):
            self.put(dynamodb_local, name, pk={"S": "a"}, total={"N": str(total)})
        events = self.recorded(dynamodb_local, name, settings={"batch_size": 2})
        records = [record for event in events for record in event["Records"]]
        assert [len(event["Records"]) for event in events] == [2, 2, 1]
        assert [record["dynamodb"]["NewImage"]["total"]["N"] for record in records] == list("01234")
        assert [record["eventName"] for record in records] == ["INSERT", *["MODIFY"] * 4]

    def test_a_redacted_recording_routes_as_the_real_one(self, dynamodb_local: DynamoDBLocal, table: Table) -> None:
        """Keys agree with images, sizes with values, and other attributes are unchanged."""
        name, _ = table()
        for mail in ("zoe@example.com", "zoe@example.org"):
            mails, raw = {"SS": ["zoe@example.com", "x@y.z"]}, {"B": b"zoe"}
            self.put(dynamodb_local, name, pk={"S": "zoe"}, mail={"S": mail}, mails=mails, raw=raw, total={"N": "1200"})
        routes, seen = Routes(), list[Any]()

        @routes.on(None, entity="Order")
        def see(change: Change[None]) -> None:
            seen.append((change.event, change.record.entity, change.keys["pk"]))

        app = Dispatcher(routes)
        (plain,) = self.recorded(dynamodb_local, name)
        (redacted,) = self.recorded(dynamodb_local, name, redaction=Redaction(["pk", "mail*", "raw"], key="key"))
        assert "zoe" not in json.dumps(redacted)
        assert "em9l" not in json.dumps(redacted)
        assert [report.status for report in app.dispatch(plain)] == [report.status for report in app.dispatch(redacted)]
        assert [each[:2] for each in seen[:2]] == [each[:2] for each in seen[2:]]
        assert seen[2][2] == seen[3][2] == redacted["Records"][1]["dynamodb"]["OldImage"]["pk"]["S"]
        for before, after in zip(plain["Records"], redacted["Records"], strict=True):
            assert after["dynamodb"]["SizeBytes"] == before["dynamodb"]["SizeBytes"]
            assert after["dynamodb"]["NewImage"]["total"] == {"N": "1200"}
            assert len(set(after["dynamodb"]["NewImage"]["mails"]["SS"])) == 2

    def test_following_records_new_records(self, dynamodb_local: DynamoDBLocal, table: Table) -> None:
        """From LATEST, earlier records are left out."""
        name, _ = table()
        self.put(dynamodb_local, name, pk={"S": "before"})
        waits: list[float] = []

        def write(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 1:
                self.put(dynamodb_local, name, pk={"S": "meanwhile"})

        settings = {"starting_position": "LATEST"}
        (event,) = self.recorded(dynamodb_local, name, settings=settings, follow=60, limit=1, sleep=write)
        assert [record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"]] == ["meanwhile"]

    def test_an_unknown_stream_is_refused(self, dynamodb_local: DynamoDBLocal) -> None:
        """The error holds the engine's message."""
        service = Service(dynamodb_local.endpoint_url)
        made = Recorder(service, LOCAL_ARN, MappingSettings())
        with pytest.raises(RecorderError, match=r"to refuse DescribeStream: ResourceNotFoundException"):
            list(made.events())
