"""Failure documents of SQS, whose records are read again from the stream of a real engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from router.local.engines.embedded import Embedded
from router.local.engines.engine import Engine
from router.sources import discarded_batch
from tests.local.engines.tables import Table
from tests.sources.deliveries import message
from tests.sources.test_discarded_batch import document
from tests.sources.test_received import by_key, reported


@pytest.fixture(scope="module")
def embedded() -> Iterator[Embedded]:
    with Embedded() as engine:
        yield engine


@pytest.fixture(params=["embedded", "dynamodb_local"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The engine at which the default client of boto3 reads, as it reads AWS in Lambda."""
    found: Engine = request.getfixturevalue(request.param)
    monkeypatch.setattr(discarded_batch, "_clients", {})
    for name, value in {
        "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": found.endpoint_url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }.items():
        monkeypatch.setenv(name, value)
    return found


def batch(table: Table, first: int, last: int) -> dict[str, Any]:
    """The document of a batch of the table's records."""
    shard = table.streams.describe_stream(StreamArn=table.arn)["StreamDescription"]["Shards"][0]["ShardId"]
    numbers = [record["dynamodb"]["SequenceNumber"] for record in table.records]
    return document(0, 0) | {
        "DDBStreamBatchInfo": {
            "shardId": shard,
            "startSequenceNumber": numbers[first],
            "endSequenceNumber": numbers[last],
            "batchSize": last - first + 1,
            "streamArn": table.arn,
        }
    }


def test_the_batch_is_read_again(engine: Engine) -> None:
    """A message that names records 1 to 3 of five runs their handlers, with binary values as Lambda delivers them."""
    table = Table(engine)
    for number in range(5):
        table.put(f"k{number}", EntityType={"S": "Order"}, photo={"B": b"\xff"})
    app, handled = by_key("k3")
    event = {"Records": [message(batch(table, 1, 3), 1)]}
    assert (reported(app(event)), handled) == (["m1"], ["k1", "k2"])
    delivered = [each for each in table.records if each["dynamodb"]["Keys"]["pk"]["S"] == "k1"]
    (again,) = [each.record.wire for each in app.dispatch(event)][:1]
    assert again["dynamodb"] == delivered[0]["dynamodb"]


def test_a_stream_that_is_gone(engine: Engine) -> None:
    """The stream does not exist: the message fails, and another one is handled."""
    table = Table(engine)
    table.put("k1", EntityType={"S": "Order"})
    gone = batch(table, 0, 0)
    gone["DDBStreamBatchInfo"]["streamArn"] = table.arn.replace(table.name, "Nothing")
    app, handled = by_key()
    event = {"Records": [message(gone, 1), message(batch(table, 0, 0), 2)]}
    outcomes = app.dispatch(event).outcomes
    assert ([each.status for each in outcomes], handled) == (["failed", "done"], ["k1"])
    assert "ResourceNotFoundException in place of records" in str(outcomes[0].error)
