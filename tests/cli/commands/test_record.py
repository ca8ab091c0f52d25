"""``router record``: events from a real stream, in files."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from router.local.engines.dynamodb_local import DynamoDBLocal
from router.local.engines.embedded import Embedded
from tests.cli.conftest import Run
from tests.cli.shop import Ended
from tests.local import conftest as engines
from tests.local.streams.faulty_proxy import CLOSED, CUT, faulty_proxy

# The fixtures of the real engine, which belong to another folder.
installation = engines.installation
dynamodb_local = engines.dynamodb_local

ROUTER = Path(sys.executable).with_name("router")
SILENT = "http://127.0.0.1:1"

Put = Callable[..., None]


@pytest.fixture(autouse=True)
def without_aws(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """No setting of AWS from the machine that runs the test."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "ROUTER_REDACT_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(folder / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def refused(ended: Ended, message: str) -> bool:
    """Whether a command ended with one line that has the text, and exit code 2."""
    return (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1) and message in ended.err


class TestWrongCommandLines:
    @pytest.mark.parametrize(
        ("argv", "message"),
        [
            ([], "found neither --table nor --stream-arn, expected one of them"),
            (["--table", "A", "--stream-arn", "B"], "found both --table and --stream-arn, expected one of them"),
            (["--stream-arn", "B"], "found the stream ARN 'B', expected arn:aws:dynamodb:REGION"),
            (["--table", "A", "--endpoint-url", "here"], "found the endpoint URL 'here', expected one such as http://"),
            (["--table", "A", "--endpoint-url", SILENT], f"found nothing that answers at {SILENT}, expected DynamoDB"),
            (["--table", "A"], "found no way to ask AWS (You must specify a region.); set AWS_PROFILE"),
            (["--table", "A", "--filter", "{"], "Invalid filter pattern definition."),
            (["--table", "A", "--batch-size", "10001"], "Value '10001' at 'batchSize' failed to satisfy constraint"),
            (["--table", "A", "--starting-position", "LATEST"], "without --follow, which records nothing"),
            (["--table", "A", "--starting-position", "X"], "enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]"),
            (["--table", "A", "--limit", "0"], "'--limit'"),
            (["--table", "A", "--redact", ""], "found an empty pattern to redact"),
            (["--table", "A", "--redact", "x", "--redact-key", ""], "found an empty key to redact with"),
            (["--tabel", "A"], "no such option: --tabel"),
        ],
    )
    def test_one_line_says_what_is_wrong(self, run_bare: Run, argv: list[str], message: str) -> None:
        """Exit code 2, and nothing is written."""
        assert refused(run_bare("record", *argv), message)
        assert not Path("events").exists()


@pytest.fixture
def table(dynamodb_local: DynamoDBLocal) -> Iterator[str]:
    """A table with a stream."""
    client = dynamodb_local.client("dynamodb")
    name = f"Recorded-{uuid4().hex}"
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    yield name
    client.delete_table(TableName=name)


@pytest.fixture
def put(dynamodb_local: DynamoDBLocal, table: str) -> Put:
    """Put an order into the table."""

    def put_order(order_id: str, **attributes: Any) -> None:
        item = {"pk": {"S": order_id}, "EntityType": {"S": "Order"}, "order_id": {"S": order_id}, **attributes}
        dynamodb_local.client("dynamodb").put_item(TableName=table, Item={"status": {"S": "NEW"}, **item})

    return put_order


@pytest.fixture
def record(run_bare: Run, dynamodb_local: DynamoDBLocal, table: str) -> Run:
    """Record the table."""

    def run_record(*argv: str) -> Ended:
        return run_bare("record", "--table", table, "--endpoint-url", dynamodb_local.endpoint_url, *argv)

    return run_record


def events(folder: str = "events") -> list[dict[str, Any]]:
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(Path(folder).iterdir())]


def orders(folder: str = "events") -> list[str]:
    return [record["dynamodb"]["Keys"]["pk"]["S"] for event in events(folder) for record in event["Records"]]


