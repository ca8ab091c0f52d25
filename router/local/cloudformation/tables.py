"""Create the tables of a template in an engine, and find their streams."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from router.errors import RouterError
from router.local.cloudformation.template import LocalTable

__all__ = ["TableError", "make_tables", "stream_of"]


class TableError(RouterError):
    """A table does not exist, cannot be created, or has another stream than the template declares."""


def make_tables(client: Any, tables: Iterable[LocalTable]) -> None:
    """Create the tables that do not exist yet; existing ones stay unchanged.

    Args:
        client: A boto3 ``dynamodb`` client.
        tables: The tables.

    Raises:
        TableError: A table cannot be created.

    Example:
        >>> make_tables(engine.client("dynamodb"), template.tables.values())  # doctest: +SKIP
    """
    from botocore.exceptions import BotoCoreError, ClientError

    for table in tables:
        try:
            if _make(client, table.request) and table.ttl is not None:
                setting = {"Enabled": True, "AttributeName": table.ttl}
                client.update_time_to_live(TableName=table.name, TimeToLiveSpecification=setting)
        except (BotoCoreError, ClientError) as error:
            msg = f"cannot create table {table.name!r} as the template declares it: {_reason(error)}"
            raise TableError(msg) from error


def stream_of(client: Any, table: LocalTable) -> str:
    """The ARN of a table's stream.

    Args:
        client: A boto3 ``dynamodb`` client.
        table: The table.

    Raises:
        TableError: The table does not exist, has another stream, or the engine does not answer.

    Example:
        >>> stream_of(engine.client("dynamodb"), template.table("Shop"))  # doctest: +SKIP
        'arn:aws:dynamodb:us-east-1:000000000000:table/Shop/stream/2026-01-02T03:04:05.678'
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        found = client.describe_table(TableName=table.name)["Table"]
    except client.exceptions.ResourceNotFoundException:
        msg = f"found no table {table.name!r} at {client.meta.endpoint_url}; name the one there with --table"
        raise TableError(msg) from None
    except (BotoCoreError, ClientError) as error:
        msg = f"found no DynamoDB at {client.meta.endpoint_url}: {_reason(error)}"
        raise TableError(msg) from error
    view = (found.get("StreamSpecification") or {}).get("StreamViewType")
    if view is None or view != table.view:
        has = f"a stream of {view}" if view else "no stream"
        msg = f"found table {table.name!r} with {has}, expected one of {table.view}, as the template says"
        raise TableError(msg)
    return str(found["LatestStreamArn"])


def _make(client: Any, request: Any) -> bool:
    try:
        client.create_table(**request)
    except client.exceptions.ResourceInUseException:
        return False
    client.get_waiter("table_exists").wait(TableName=request["TableName"], WaiterConfig={"Delay": 1})
    return True


def _reason(error: Exception) -> str:
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Message") or error)
