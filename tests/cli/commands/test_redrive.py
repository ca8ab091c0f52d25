"""``router parked`` and ``router redrive``, on files, folders, buckets and queues, to an app and to a function."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from router.cli import main
from router.local.aws_clients import aws_client
from router.local.redrive.file_place import FilePlace
from router.local.redrive.place import Document, PlaceError
from router.testing import deliveries
from tests.builders import Json
from tests.cli.shop import Ended
from tests.local.redrive.shop import APP, change, image, make_table, parked, write_lines
from tests.ministack import Ministack, deployed_function
from tests.sources.deliveries import on_kinesis

Command = Callable[..., Ended]

ROUTER = Path(sys.executable).with_name("router")

_numbers = count(1)


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which the app's handlers note what they have handled."""
    path = tmp_path / "seen.txt"
    monkeypatch.setenv("SEEN", str(path))
    return path


@pytest.fixture
def run(
    seen: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ministack: Ministack,
) -> Command:
    """Run a command in a folder with the app, on ministack in place of AWS."""
    (tmp_path / "redriven_shop.py").write_text(APP, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, "redriven_shop", raising=False)

    def command(name: str, *argv: str, app: str | None = "redriven_shop:app") -> Ended:
        capsys.readouterr()
        named = () if app is None else ("--app", app)
        code = main([name, *argv, *named, "--endpoint-url", ministack.endpoint_url])
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return command


def handled(seen: Path, route: str = "index") -> list[str]:
    """The item, the number and the version of what a route has handled."""
    lines = seen.read_text(encoding="utf-8").splitlines() if seen.exists() else []
    return [line.partition(" ")[2] for line in lines if line.startswith(f"{route} ")]


def break_item(seen: Path, item: str, *, is_broken: bool = True) -> None:
    mark = seen.with_name(f"{seen.name}.broken-{item}")
    if is_broken:
        mark.touch()
    else:
        mark.unlink()


def outcomes(ended: Ended) -> dict[str, int]:
    found: dict[str, int] = json.loads(ended.out.splitlines()[-1])["outcomes"]
    return found


PLACE = "parked.jsonl"


def test_what_is_done_leaves_the_file(run: Command, seen: Path) -> None:
    """Only the route runs at which a record was parked, in the order of the sequence numbers as integers."""
    write_lines(
        Path(PLACE), [parked(change("a", 2, 10)), parked(change("a", 1, 9, "INSERT")), parked(change("b", 1, 11))]
    )
    ended = run("redrive", PLACE, "--stale", "allow")
    assert (ended.code, ended.out) == (0, "3 records: 3 done\n")
    assert handled(seen) == ["INSERT a 9 1", "MODIFY a 10 2", "MODIFY b 11 1"]
    assert handled(seen, "audit") == []
    assert Path(PLACE).read_text(encoding="utf-8") == ""
    assert run("redrive", PLACE, "--stale", "allow").code == 0


def test_after_a_failure_the_later_records_of_the_item_wait(run: Command, seen: Path) -> None:
    """Those of other items go on; what fails stays, and goes on with the same command."""
    lines = [parked(change("a", 1, 1)), parked(change("b", 1, 2)), parked(change("a", 2, 3))]
    write_lines(Path(PLACE), lines)
    break_item(seen, "a")
    ended = run("redrive", PLACE, "--stale", "allow", "--json")
    assert (ended.code, outcomes(ended), handled(seen)) == (1, {"done": 1, "failed": 1, "waiting": 1}, ["MODIFY b 2 1"])
    assert [json.loads(line) for line in Path(PLACE).read_text(encoding="utf-8").splitlines()] == [lines[0], lines[2]]
    break_item(seen, "a", is_broken=False)
    assert run("redrive", PLACE, "--stale", "allow").code == 0
    assert handled(seen)[1:] == ["MODIFY a 1 1", "MODIFY a 3 2"]


def test_a_record_that_reached_no_route_runs_at_all(run: Command, seen: Path) -> None:
    """It was parked before one."""
    write_lines(Path(PLACE), [parked(change("a", 1, 1), route=None)])
    assert run("redrive", PLACE, "--stale", "allow").code == 0
    assert (handled(seen), handled(seen, "audit")) == (["MODIFY a 1 1"], ["MODIFY a 1 1"])


