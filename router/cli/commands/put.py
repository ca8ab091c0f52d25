"""``router put``: write an item to the table of a running ``router dev``."""

from __future__ import annotations

import json
import os
import sys
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from router.cli.commands.dev import DEFAULT_PORT
from router.cli.console import printable
from router.cli.errors import CommandLineError
from router.errors import RouterError
from router.local.cloudformation.template import LocalTable, read_template
from router.local.engines.embedded import Endpoint

__all__ = ["put"]

EntityArgument = Annotated[str, typer.Argument(metavar="ENTITY", help="What the item is, such as Order.")]
ItemOption = Annotated[str, typer.Option("--json", metavar="ITEM", help="The item as a JSON object; - reads it.")]
EndpointOption = Annotated[
    str | None, typer.Option("--endpoint-url", metavar="URL", help="The engine; else the one of router dev here.")
]
TableOption = Annotated[str | None, typer.Option(metavar="NAME", help="The table; else the one under the stream.")]
TemplateOption = Annotated[Path, typer.Option(metavar="FILE", help="The template that says which table.")]
AttributeOption = Annotated[str, typer.Option("--discriminator", metavar="NAME", help="The attribute for ENTITY.")]


def put(
    entity: EntityArgument,
    item: ItemOption,
    endpoint_url: EndpointOption = None,
    table: TableOption = None,
    template: TemplateOption = Path("template.yaml"),
    discriminator: AttributeOption = "EntityType",
) -> int:
    """Put an item into the table of a running router dev.

    ITEM is plain JSON, such as {"pk": "CUSTOMER#1", "sk": "PROFILE", "name": "Ada"}, with the table's key in it;
    ENTITY is added as its discriminator. The engine is the one that AWS_ENDPOINT_URL_DYNAMODB names, else that of a
    router dev on its usual port.
    """
    attributes = _attributes(item)
    attributes.setdefault(discriminator, entity)
    url = endpoint_url or os.environ.get("AWS_ENDPOINT_URL_DYNAMODB") or f"http://127.0.0.1:{DEFAULT_PORT}"
    try:
        described = _table(template, table)
        _check_keys(described, attributes)
        _put(Endpoint(url), described.name, attributes)
    except RouterError as error:
        raise CommandLineError(str(error)) from error
    keys = " ".join(f"{name}={attributes[name]}" for name in _key_names(described))
    print(printable(f"put {attributes[discriminator]} {keys} into {described.name} at {url}"))
    return 0


def _attributes(text: str) -> dict[str, Any]:
    source = "standard input" if text == "-" else "--json"
    try:
        # DynamoDB has decimal numbers only, and boto3 takes nothing else.
        item = json.loads(sys.stdin.read() if text == "-" else text, parse_float=Decimal)
    except ValueError as error:
        msg = f"found no JSON in {source} ({error}), expected an object with the attributes of an item"
        raise CommandLineError(msg) from None
    if not isinstance(item, dict):
        msg = f"found a JSON {type(item).__name__} in {source}, expected an object with the attributes of an item"
        raise CommandLineError(msg)
    return item


def _table(template: Path, name: str | None) -> LocalTable:
    found = read_template(template)
    return found.table(found.function().table if name is None else name)


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
            msg = f"found no table {table!r} at {url}, expected the one of a running router dev"
            raise CommandLineError(msg) from None
        msg = f"{url} refuses the item: {reason.get('Message')}"
        raise CommandLineError(msg) from None
    except (BotoCoreError, TypeError, ArithmeticError) as error:
        msg = f"found nobody at {url} to take the item ({error}); run router dev in another terminal"
        raise CommandLineError(msg) from None
