"""``router delete``: delete an item of the table of a running ``router dev``."""

from __future__ import annotations

from pathlib import Path

from router.cli.console import printable
from router.cli.errors import CommandLineError
from router.cli.options import EndpointOption, KeyArgument, TableOption, TemplateOption
from router.cli.table_access import find_table
from router.cli.written_items import key_of, shown_key

__all__ = ["delete"]


def delete(
    key: KeyArgument,
    endpoint_url: EndpointOption = None,
    table: TableOption = None,
    template: TemplateOption[Path] = Path("template.yaml"),
) -> int:
    """Delete an item of the table of a running router dev, as a user does.

    KEY is the item's key as router dev prints it, such as pk=ORDER#1 sk=META, or a JSON object. The table is found as
    by router put.
    """
    place = find_table(endpoint_url, table, template)
    written = key_of(key, place.key_types)
    shown = shown_key(written, place.key_types)
    if "Attributes" not in place.call("delete_item", written, ReturnValues="ALL_OLD"):
        msg = f"found no item {shown} in {place.name} at {place.url}, expected one to delete"
        raise CommandLineError(msg)
    print(printable(f"deleted {shown} from {place.name} at {place.url}"))
    return 0
