"""``router.local.redrive.clients``: each record is compared and read again in its own region."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import Stubber

from router.event import Event
from router.local.redrive.clients import Clients, region_of
from router.local.redrive.places import place_of
from router.local.redrive.queue_place import QueuePlace
from router.local.redrive.table import Table, TableError
from router.record import Record

ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/Shop/stream/2026-01-01T00:00:00.000"


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    """Clients of AWS itself, in an environment of another region; they are not used."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SQS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    made = Clients()
    yield made
    made.close()


def record(**raw: Any) -> Record:
    return Record(raw, {"Keys": {"pk": {"S": "1"}}, "SequenceNumber": "1"}, Event.INSERT)


@pytest.mark.parametrize(
    ("raw", "region"),
    [
        ({"eventSourceARN": ARN}, "eu-west-1"),
        ({"eventSourceARN": ARN, "awsRegion": "us-west-2"}, "eu-west-1"),
        ({"tableName": "Shop", "awsRegion": "ap-south-1"}, "ap-south-1"),
        ({"tableName": "Shop"}, None),
    ],
)
def test_the_item_is_read_in_the_region_of_the_stream(
    clients: Clients, raw: dict[str, Any], region: str | None
) -> None:
    """A table of the same name in the environment's region has other items, which make a stale record look fresh."""
    client = clients.get("dynamodb", region)
    assert client.meta.region_name == (region or "us-east-1")
    with Stubber(client) as stub:
        wanted = {"TableName": "Shop", "Key": {"pk": {"S": "1"}}, "ConsistentRead": True}
        stub.add_response("get_item", {"Item": {"pk": {"S": "1"}}}, wanted)
        assert Table(clients).item(record(**raw)) == {"pk": {"S": "1"}}


def test_a_throttled_read_is_no_missing_item(clients: Clients) -> None:
    """The record stays unchecked, in place of one whose item is gone."""
    with Stubber(clients.get("dynamodb", "eu-west-1")) as stub:
        stub.add_client_error("get_item", "ProvisionedThroughputExceededException")
        with pytest.raises(TableError, match="found ProvisionedThroughputExceededException on reading the item from"):
            Table(clients).item(record(eventSourceARN=ARN))


def test_an_endpoint_of_the_command_line_has_all_regions() -> None:
    """A server on this machine keeps the tables of each region apart, and the test's are in one."""
    clients = Clients("http://127.0.0.1:1")
    assert clients.get("dynamodb", "eu-west-1") is clients.get("dynamodb")
    clients.close()


@pytest.mark.parametrize(
    "arn",
    [None, 1, "", "arn:aws:s3:::bucket", "arn:aws:dynamodb:ddblocal:000000000000:table/Shop/stream/1", "a:b:c:d:e"],
)
def test_no_region(arn: object) -> None:
    """Then it is the environment's."""
    assert region_of(arn) is None


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("https://sqs.eu-west-1.amazonaws.com/123456789012/parked", "eu-west-1"),
        ("https://eu-west-1.queue.amazonaws.com/123456789012/parked", "eu-west-1"),
        ("http://127.0.0.1:4566/123456789012/parked", "us-east-1"),
    ],
)
def test_a_queue_is_read_in_its_region(clients: Clients, url: str, region: str) -> None:
    """Its URL names it."""
    place = place_of(url, clients)
    assert isinstance(place, QueuePlace)
    assert place.region == region
