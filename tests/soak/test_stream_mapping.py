"""The mapping of a real soak, over a stream in this process."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from router.local.event_source_mapping import FunctionError, Invoke, Result, Returned
from tests.soak.database import Database
from tests.soak.histories import histories
from tests.soak.sources import Images
from tests.soak.stream_mapping import StalledError, StreamMapping

ARN = "arn:aws:dynamodb:ddblocal:000000000000:table/soak/stream/2026-01-02T03:04:05.678"


class Streams:
    """A stream with one shard and a page of records."""

    def __init__(self, count: int) -> None:
        images = Images()
        self.records = [images.record(write, number) for number, write in enumerate(histories(count, seed=1), start=1)]
        for record in self.records:
            record["dynamodb"]["ApproximateCreationDateTime"] = datetime.now(UTC)

    def describe_stream(self, **_: Any) -> Any:
        return {"StreamDescription": {"Shards": [{"ShardId": "shard", "SequenceNumberRange": {}}]}}

    def get_shard_iterator(self, **_: Any) -> Any:
        return {"ShardIterator": "0"}

    def get_records(self, ShardIterator: str) -> Any:  # noqa: N803 - boto3's name
        return {"Records": self.records[int(ShardIterator) :], "NextShardIterator": str(len(self.records))}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty database."""
    with closing(Database(tmp_path / "soak.db")) as database:
        yield database


def test_every_record_is_delivered(database: Database) -> None:
    """The function gets all records, and progress ends with their number."""
    seen: list[int] = []
    mapping = StreamMapping(Streams(500), ARN, lambda _: Returned({"batchItemFailures": []}), database)
    mapping.run(500, seen.append)
    assert (seen[-1], mapping.deliveries.total(), len(mapping.deliveries)) == (500, 500, 500)


def test_what_lambda_gives_up_is_written(database: Database, tmp_path: Path) -> None:
    """A record that fails at every try is in a failure document with its event."""

    def fail_on_the_third(invoke: Invoke) -> Result:
        records = invoke.event["Records"]
        return FunctionError() if any(each["eventID"] == "e3" for each in records) else Returned({})

    StreamMapping(Streams(20), ARN, fail_on_the_third, database).run(20, lambda _: None)
    with closing(sqlite3.connect(tmp_path / "soak.db")) as connection:
        ((text,),) = connection.execute("SELECT document FROM log WHERE kind = 'discarded'").fetchall()
    assert [each["eventID"] for each in json.loads(json.loads(text)["payload"])["Records"]] == ["e3"]


def test_a_function_that_hangs_ends_the_soak(database: Database) -> None:
    """A run without progress fails instead of waiting for ever."""
    answered = threading.Event()

    def hang(_: Invoke) -> Result:
        answered.wait()
        return FunctionError()

    mapping = StreamMapping(Streams(20), ARN, hang, database, patience=0.1)
    thread = threading.Timer(1, answered.set)  # the threads of the mapping have to end
    thread.start()
    with pytest.raises(StalledError, match="after 0 of 20 records"):
        mapping.run(20, lambda _: None)
    thread.join()


def test_an_error_of_the_harness_is_raised(database: Database) -> None:
    """What goes wrong in the thread of an invocation is no result of the function."""

    def broken(_: Invoke) -> Result:
        raise NotADirectoryError

    with pytest.raises(NotADirectoryError):
        StreamMapping(Streams(20), ARN, broken, database).run(20, lambda _: None)
