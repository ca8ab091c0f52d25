"""The table of a running ``router dev``, for the commands that write items."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from router.cli.errors import CommandLineError
from router.cli.options import DEFAULT_PORT
from router.cli.running_dev import RunningDev, running_dev
from router.extras import needed_by
from router.local.cloudformation.template import read_template
from router.local.engines.endpoint import Endpoint
from router.wire.decode import decode_value

__all__ = ["DEFAULT_URL", "NoSuchItemError", "TableAccess", "find_table"]

DEFAULT_URL = f"http://127.0.0.1:{DEFAULT_PORT}"
"""The address of ``router dev`` where nothing names another."""


class NoSuchItemError(CommandLineError):
    """The item of a conditional write does not exist."""


@dataclass(frozen=True)
class TableAccess:
    """A table at an endpoint.

    Args:
        name: The table's name.
        key_types: The types of its key attributes by their names.
        endpoint: The endpoint.
        session: The session that was found; ``None`` where options name the endpoint.
    """

    name: str
    key_types: Mapping[str, str]
    endpoint: Endpoint
    session: RunningDev | None

    @property
    def url(self) -> str:
        """The endpoint's URL."""
        return self.endpoint.endpoint_url

    def check_key(self, item: Mapping[str, Any]) -> None:
        """Require the whole key in an item; raises CommandLineError."""
        missing = [name for name in self.key_types if name not in item]
        if missing:
            msg = f"found an item without {' and '.join(missing)}, expected the whole key of table {self.name}"
            raise CommandLineError(msg)

    def put(self, item: Mapping[str, Any]) -> None:
        """Put an item in DynamoDB JSON; raises CommandLineError."""
        with self._calls("put the item") as client:
            client.put_item(TableName=self.name, Item=_for_client(item))

    def call(self, operation: str, key: Mapping[str, Any], **parameters: Any) -> dict[str, Any]:
        """Call an operation on one item; raises CommandLineError.

        Args:
            operation: The method of boto3's client.
            key: The item's key, in DynamoDB JSON.
            parameters: The other parameters; ``ExpressionAttributeValues`` in DynamoDB JSON.
        """
        values = parameters.pop("ExpressionAttributeValues", None)
        if values:
            parameters["ExpressionAttributeValues"] = _for_client(values)
        with self._calls("change the item") as client:
            found: dict[str, Any] = getattr(client, operation)(TableName=self.name, Key=_for_client(key), **parameters)
        return found

    def ttl(self) -> str | None:
        """The time to live attribute; ``None`` if the table has none. Raises CommandLineError."""
        with self._calls("describe the table") as client:
            found = client.describe_time_to_live(TableName=self.name)["TimeToLiveDescription"]
        return found.get("AttributeName") if found.get("TimeToLiveStatus") in ("ENABLED", "ENABLING") else None

    @contextmanager
    def _calls(self, what: str) -> Iterator[Any]:
        with _one_line(self.endpoint, self.name, what):
            yield self.endpoint.client("dynamodb")


def find_table(endpoint_url: str | None, table: str | None, template: Path) -> TableAccess:
    """The table that the options name, else that of the session that runs for this folder, else the template's.

    Args:
        endpoint_url: The value of ``--endpoint-url``.
        table: The value of ``--table``.
        template: The template.

    Raises:
        CommandLineError: Nothing names a table, or the endpoint does not have it or does not answer.
        TemplateError: The template cannot be read or has no such table.
    """
    named = endpoint_url or os.environ.get("AWS_ENDPOINT_URL_DYNAMODB")
    session = None if named else running_dev()
    endpoint = Endpoint(named or (session.url if session else DEFAULT_URL))
    if session is not None:
        name = table or session.table
        return TableAccess(name, _described(endpoint, name), endpoint, session)
    if template.exists():
        name, types = _in_template(template, table, endpoint)
        return TableAccess(name, types, endpoint, None)
    if table is None:
        where = f"at {endpoint.endpoint_url}" if named else f"for {Path.cwd()}"
        msg = f"found no router dev {where} and no {template}; run router dev here, or name --endpoint-url and --table"
        raise CommandLineError(msg)
    return TableAccess(table, _described(endpoint, table), endpoint, None)


def _in_template(template: Path, name: str | None, endpoint: Endpoint) -> tuple[str, Mapping[str, str]]:
    """The table of the template, or the one at the endpoint to which router dev has given another name."""
    found = read_template(template)
    if name is None:
        names = {function.table for function in found.functions.values()}
        if len(names) > 1:
            msg = f"found functions of several tables in {template}: {', '.join(sorted(names))}; name one with --table"
            raise CommandLineError(msg)
        name = names.pop() if names else found.function().table
    if name not in found.tables and (types := _types_at(endpoint, name)) is not None:
        return name, types
    return name, _types_in(found.table(name).request)


def _types_at(endpoint: Endpoint, name: str) -> dict[str, str] | None:
    try:
        return _described(endpoint, name)
    except CommandLineError:
        return None


def _described(endpoint: Endpoint, name: str) -> dict[str, str]:
    with _one_line(endpoint, name, "describe the table"):
        return _types_in(endpoint.client("dynamodb").describe_table(TableName=name)["Table"])


def _types_in(table: Mapping[str, Any]) -> dict[str, str]:
    types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
    return {each["AttributeName"]: types[each["AttributeName"]] for each in table["KeySchema"]}


@contextmanager
def _one_line(endpoint: Endpoint, table: str, what: str) -> Iterator[None]:
    """Raise errors of the client as one line."""
    with needed_by("an AWS client"):
        from botocore.exceptions import BotoCoreError, ClientError

    url = endpoint.endpoint_url
    try:
        yield
    except ClientError as error:
        reason = error.response.get("Error", {})
        if reason.get("Code") == "ResourceNotFoundException":
            msg = f"found no table {table!r} at {url}, expected that of a running router dev"
            raise CommandLineError(msg) from None
        if reason.get("Code") == "ConditionalCheckFailedException":
            raise NoSuchItemError(str(reason.get("Message"))) from None
        msg = f"{url} refuses to {what}: {reason.get('Message')}"
        raise CommandLineError(msg) from None
    except BotoCoreError as error:
        msg = f"cannot {what} at {url} ({error}); run router dev in another terminal"
        raise CommandLineError(msg) from None


def _for_client(values: Mapping[str, Any]) -> dict[str, Any]:
    """DynamoDB JSON as boto3 takes it, with bytes instead of base64."""
    from boto3.dynamodb.types import TypeSerializer

    return {name: TypeSerializer().serialize(decode_value(value)) for name, value in values.items()}
