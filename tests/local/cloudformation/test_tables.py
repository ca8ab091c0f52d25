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


def test_a_table_is_created_with_its_time_to_live(client: Any) -> None:
    """Its stream can be found then."""
    table = described("Made", ttl="until")
    make_tables(client, [table])
    assert ":table/Made/stream/" in stream_of(client, table)
    found = client.describe_time_to_live(TableName="Made")["TimeToLiveDescription"]
    assert (found["TimeToLiveStatus"], found["AttributeName"]) == ("ENABLED", "until")


def test_an_existing_table_keeps_its_items(client: Any) -> None:
    """Creating the tables again changes nothing."""
    make_tables(client, [described("Kept")])
    client.put_item(TableName="Kept", Item={"pk": {"S": "a"}})
    make_tables(client, [described("Kept", ttl="until")])
    assert client.scan(TableName="Kept")["Count"] == 1


def test_a_refused_table_gives_dynamodbs_reason(client: Any) -> None:
    """The error names the table."""
    with pytest.raises(TableError, match=r"cannot create table 'Odd' as the template declares it: .+"):
        make_tables(client, [described("Odd", kind="X")])


def test_a_missing_table_is_named(client: Any) -> None:
    """The error has the option that names another table."""
    with pytest.raises(TableError, match=r"found no table 'Nobody' at http.*; name the one there with --table"):
        stream_of(client, described("Nobody"))


def test_a_table_without_a_stream_is_named(client: Any) -> None:
    """The error has the expected stream view type."""
    make_tables(client, [described("Still", view=None)])
    with pytest.raises(TableError, match="found table 'Still' with no stream, expected one of NEW_IMAGE"):
        stream_of(client, described("Still"))


def test_an_engine_that_does_not_answer_is_named() -> None:
    """The error has the engine's address."""
    with Embedded() as engine:
        client = engine.client("dynamodb")
    with pytest.raises(TableError, match=r"found no DynamoDB at http://127.0.0.1"):
        stream_of(client, described("Any"))