def test_a_route_that_has_another_name_now(run: Command, seen: Path) -> None:
    """Its record is kept until its present name is given."""
    write_lines(Path(PLACE), [parked(change("a", 1, 1), route="redriven_shop.old")])
    ended = run("redrive", PLACE, "--stale", "allow")
    assert (ended.code, handled(seen)) == (3, [])
    assert "the app has no route redriven_shop.old" in ended.out
    assert run("redrive", PLACE, "--stale", "allow", "--rename", "redriven_shop.old=redriven_shop.index").code == 0
    assert handled(seen) == ["MODIFY a 1 1"]


def test_filters_and_limit(run: Command, seen: Path) -> None:
    """A later record waits for an earlier one of its item that the filters leave out."""
    documents = [
        parked(change("a", 1, 1), error="KeyError"),
        parked(change("a", 2, 2)),
        parked(change("b", 1, 3)),
        parked(change("c", 1, 4)),
    ]
    write_lines(Path(PLACE), documents)
    ended = run("redrive", PLACE, "--stale", "allow", "--error", "Reject", "--limit", "1", "--json")
    assert (ended.code, outcomes(ended), handled(seen)) == (3, {"done": 1, "waiting": 1}, ["MODIFY b 3 1"])
    assert run("redrive", PLACE, "--stale", "allow", "--entity", "Cart").out == "0 records: none\n"
    assert len(Path(PLACE).read_text(encoding="utf-8").splitlines()) == 3


def test_a_dry_run_sends_and_removes_nothing(run: Command, seen: Path) -> None:
    """It says what it would send."""
    write_lines(Path(PLACE), [parked(change("a", 1, 1))])
    before = sorted(Path.cwd().rglob("*"))
    ended = run("redrive", PLACE, "--stale", "allow", "--dry-run")
    assert (ended.code, handled(seen)) == (0, [])
    assert "1 record: 1 ready" in ended.out
    assert sorted(path for path in Path.cwd().rglob("*") if "cache" not in path.parts) == before


def test_copies_of_a_document_run_once(run: Command, seen: Path) -> None:
    """A record may be parked twice under the same ID, by a container that ended before its answer."""
    document = parked(change("a", 1, 1))
    write_lines(Path(PLACE), [document, document | {"parkedAt": "2026-01-03T00:00:00+00:00"}, document])
    assert run("redrive", PLACE, "--stale", "allow").out == "1 record: 1 done\n"
    assert (handled(seen), Path(PLACE).read_text(encoding="utf-8")) == (["MODIFY a 1 1"], "")


def test_a_torn_line_stays(run: Command, seen: Path) -> None:
    """It is no document; the others leave the file."""
    write_lines(Path(PLACE), [parked(change("a", 1, 1))])
    with Path(PLACE).open("a", encoding="utf-8") as file:
        file.write('{"id": "x", "parkedAt"')
    ended = run("redrive", PLACE, "--stale", "allow", "--json")
    assert (ended.code, outcomes(ended)) == (3, {"done": 1, "unreadable": 1})
    assert Path(PLACE).read_text(encoding="utf-8") == '{"id": "x", "parkedAt"'


def test_a_folder_of_failure_documents(run: Command, seen: Path) -> None:
    """Of a document that is done in part, the rest runs the next time."""
    Path("failed").mkdir()
    batch = [change("a", 1, 1), change("b", 1, 2)]
    Path("failed", "2026-01-02T00.00.00-x").write_text(
        json.dumps(deliveries.failure_document(*batch)), encoding="utf-8"
    )
    break_item(seen, "b")
    ended = run("redrive", "failed", "--stale", "allow", "--json")
    assert (ended.code, outcomes(ended), handled(seen)) == (1, {"done": 1, "failed": 1}, ["MODIFY a 1 1"])
    break_item(seen, "b", is_broken=False)
    assert run("redrive", "failed", "--stale", "allow").out == "1 record: 1 done\n"
    assert handled(seen) == ["MODIFY a 1 1", "MODIFY b 2 1"]
    assert list(Path("failed").iterdir()) == []