class TestRecording:
    def test_a_table_is_recorded_into_files(self, record: Run, put: Put, table: str) -> None:
        """One event each, by the table's name and a number."""
        for number in range(5):
            put(f"order-{number}")
        ended = record("--batch-size", "2")
        assert (ended.code, ended.err) == (0, "")
        assert ended.out.splitlines() == [
            f"events/{table}-000001.json  2 records",
            f"events/{table}-000002.json  2 records",
            f"events/{table}-000003.json  1 record",
            "3 events, 5 records",
        ]
        assert orders() == [f"order-{number}" for number in range(5)]

    def test_what_was_recorded_is_replayed(self, record: Run, run: Run, put: Put) -> None:
        """router replay accepts the files."""
        put("order-1")
        put("order-1", status={"S": "SHIPPED"})
        record("--redact", "pk", "--redact", "order_id")
        ended = run("replay", "events", "--json")
        found = json.loads(ended.out)
        assert ended.code == 0
        assert [(each["event"], each["entity"]) for each in found["records"]] == [
            ("INSERT", "Order"),
            ("MODIFY", "Order"),
        ]
        assert found["invocations"][0]["statuses"] == {"done": 4}

    def test_limit_and_filters(self, record: Run, put: Put) -> None:
        """The summary counts the filtered records."""
        for number in range(4):
            put(f"order-{number}")
        pattern = json.dumps({"dynamodb": {"Keys": {"pk": {"S": [{"anything-but": ["order-0"]}]}}}})
        ended = record("--filter", pattern, "--limit", "2")
        assert ended.out.splitlines()[-1] == "1 event, 2 records; 1 filtered out"
        assert orders() == ["order-1", "order-2"]

    def test_redaction_is_counted_and_a_misspelt_name_warned_of(self, record: Run, put: Put) -> None:
        """No redacted value is in the files or in the output."""
        put("order-1", mail={"S": "zoe@example.com"})
        ended = record("--redact", "mail", "--redact", "emial")
        assert ended.out.splitlines()[-1] == "1 event, 1 record; redacted mail: 1; redacted emial: 0"
        assert ended.err == "router: found no attribute for --redact 'emial'; check the spelling\n"
        assert "zoe" not in json.dumps(events())

    def test_a_redact_key_makes_recordings_agree(self, record: Run, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
        """Given as an option or in the environment; without it they do not agree."""
        put("order-1")
        record("--redact", "pk", "--out", "a", "--redact-key", "a long secret")
        record("--redact", "pk", "--out", "c")
        monkeypatch.setenv("ROUTER_REDACT_KEY", "a long secret")
        record("--redact", "pk", "--out", "b")
        assert orders("a") == orders("b") != orders("c")

    def test_the_discriminator_stays_under_a_glob(self, record: Run, put: Put) -> None:
        """So that the recording routes; another one is named with --discriminator."""
        put("order-1", kind={"S": "Parcel"})
        record("--redact", "*", "--out", "a")
        record("--redact", "*", "--discriminator", "kind", "--out", "b")
        (first,), (second,) = events("a")[0]["Records"], events("b")[0]["Records"]
        assert first["dynamodb"]["NewImage"]["EntityType"] == {"S": "Order"}
        assert first["dynamodb"]["NewImage"]["kind"] != {"S": "Parcel"}
        assert second["dynamodb"]["NewImage"]["EntityType"] != {"S": "Order"}
        assert second["dynamodb"]["NewImage"]["kind"] == {"S": "Parcel"}

    def test_the_json_of_a_recording(self, record: Run, put: Put, table: str) -> None:
        """One document."""
        put("order-1")
        document = json.loads(record("--redact", "pk", "--json").out)
        assert f"table/{table}/stream/" in document.pop("stream_arn")
        assert document == {
            "files": [f"events/{table}-000001.json"],
            "records": 1,
            "filtered_out": 0,
            "redacted": {"pk": 2},
        }

    def test_a_stream_is_recorded_by_its_arn(
        self, run_bare: Run, dynamodb_local: DynamoDBLocal, table: str, put: Put
    ) -> None:
        """In place of the table."""
        put("order-1")
        described = dynamodb_local.client("dynamodb").describe_table(TableName=table)
        arn = described["Table"]["LatestStreamArn"]
        assert run_bare("record", "--stream-arn", arn, "--endpoint-url", dynamodb_local.endpoint_url).code == 0
        assert orders() == ["order-1"]

    def test_nothing_to_record_is_told(self, record: Run) -> None:
        """No file is made."""
        assert record("--redact", "mail").out == "0 events, 0 records; redacted mail: 0\n"
        assert not Path("events").exists()


class TestFiles:
    def test_an_earlier_recording_stays(self, record: Run, put: Put, table: str) -> None:
        """It is looked for before anything is read."""
        put("order-1")
        record()
        put("order-2")
        assert refused(record(), f"found events/{table}-000001.json of an earlier recording; --force replaces it")
        assert orders() == ["order-1"]

    def test_force_replaces_all_of_it_and_nothing_else(self, record: Run, put: Put, table: str) -> None:
        """A shorter recording leaves no end of a longer one behind."""
        put("order-1")
        put("order-2")
        record("--batch-size", "1")
        Path("events", "mine.json").write_text('{"Records": []}', encoding="utf-8")
        assert record("--force").code == 0
        assert sorted(file.name for file in Path("events").iterdir()) == [f"{table}-000001.json", "mine.json"]
        assert orders() == ["order-1", "order-2"]

    def test_force_with_nothing_to_record_keeps_the_earlier(self, record: Run, put: Put) -> None:
        """A filter that takes nothing destroys nothing."""
        put("order-1")
        record()
        assert record("--force", "--filter", '{"eventName": ["REMOVE"]}').code == 0
        assert orders() == ["order-1"]

    def test_a_file_in_place_of_the_folder_is_refused(self, record: Run, folder: Path) -> None:
        """Another is asked for."""
        (folder / "events").write_text("mine", encoding="utf-8")
        assert refused(record(), "found the file events, expected a folder; name another with --out")


class TestMissing:
    def test_an_unknown_table(self, run_bare: Run, dynamodb_local: DynamoDBLocal, table: str) -> None:
        """The nearest is named."""
        ended = run_bare("record", "--table", f"{table}x", "--endpoint-url", dynamodb_local.endpoint_url)
        assert refused(ended, f"found no table '{table}x'")
        assert refused(ended, f"did you mean '{table}'?")

    def test_an_unknown_stream(self, run_bare: Run, dynamodb_local: DynamoDBLocal) -> None:
        """In the engine's words."""
        arn = "arn:aws:dynamodb:ddblocal:000000000000:table/Shop/stream/2026-01-02T03:04:05.678"
        ended = run_bare("record", "--stream-arn", arn, "--endpoint-url", dynamodb_local.endpoint_url)
        assert refused(ended, "to refuse DescribeStream: ResourceNotFoundException")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_following_and_keeps_the_records(
    dynamodb_local: DynamoDBLocal, table: str, put: Put, number: signal.Signals, code: int
) -> None:
    """In a real process: the full event is there already, and the rest is written."""
    put("order-1")
    argv = ["record", "--table", table, "--endpoint-url", dynamodb_local.endpoint_url, "--batch-size", "2"]
    with subprocess.Popen([ROUTER, *argv, "--follow", "60"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        put("order-2")
        assert process.stdout.readline() == f"events/{table}-000001.json  2 records\n"
        put("order-3")
        process.send_signal(number)
        rest = process.stdout.read().splitlines()
    assert process.returncode == code
    assert rest[-1].startswith(("1 event, 2 records", "2 events, 3 records"))
    assert orders() in (["order-1", "order-2"], ["order-1", "order-2", "order-3"])


class TestFaults:
    """Through a proxy in front of the embedded engine."""

    FAULTS = (
        *("ExpiredIteratorException", "TrimmedDataAccessException", None, "ResourceNotFoundException"),
        *("LimitExceededException", CLOSED, CLOSED, CLOSED, CUT, "TrimmedDataAccessException"),
    )

    @pytest.fixture
    def engine(self) -> Iterator[Embedded]:
        with Embedded() as engine:
            client = engine.client("dynamodb")
            client.create_table(
                TableName="Orders",
                AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                BillingMode="PAY_PER_REQUEST",
                StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
            )
            for number in range(3):
                client.put_item(TableName="Orders", Item={"pk": {"S": f"order-{number}"}, "EntityType": {"S": "Order"}})
            client.delete_item(TableName="Orders", Key={"pk": {"S": "order-0"}})
            yield engine

    def test_errors_that_pass_lose_and_repeat_nothing(self, run_bare: Run, engine: Embedded) -> None:
        """They are said on standard error, each once."""
        with faulty_proxy(engine.endpoint_url, self.FAULTS) as proxy:
            ended = run_bare("record", "--table", "Orders", "--endpoint-url", proxy.url)
        assert ended.code == 0
        assert orders() == ["order-0", "order-1", "order-2", "order-0"]
        assert not proxy.faults
        assert "records of shard shardId-00000000000000000000-00000000 were trimmed before they were read" in ended.err
        assert ended.err.count("reading waits for the stream: LimitExceededException of GetRecords") == 1

    def test_fields_that_an_engine_leaves_out(self, run_bare: Run, run: Run, engine: Embedded) -> None:
        """No ID, no name and no time: the recording can be replayed."""
        with faulty_proxy(engine.endpoint_url, lean=True) as proxy:
            assert run_bare("record", "--table", "Orders", "--endpoint-url", proxy.url).code == 0
        records = [record for event in events() for record in event["Records"]]
        assert [record["eventName"] for record in records] == ["INSERT", "INSERT", "INSERT", "REMOVE"]
        assert len({record["eventID"] for record in records}) == 4
        assert not any("ApproximateCreationDateTime" in record["dynamodb"] for record in records)
        assert len(json.loads(run("replay", "events", "--json").out)["records"]) == 4

    def test_a_stream_that_is_gone_is_said(self, run_bare: Run, engine: Embedded) -> None:
        """One line, exit code 2."""
        arn = "arn:aws:dynamodb:us-east-1:000000000000:table/Gone/stream/2026-01-02T03:04:05.678"
        ended = run_bare("record", "--stream-arn", arn, "--endpoint-url", engine.endpoint_url)
        assert refused(ended, "to refuse DescribeStream: ResourceNotFoundException")
