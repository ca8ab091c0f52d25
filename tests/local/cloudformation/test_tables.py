"""``router.local.cloudformation.tables``: tables as a template says, made or found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from router.local.cloudformation.tables import TableError, make_tables, stream_of
from router.local.cloudformation.template import LocalTable
from router.local.engines.embedded import Embedded


def described(name: str, view: str | None = "NEW_IMAGE", ttl: str | None = None, kind: str = "S") -> LocalTable:
    request: dict[str, Any] = {
        "TableName": name,
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": kind}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    if view is not None:
        request["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": view}
    return LocalTable(name, request, view, ttl)


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with Embedded() as engine:
        yield engine.client("dynamodb")


def test_a_table_is_made_with_its_time_to_live(client: Any) -> None:
    """And its stream is found."""
    table = described("Made", ttl="until")
    make_tables(client, [table])
    assert ":table/Made/stream/" in stream_of(client, table)
    found = client.describe_time_to_live(TableName="Made")["TimeToLiveDescription"]
    assert (found["TimeToLiveStatus"], found["AttributeName"]) == ("ENABLED", "until")


def test_a_table_that_is_there_stays_as_it_is(client: Any) -> None:
    """With everything in it."""
    make_tables(client, [described("Kept")])
    client.put_item(TableName="Kept", Item={"pk": {"S": "a"}})
    make_tables(client, [described("Kept", ttl="until")])
    assert client.scan(TableName="Kept")["Count"] == 1


def test_a_table_that_dynamodb_refuses_is_named(client: Any) -> None:
    """In DynamoDB's words."""
    with pytest.raises(TableError, match=r"cannot create table 'Odd' as the template declares it: .+"):
        make_tables(client, [described("Odd", kind="X")])


def test_a_table_that_is_not_there_is_named(client: Any) -> None:
    """With the option that names another."""
    with pytest.raises(TableError, match=r"found no table 'Nobody' at http.*; name the one there with --table"):
        stream_of(client, described("Nobody"))


def test_a_table_without_a_stream_is_named(client: Any) -> None:
    """It says what was expected."""
    make_tables(client, [described("Still", view=None)])
    with pytest.raises(TableError, match="found table 'Still' with no stream, expected one of NEW_IMAGE"):
        stream_of(client, described("Still"))


def test_an_engine_that_is_gone_is_named() -> None:
    """Whatever the client makes of it."""
    with Embedded() as engine:
        client = engine.client("dynamodb")
    with pytest.raises(TableError, match=r"found no DynamoDB at http://127.0.0.1"):
        stream_of(client, described("Any"))
