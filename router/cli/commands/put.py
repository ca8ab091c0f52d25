"""``router put``: put an item into the table of a running ``router dev``."""

from __future__ import annotations

import json
import os
import shlex
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from router.cli.console import printable
from router.cli.errors import CommandLineError
from router.cli.events import read_standard_input
from router.cli.options import DEFAULT_PORT, DiscriminatorOption, EndpointOption, TableOption, TemplateOption
from router.discriminator_rules import Discriminator
from router.local.cloudformation.resources import TemplateError
from router.local.cloudformation.template import LocalTable, read_template
from router.local.engines.endpoint import Endpoint

__all__ = ["put", "put_command"]

_TEMPLATE = Path("template.yaml")
_DISCRIMINATOR = "EntityType"
_NO_ENTITY = "-"
_URL = f"http://127.0.0.1:{DEFAULT_PORT}"

EntityArgument = Annotated[
    str, typer.Argument(metavar="ENTITY", help="The item's entity, such as Order; -: the item names it.")
]
ItemOption = Annotated[
    str, typer.Option("--json", metavar="ITEM", help="The item as a JSON object; -: standard input.")
]


def put(
    entity: EntityArgument,
    item: ItemOption,
    endpoint_url: EndpointOption = None,
    table: TableOption = None,
    template: TemplateOption[Path] = _TEMPLATE,
    discriminator: DiscriminatorOption[str] = _DISCRIMINATOR,
) -> int:
    """Put an item into the table of a running router dev.

    ITEM is plain JSON with the table's key, such as {"pk": "CUSTOMER#1", "sk": "PROFILE", "name": "Ada"}; put adds
    ENTITY as the discriminator attribute, and nothing if ENTITY is a dash: then the item names its entity itself, for
    example in its key. The endpoint is --endpoint-url, else AWS_ENDPOINT_URL_DYNAMODB, else
    router dev's default port on this machine. The table is --table, else that of the template's function.
    """
    attributes = _attributes(item)
    if entity != _NO_ENTITY and attributes.setdefault(discriminator, entity) != entity:
        msg = f"found another {discriminator} in the item than ENTITY, expected one name; - leaves the item as it is"
        raise CommandLineError(msg)
    url = endpoint_url or os.environ.get("AWS_ENDPOINT_URL_DYNAMODB") or _URL
    endpoint = Endpoint(url)
    described = _table(template, table, endpoint)
    _check_keys(described, attributes)
    _put(endpoint, described.name, attributes)
    keys = " ".join(f"{name}={attributes[name]}" for name in _key_names(described))
    what = "an item" if entity == _NO_ENTITY else entity
    print(printable(f"put {what} {keys} into {described.name} at {url}"))
    return 0


def put_command(url: str, template: Path, table: str | None, discriminator: Discriminator) -> str:
    """The command line that puts an item into a table, with the options whose defaults lead elsewhere.

    Args:
        url: The engine's endpoint URL.
        template: The template.
        table: The table, if it is not that of the template's only function.
        discriminator: The app's discriminator.
    """
    attribute = next(iter(discriminator.attributes), _DISCRIMINATOR)
    options = {
        "--endpoint-url": None if url == _URL else url,
        "--template": None if template == _TEMPLATE else str(template),
        "--table": table,
        "--discriminator": None if attribute == _DISCRIMINATOR else attribute,
    }
    given = [part for name, value in options.items() if value is not None for part in (name, value)]
    entity = "ENTITY" if discriminator.attributes else _NO_ENTITY
    return shlex.join(["router", "put", entity, "--json", "ITEM", *given])


def _attributes(text: str) -> dict[str, Any]:
    source = "standard input" if text == "-" else "--json"
    try:
        # boto3 accepts decimal numbers only, as DynamoDB stores them.
        item = json.loads(read_standard_input() if text == "-" else text, parse_float=Decimal)
    except ValueError as error:
        msg = f"found no JSON in {source} ({error}), expected an object with the attributes of an item"
        raise CommandLineError(msg) from None
    if not isinstance(item, dict):
        msg = f"found a JSON {type(item).__name__} in {source}, expected an object with the attributes of an item"
        raise CommandLineError(msg)
    return item


def _table(template: Path, name: str | None, endpoint: Endpoint) -> LocalTable:
    """The table of the template, or the one at the endpoint to which router dev has given another name."""
    found = read_template(template)
    if name is None:
        names = {function.table for function in found.functions.values()}
        if len(names) > 1:
            msg = f"found functions of several tables in {template}: {', '.join(sorted(names))}; name one with --table"
            raise CommandLineError(msg)
        return found.table(names.pop() if names else found.function().table)
    try:
        return found.table(name)
    except TemplateError:
        schema = _key_schema(endpoint, name)
        if schema is None:
            raise
        return LocalTable(name, {"KeySchema": schema}, None)


def _key_schema(endpoint: Endpoint, name: str) -> Any:
    """The key schema of a table at the endpoint; ``None`` if it has no such table or does not answer."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return endpoint.client("dynamodb").describe_table(TableName=name)["Table"]["KeySchema"]
    except (BotoCoreError, ClientError):
        return None


def _key_names(table: LocalTable) -> list[str]:
    return [each["AttributeName"] for each in table.request["KeySchema"]]


def _check_keys(table: LocalTable, attributes: dict[str, Any]) -> None:
    missing = [name for name in _key_names(table) if name not in attributes]
    if missing:
        msg = f"found an item without {' and '.join(missing)}, expected the whole key of table {table.name}"
        raise CommandLineError(msg)


def _put(endpoint: Endpoint, table: str, attributes: dict[str, Any]) -> None:
    from boto3.dynamodb.types import TypeSerializer
    from botocore.exceptions import BotoCoreError, ClientError

    url = endpoint.endpoint_url
    try:
        wire = {name: TypeSerializer().serialize(value) for name, value in attributes.items()}
        endpoint.client("dynamodb").put_item(TableName=table, Item=wire)
    except ClientError as error:
        reason = error.response.get("Error", {})
        if reason.get("Code") == "ResourceNotFoundException":
            msg = f"found no table {table!r} at {url}, expected that of a running router dev"
            raise CommandLineError(msg) from None
        msg = f"{url} refuses the item: {reason.get('Message')}"
        raise CommandLineError(msg) from None
    except (BotoCoreError, TypeError, ArithmeticError) as error:
        msg = f"cannot put the item at {url} ({error}); run router dev in another terminal"
        raise CommandLineError(msg) from None