# ---------------------------------------------------------------------------------------------------------------- stale


@pytest.fixture
def table(ministack: Ministack) -> str:
    """A table with the items a and b at version 2; c is gone."""
    name = f"redriven{next(_numbers)}"
    make_table(ministack.client("dynamodb"), name, {"a": 2, "b": 2})
    return name


def stale_documents(table: str) -> list[Json]:
    """Of a all versions, of b the first, of c one that is gone since."""
    return [
        parked(change("a", 1, 1, "INSERT", table)),
        parked(change("a", 2, 2, table=table)),
        parked(change("b", 1, 3, table=table)),
        parked(change("c", 1, 4, table=table)),
    ]


def test_a_stale_record_is_reported_and_kept(run: Command, seen: Path, table: str) -> None:
    """No handler sees an image that is older than what the table holds."""
    documents = stale_documents(table)
    write_lines(Path(PLACE), documents)
    ended = run("redrive", PLACE)
    assert (ended.code, handled(seen)) == (3, ["INSERT a 1 1", "MODIFY a 2 2"])
    assert "the item has changed since" in ended.out
    assert "the item is gone" in ended.out
    assert ended.out.endswith("4 records: 2 done, 2 stale\n")
    assert [json.loads(line) for line in Path(PLACE).read_text(encoding="utf-8").splitlines()] == documents[2:]


def test_a_stale_record_becomes_the_change_to_the_present_item(run: Command, seen: Path, table: str) -> None:
    """The removal of an item that is gone has its old image; one change covers all parked records of an item."""
    documents = [*stale_documents(table)[2:], parked(change("c", 2, 5, table=table))]
    write_lines(Path(PLACE), documents)
    ended = run("redrive", PLACE, "--stale", "refresh", "--json")
    assert (ended.code, outcomes(ended)) == (0, {"done": 2, "superseded": 1})
    assert handled(seen) == ["MODIFY b 3 2", "REMOVE c 4 -"]
    assert Path(PLACE).read_text(encoding="utf-8") == ""


def test_a_table_that_cannot_be_read_keeps_the_record(run: Command, seen: Path) -> None:
    """What is not compared is not sent."""
    write_lines(Path(PLACE), [parked(change("a", 1, 1, table="nowhere"))])
    ended = run("redrive", PLACE, "--json")
    assert (ended.code, outcomes(ended), handled(seen)) == (3, {"unchecked": 1}, [])


# ------------------------------------------------------------------------------------------------- buckets and queues


def test_a_bucket(run: Command, seen: Path, ministack: Ministack) -> None:
    """An object is deleted when its record is done."""
    s3, bucket = ministack.client("s3"), f"parked{next(_numbers)}"
    s3.create_bucket(Bucket=bucket)
    for item in "ab":
        document = parked(change(item, 1, ord(item)))
        s3.put_object(Bucket=bucket, Key=f"parked/{item}.json", Body=json.dumps(document).encode())
    break_item(seen, "b")
    listed = json.loads(run("parked", f"s3://{bucket}/parked/", "--json").out)
    assert [each["at"] for each in listed["records"]] == [f"s3://{bucket}/parked/{item}.json" for item in "ab"]
    ended = run("redrive", f"s3://{bucket}/parked/", "--stale", "allow", "--json")
    assert (ended.code, outcomes(ended), handled(seen)) == (1, {"done": 1, "failed": 1}, ["MODIFY a 97 1"])
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["parked/b.json"]


@pytest.mark.parametrize("fifo", [False, True])
def test_a_queue(run: Command, seen: Path, ministack: Ministack, fifo: bool) -> None:
    """Messages stay in the queue while they are listed; one is deleted when its record is done."""
    sqs = ministack.client("sqs")
    name, attributes = f"parked{next(_numbers)}", {}
    if fifo:
        name, attributes = f"{name}.fifo", {"FifoQueue": "true"}
    url: str = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    for number in range(24):
        item = "ab"[number % 2]
        groups = {"MessageGroupId": item, "MessageDeduplicationId": str(number)} if fifo else {}
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(parked(change(item, number, number))), **groups)
    break_item(seen, "b")
    assert json.loads(run("parked", url, "--json").out)["counts"]["entity"]["Order"] >= 10
    ended = run("redrive", url, "--stale", "allow", "--json")
    assert (ended.code, outcomes(ended)["done"], outcomes(ended)["failed"]) == (1, 12, 1)
    assert handled(seen) == [f"MODIFY a {number} {number}" for number in range(0, 24, 2)]
    break_item(seen, "b", is_broken=False)
    assert outcomes(run("redrive", url, "--stale", "allow", "--json")) == {"done": 12}
    assert handled(seen)[12:] == [f"MODIFY b {number} {number}" for number in range(1, 24, 2)]
    left = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    assert left == {"ApproximateNumberOfMessages": "0"}


