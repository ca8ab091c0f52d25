"""The item of a record, as its table holds it now."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from router.aws_client import code_of_error
from router.errors import RouterError
from router.local.redrive.clients import Clients, region_of
from router.local.redrive.staleness import Image
from router.record import Record
from router.sources.lambda_record import wire_image

__all__ = ["Table", "TableError"]


class TableError(RouterError):
    """The item of a record cannot be read; the message says why."""


class Table:
    """Reads the items of records.

    Args:
        clients: Makes the client.
        name: The table; by default that of each record's stream.
    """

    def __init__(self, clients: Clients, name: str | None = None) -> None:
        self._clients = clients
        self._name = name

    def item(self, record: Record) -> Image | None:
        """The item of a record; ``None`` where the table holds none.

        Raises:
            TableError: The record does not say which item that is, or it cannot be read.
        """
        keys = record.wire_keys
        name = self._name or _table_of(record)
        if not keys or not name:
            missing = "keys" if not keys else "the name of a table"
            hint = "" if not keys else "; name the table with --table"
            msg = f"found a record without {missing}, expected it to compare its image with the item{hint}"
            raise TableError(msg)
        try:
            client = self._clients.get("dynamodb", _region_of(record))
            found = client.get_item(TableName=name, Key=_for_client(keys), ConsistentRead=True)
        except Exception as error:  # noqa: BLE001 - of boto3, whose classes depend on the client
            msg = (
                f"found {code_of_error(error)} on reading the item from table {name}; check --table and credentials, "
                "or use --stale allow"
            )
            raise TableError(msg) from None
        item = found.get("Item")
        return None if item is None else wire_image(item)


def _table_of(record: Record) -> str | None:
    """The table's name in the ARN of the stream, or in a record of Kinesis."""
    arn, name = record.wire.get("eventSourceARN"), record.wire.get("tableName")
    if isinstance(name, str) and name:
        return name
    if not isinstance(arn, str) or ":table/" not in arn:
        return None
    return arn.partition(":table/")[2].partition("/")[0] or None


def _region_of(record: Record) -> str | None:
    """The region of the stream: a table of the same name in another region has other items."""
    region = record.wire.get("awsRegion")  # all that a record of Kinesis has
    return region_of(record.wire.get("eventSourceARN")) or (region if isinstance(region, str) and region else None)


def _for_client(keys: Mapping[str, Any]) -> dict[str, Any]:
    """The keys as boto3 takes them: with bytes in place of base64."""
    return {
        name: {"B": b64decode(value["B"])} if isinstance(value, dict) and "B" in value else value
        for name, value in keys.items()
    }
