"""``router put``: put an item into the table of a running ``router dev``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from router.cli.console import printable
from router.cli.errors import CommandLineError
from router.cli.events import read_standard_input
from router.cli.options import EndpointOption, TableOption, TemplateOption
from router.cli.table_access import DEFAULT_URL, find_table
from router.cli.written_items import item_of, read_item, shown_key
from router.discriminator_rules import Discriminator

__all__ = ["put", "put_command"]

_TEMPLATE = Path("template.yaml")
_DISCRIMINATOR = "EntityType"
_NO_ENTITY = "-"

ItemArgument = Annotated[
    str,
    typer.Argument(metavar="ITEM", help="JSON, DynamoDB JSON, a file of it, or -; with --json: the entity, or -."),
]
ItemOption = Annotated[
    str | None, typer.Option("--json", metavar="ITEM", help="The item as a JSON object; -: standard input.")
]
DiscriminatorOption = Annotated[
    str | None, typer.Option("--discriminator", metavar="NAME", help="The attribute to which --json adds the entity.")
]


def put(
    item: ItemArgument,
    as_json: ItemOption = None,
    endpoint_url: EndpointOption = None,
    table: TableOption = None,
    template: TemplateOption[Path] = _TEMPLATE,
    discriminator: DiscriminatorOption = None,
) -> int:
    """Put an item into the table of a running router dev.

    ITEM is JSON, a file of it, or - for standard input: plain, such as {"pk": "CUSTOMER#1", "sk": "PROFILE"}, or
    DynamoDB JSON, such as {"pk": {"S": "CUSTOMER#1"}, "tags": {"SS": ["new"]}, "icon": {"B": "aWNvbg=="}}, if each
    attribute has the form of it.

    router put ENTITY --json ITEM adds ENTITY as the discriminator attribute, and nothing if ENTITY is a dash.

    The endpoint is --endpoint-url, else AWS_ENDPOINT_URL_DYNAMODB, else that of the router dev which runs in this
    folder, else router dev's default port on this machine. The table is --table, else that of the session, else that
    of the template's function.
    """
    place = find_table(endpoint_url, table, template)
    if as_json is None:
        entity, written = _NO_ENTITY, read_item(item)
    else:
        source = "standard input" if as_json == "-" else "--json"
        entity, written = item, item_of(read_standard_input() if as_json == "-" else as_json, source)
    if entity != _NO_ENTITY:
        session = place.session and place.session.discriminator
        written = _named(written, entity, discriminator or session or _DISCRIMINATOR)
    place.check_key(written)
    place.put(written)
    what = "an item" if entity == _NO_ENTITY else entity
    print(printable(f"put {what} {shown_key(written, place.key_types)} into {place.name} at {place.url}"))
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
        "--endpoint-url": None if url == DEFAULT_URL else url,
        "--template": None if template == _TEMPLATE else str(template),
        "--table": table,
        "--discriminator": None if attribute == _DISCRIMINATOR else attribute,
    }
    given = [part for name, value in options.items() if value is not None for part in (name, value)]
    entity = "ENTITY" if discriminator.attributes else _NO_ENTITY
    return shlex.join(["router", "put", entity, "--json", "ITEM", *given])


def _named(item: dict[str, Any], entity: str, attribute: str) -> dict[str, Any]:
    """The item with the entity's name."""
    if item.get(attribute, {"S": entity}) != {"S": entity}:
        msg = f"found another {attribute} in the item than ENTITY, expected one name; - leaves the item as it is"
        raise CommandLineError(msg)
    return {**item, attribute: {"S": entity}}