def test_a_failure_document_without_records(run: Command, seen: Path, ministack: Ministack) -> None:
    """Its records are read again from the stream; what the stream no longer has is listed and kept."""
    client, streams, name = (
        ministack.client("dynamodb"),
        ministack.client("dynamodbstreams"),
        f"redriven{next(_numbers)}",
    )
    make_table(client, name, {}, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    for item in "abc":
        client.put_item(TableName=name, Item=image(item, 1))
    arn = client.describe_table(TableName=name)["Table"]["LatestStreamArn"]
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    found = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
    records = streams.get_records(ShardIterator=found["ShardIterator"])["Records"]
    numbers = [each["dynamodb"]["SequenceNumber"] for each in records]
    document = deliveries.failure_document(change("a", 1, 1), payload=False)
    batch = {
        "streamArn": arn,
        "shardId": shard["ShardId"],
        "startSequenceNumber": numbers[0],
        "endSequenceNumber": numbers[1],
        "batchSize": 2,
    }
    gone = batch | {"streamArn": arn.replace(name, "nowhere")}
    write_lines(Path(PLACE), [document | {"DDBStreamBatchInfo": each} for each in (batch, gone)])
    ended = run("redrive", PLACE, "--json")
    assert (ended.code, outcomes(ended)) == (3, {"done": 2, "gone": 1})
    assert handled(seen) == [f"INSERT {item} {number} 1" for item, number in zip("ab", numbers, strict=False)]
    assert len(Path(PLACE).read_text(encoding="utf-8").splitlines()) == 1


def test_a_failure_document_of_kinesis(run: Command, seen: Path, ministack: Ministack) -> None:
    """Its records are read again from the shard, in their order, as those of a table's stream are."""
    kinesis, name = ministack.client("kinesis"), f"redriven{next(_numbers)}"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    changes = [change(item, 1, number, "INSERT") for number, item in enumerate("abc", 1)]
    datas = [b64decode(on_kinesis(each, 1)["kinesis"]["data"]) for each in changes]
    put = [kinesis.put_record(StreamName=name, PartitionKey="a", Data=data) for data in datas]
    document = deliveries.failure_document(change("a", 1, 1), payload=False)
    del document["DDBStreamBatchInfo"]
    batch = {
        "streamArn": kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"],
        "shardId": put[0]["ShardId"],
        "startSequenceNumber": put[1]["SequenceNumber"],
        "endSequenceNumber": put[2]["SequenceNumber"],
        "batchSize": 2,
    }
    write_lines(Path(PLACE), [document | {"KinesisBatchInfo": batch}])
    ended = run("redrive", PLACE, "--stale", "allow", "--json")
    assert (ended.code, outcomes(ended)) == (0, {"done": 2})
    assert [line.split()[:2] for line in handled(seen)] == [["INSERT", "b"], ["INSERT", "c"]]
    assert Path(PLACE).read_text(encoding="utf-8") == ""


# ---------------------------------------------------------------------------------------------------------- the course


def test_the_rate_is_kept(run: Command, seen: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first record starts at once, and each other one its share of a second after the one before it."""
    slept: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: sum(slept), sleep=slept.append)
    monkeypatch.setattr("router.cli.commands.redrive.time", clock)
    write_lines(Path(PLACE), [parked(change("a", version, version)) for version in (1, 2, 3)])
    assert run("redrive", PLACE, "--stale", "allow", "--rate", "4").code == 0
    assert (slept, len(handled(seen))) == ([0.0, 0.25, 0.25], 3)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_between_two_records(run: Command, seen: Path, number: signal.Signals) -> None:
    """What is done has left the file, and the same command goes on: each record runs once."""
    write_lines(Path(PLACE), [parked(change("a", version, version)) for version in range(1, 41)])
    argv = [str(ROUTER), "redrive", PLACE, "--app", "redriven_shop:app", "--stale", "allow", "--rate", "10"]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while len(handled(seen)) < 2:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    assert process.wait() == 128 + number
    done = len(handled(seen))
    assert 2 <= done < 40
    assert len(Path(PLACE).read_text(encoding="utf-8").splitlines()) == 40 - done
    assert run("redrive", PLACE, "--stale", "allow").code == 0
    assert handled(seen) == [f"MODIFY a {version} {version}" for version in range(1, 41)]


def test_a_document_that_cannot_be_removed_ends_the_run(
    run: Command, seen: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says why; the record is done, and the same command removes it without running it again."""

    def refuse(_place: FilePlace, document: Document) -> None:
        msg = f"found AccessDenied on deleting {document.name}; the journal has that it is done"
        raise PlaceError(msg)

    write_lines(Path(PLACE), [parked(change("a", 1, 1)), parked(change("b", 1, 2))])
    with monkeypatch.context() as patched:
        patched.setattr(FilePlace, "remove", refuse)
        ended = run("redrive", PLACE, "--stale", "allow")
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert "found AccessDenied on deleting parked.jsonl:1" in ended.err
    assert run("redrive", PLACE, "--stale", "allow").code == 0
    assert handled(seen) == ["MODIFY a 1 1", "MODIFY b 2 1"]
    assert Path(PLACE).read_text(encoding="utf-8") == ""


# ------------------------------------------------------------------------------------------------------------- function


@pytest.fixture
def deployed(ministack: Ministack, seen: Path) -> Iterator[str]:
    """A deployed function of the app, which runs this package."""
    with deployed_function(ministack, f"redriven{next(_numbers)}", "redriven_shop.app", APP, seen) as name:
        yield name


def test_a_function_that_is_throttled_ends_the_run(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says so; what is done has left the place, and the other records stay as they were."""
    client = aws_client("lambda", "http://127.0.0.1:1")
    monkeypatch.setattr("router.local.deployed_function.aws_client", lambda *_, **__: client)
    write_lines(Path(PLACE), [parked(change("a", version, version)) for version in (1, 2, 3)])
    with Stubber(client) as stub:
        done = b'{"batchItemFailures": []}'
        stub.add_response("invoke", {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(done), len(done))})
        stub.add_client_error("invoke", "TooManyRequestsException", http_status_code=429)
        ended = run("redrive", PLACE, "--stale", "allow", "--function", "shop", app=None)
        stub.assert_no_pending_responses()
    assert ended.code != 0
    assert "found TooManyRequestsException on invoking the function shop" in ended.err.splitlines()[-1]
    left = [json.loads(line) for line in Path(PLACE).read_text(encoding="utf-8").splitlines()]
    assert [each["record"]["eventID"] for each in left] == ["e2", "e3"]


@pytest.mark.parametrize("of_queue", [False, True])
def test_a_deployed_function(run: Command, seen: Path, ministack: Ministack, deployed: str, of_queue: bool) -> None:
    """It runs the one route of each record, and what it reports stays in the place."""
    documents = [parked(change("a", 1, 1)), parked(change("b", 1, 2)), parked(change("b", 2, 3))]
    break_item(seen, "b")
    place = PLACE
    if of_queue:
        sqs = ministack.client("sqs")
        place = sqs.create_queue(QueueName=f"parked{next(_numbers)}")["QueueUrl"]
        for document in documents:
            sqs.send_message(QueueUrl=place, MessageBody=json.dumps(document))
    else:
        write_lines(Path(PLACE), documents)
    ended = run("redrive", place, "--stale", "allow", "--function", deployed, "--json", app=None)
    assert (ended.code, outcomes(ended)) == (1, {"done": 1, "failed": 1, "waiting": 1})
    assert (handled(seen), handled(seen, "audit")) == (["MODIFY a 1 1"], [])
    break_item(seen, "b", is_broken=False)
    ended = run("redrive", place, "--stale", "allow", "--function", deployed, app=None)
    assert (ended.code, handled(seen)[1:]) == (0, ["MODIFY b 2 1", "MODIFY b 3 2"])


def test_the_app_of_the_project_settings_is_no_contradiction(run: Command, seen: Path, deployed: str) -> None:
    """``[tool.router] app`` names the app of every command, and ``router init`` writes it."""
    Path("pyproject.toml").write_text('[tool.router]\napp = "redriven_shop:app"\n', encoding="utf-8")
    write_lines(Path(PLACE), [parked(change("a", 1, 1))])
    ended = run("redrive", PLACE, "--stale", "allow", "--function", deployed, app=None)
    assert (ended.code, handled(seen)) == (0, ["MODIFY a 1 1"])


def test_a_function_that_does_not_exist(run: Command) -> None:
    """One line, and every record stays."""
    write_lines(Path(PLACE), [parked(change("a", 1, 1))])
    ended = run("redrive", PLACE, "--stale", "allow", "--function", "nowhere", app=None)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert len(Path(PLACE).read_text(encoding="utf-8").splitlines()) == 1


# --------------------------------------------------------------------------------------------------------------- parked


def test_parked_lists_and_counts(run: Command) -> None:
    """By entity, route, stage and error, and without values of the item."""
    write_lines(Path(PLACE), [parked(change("s3cret", 1, 1)), parked(change("b", 1, 2), error="KeyError")])
    ended = run("parked", PLACE)
    assert ended.code == 0
    assert "2 records in parked.jsonl\n  by entity: 2 Order\n  by route: 2 redriven_shop.index\n" in ended.out
    assert "by error: 1 Reject, 1 KeyError" in ended.out
    assert "s3cret" not in ended.out + ended.err


def test_parked_shows_what_would_become_of_a_record_now(run: Command, seen: Path) -> None:
    """No handler runs, and values are printed on request only."""
    bad = change("s3cret", 1, 1)
    bad["dynamodb"]["NewImage"]["total"] = {"S": "s3cret"}
    write_lines(Path(PLACE), [parked(bad), parked(change("b", 1, 2))])
    first = run("parked", PLACE, "show", "e1-")
    assert "would be routed to redriven_shop.index; would not validate: ValidationError: total: " in first.out
    assert "s3cret" not in first.out + first.err
    assert "s3cret" in run("parked", PLACE, "show", "e1-", "--values").out
    second = run("parked", PLACE, "show", "e2-")
    assert "would be routed to redriven_shop.index; would validate now" in second.out
    assert handled(seen) == []


WRONG: dict[str, list[str]] = {
    "found no file or folder nowhere, expected one with parked records": ["redrive", "nowhere"],
    "found --stale old, expected keep, refresh or allow": ["redrive", PLACE, "--stale", "old"],
    "found --rename a, expected OLD=NEW": ["redrive", PLACE, "--rename", "a"],
    "found the place s3://, expected s3://BUCKET/PREFIX": ["redrive", "s3://"],
    "found 0 records whose ID begins with x, expected one": ["parked", PLACE, "show", "x"],
    "found hide, expected show": ["parked", PLACE, "hide", "x"],
    "found both --app and --function": ["redrive", PLACE, "--function", "shop"],
}


@pytest.mark.parametrize("message", WRONG)
def test_a_wrong_command_line_ends_with_one_line(run: Command, message: str) -> None:
    """Its exit code is 2."""
    write_lines(Path(PLACE), [parked(change("a", 1, 1))])
    ended = run(*WRONG[message])
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert message in ended.err


def test_nothing_that_a_redrive_prints_holds_a_value(run: Command, seen: Path, table: str) -> None:
    """Neither of what fails nor of what is stale."""
    bad: Any = change("s3cret", 1, 1, table=table)
    bad["dynamodb"]["NewImage"]["total"] = {"S": "s3cret"}
    write_lines(Path(PLACE), [parked(bad), parked(change("a", 1, 2, table=table))])
    for more in ([], ["--stale", "allow"], ["--json"], ["--json", "--stale", "allow"]):
        ended = run("redrive", PLACE, *more)
        assert "s3cret" not in ended.out + ended.err
