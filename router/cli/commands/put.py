"""``router put``: put an item into the table of a running ``router dev``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from router.cli.app_source import find_app
from router.cli.console import printable
from router.cli.errors import CommandLineError
from router.cli.events import read_standard_input
from router.cli.model_items import entity_named
from router.cli.options import EndpointOption, HandlerAppOption, SetOption, TableOption, TemplateOption
from router.cli.table_access import DEFAULT_URL, TableAccess, find_table
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
    to_set: SetOption = None,
    app: HandlerAppOption = None,
    endpoint_url: EndpointOption = None,
    table: TableOption = None,
    template: TemplateOption[Path] = _TEMPLATE,
    discriminator: DiscriminatorOption = None,
) -> int:
    """Put an item into the table of a running router dev.

    ITEM is JSON, a file of it, or - for standard input: plain, such as {"pk": "CUSTOMER#1", "sk": "PROFILE"}, or
    DynamoDB JSON, such as {"pk": {"S": "CUSTOMER#1"}, "tags": {"SS": ["new"]}, "icon": {"B": "aWNvbg=="}}, if each
    attribute has the form of it.

    router put ENTITY --set NAME=VALUE puts an item of the entity's model in the app, as router event makes it: with
    values for the required fields. router put ENTITY --json ITEM adds ENTITY as the discriminator attribute, and
    nothing if ENTITY is a dash.

    The endpoint is --endpoint-url, else AWS_ENDPOINT_URL_DYNAMODB, else that of the router dev which runs in this
    folder, else router dev's default port on this machine. The table is --table, else that of the session, else that
    of the template's function.
    """
    place = find_table(endpoint_url, table, template)
    if as_json is None and (to_set or item.isidentifier()):
        return _put(place, item, _of_model(place, item, to_set or [], app))
    if as_json is None:
        return _put(place, _NO_ENTITY, read_item(item))
    if to_set:
        msg = "found --json and --set, expected one of them"
        raise CommandLineError(msg)
    source = "standard input" if as_json == "-" else "--json"
    written = item_of(read_standard_input() if as_json == "-" else as_json, source)
    if item != _NO_ENTITY:
        session = place.session and place.session.discriminator
        written = _named(written, item, discriminator or session or _DISCRIMINATOR)
    return _put(place, item, written)


def _of_model(place: TableAccess, entity: str, to_set: list[str], app: str | None) -> dict[str, Any]:
    """An item of an entity's model."""
    name = app or (place.session.app if place.session else None)
    found = entity_named(find_app(name).load(), entity, place.key_types)
    given = found.given(to_set, "--set")
    return found.made(found.sample(1, given), 1, given).image


def _put(place: TableAccess, entity: str, written: dict[str, Any]) -> int:
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
