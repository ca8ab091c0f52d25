"""``router.local.engines.ministack_server``: the corrections of ministack, without a process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from router.local.engines.ministack_server import application, correct, expire

NOW = 1_789_651_620


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """ministack's module with corrections, and a table with a stream and a time to live."""
    from ministack.services import dynamodb as module  # type: ignore[import-untyped]  # it has no types

    for name in [name for name in vars(module) if name.startswith("_") and callable(getattr(module, name))]:
        monkeypatch.setattr(module, name, getattr(module, name))  # restored after the test
    module.reset()
    correct(module)
    call(
        "CreateTable",
        TableName="Things",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    specification = {"Enabled": True, "AttributeName": "ttl"}
    call("UpdateTimeToLive", TableName="Things", TimeToLiveSpecification=specification)
    yield module
    module.reset()


def call(operation: str, service: str = "DynamoDB_20120810", **request: Any) -> Any:
    """Send a request to the application, the body in two parts; the response's JSON."""
    data = json.dumps(request).encode()
    parts: list[dict[str, Any]] = [{"body": data[:5], "more_body": True}, {"body": data[5:]}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return parts.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "headers": [(b"X-Amz-Target", f"{service}.{operation}".encode())]}
    asyncio.run(application(scope, receive, send))
    assert dict(sent[0]["headers"])[b"content-length"] == str(len(sent[1]["body"])).encode()
    return json.loads(sent[1]["body"])


def put(pk: str, **attributes: Any) -> None:
    call("PutItem", TableName="Things", Item={"pk": {"S": pk}, **attributes})


def records() -> list[Any]:
    """All records of the stream."""

    def ask(operation: str, **request: Any) -> Any:
        return call(operation, "DynamoDBStreams_20120810", **request)

    arn = call("DescribeTable", TableName="Things")["Table"]["LatestStreamArn"]
    shard = ask("DescribeStream", StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = ask("GetShardIterator", StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    return list(ask("GetRecords", ShardIterator=iterator)["Records"])


def test_sizes_and_event_ids_are_as_on_aws(dynamodb: ModuleType) -> None:
    """The size counts the key twice; an event ID has 32 hexadecimal digits."""
    put("a", n={"N": "100"})
    (record,) = records()
    assert record["dynamodb"]["SizeBytes"] == 3 + 3 + 3
    assert len(record["eventID"]) == 32


def test_another_order_of_a_set_is_no_change(dynamodb: ModuleType) -> None:
    """Another order of a list is one."""
    for members in (["a", "b"], ["b", "a"]):
        put("set", s={"SS": members})
        put("list", l={"L": [{"S": member} for member in members]})
    assert [each["dynamodb"]["Keys"]["pk"]["S"] for each in records()] == ["set", "list", "list"]


def test_an_expired_item_is_deleted_with_its_cause(dynamodb: ModuleType) -> None:
    """Only numbers count, not before their time, and not more than five years after it."""
    put("over", ttl={"N": str(NOW)})
    put("later", ttl={"N": str(NOW + 1)})
    put("ages ago", ttl={"N": str(NOW - 6 * 365 * 86_400)})
    put("text", ttl={"S": str(NOW)})
    put("without")
    expire(dynamodb, NOW)
    removed = [each for each in records() if each["eventName"] == "REMOVE"]
    assert [each["dynamodb"]["OldImage"]["pk"]["S"] for each in removed] == ["over"]
    assert removed[0]["userIdentity"] == {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}


def test_a_users_delete_has_no_cause(dynamodb: ModuleType) -> None:
    """That holds for an expired item too."""
    put("a", ttl={"N": str(NOW)})
    call("DeleteItem", TableName="Things", Key={"pk": {"S": "a"}})
    expire(dynamodb, NOW)
    assert [each.get("userIdentity") for each in records()] == [None, None]


def test_other_protocols_are_ignored() -> None:
    """The application serves HTTP only."""

    async def nothing(*_: Any) -> Any:
        pytest.fail("asked or answered")

    asyncio.run(application({"type": "lifespan"}, nothing, nothing))
