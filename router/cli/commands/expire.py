"""``router expire``: let an item of the table of a running ``router dev`` expire."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from router.cli.console import printable
from router.cli.errors import CommandLineError
from router.cli.options import EndpointOption, KeyArgument, TableOption, TemplateOption
from router.cli.table_access import NoSuchItemError, TableAccess, find_table
from router.cli.written_items import key_of, shown_key

__all__ = ["expire"]


def expire(
    key: KeyArgument,
    endpoint_url: EndpointOption = None,
    table: TableOption = None,
    template: TemplateOption[Path] = Path("template.yaml"),
) -> int:
    """Let an item of the table of a running router dev expire: the engine deletes it as DynamoDB's time to live does.

    KEY is the item's key as router dev prints it, such as pk=ORDER#1 sk=META, or a JSON object. The command sets the
    time to live attribute to the past, which is a MODIFY record, and the engine's record of the delete has the identity
    of DynamoDB's service. The embedded engine deletes within a second, DynamoDB Local within minutes.

    The table is found as by router put; the template, or --ttl of router dev, names its time to live attribute.
    """
    place = find_table(endpoint_url, table, template)
    written = key_of(key, place.key_types)
    attribute = place.ttl()
    if attribute is None:
        msg = (
            f"found no time to live on table {place.name} at {place.url}, expected TimeToLiveSpecification in the "
            "template, or --ttl NAME of router dev --key"
        )
        raise CommandLineError(msg)
    shown = shown_key(written, place.key_types)
    _set(place, written, attribute, shown)
    print(printable(f"set {attribute} of {shown} in {place.name} at {place.url} to the past; the engine deletes it"))
    return 0


def _set(place: TableAccess, key: dict[str, Any], attribute: str, shown: str) -> None:
    names = {"#ttl": attribute, "#key": next(iter(place.key_types))}
    try:
        place.call(
            "update_item",
            key,
            UpdateExpression="SET #ttl = :past",
            ConditionExpression="attribute_exists(#key)",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={":past": {"N": str(int(time.time()) - 1)}},
        )
    except NoSuchItemError:
        msg = f"found no item {shown} in {place.name} at {place.url}, expected one to expire"
        raise CommandLineError(msg) from None
