"""``router update``: change attributes of an item in the table of a running ``router dev``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from router.cli.console import printable
from router.cli.errors import CommandLineError
from router.cli.options import EndpointOption, KeyArgument, SetOption, TableOption, TemplateOption
from router.cli.table_access import find_table
from router.cli.written_items import assignment, key_of, shown_key, value_of

__all__ = ["update"]

AddOption = Annotated[
    list[str] | None, typer.Option("--add", metavar="NAME=VALUE", help="Add to a number or to a set; repeat.")
]
RemoveOption = Annotated[
    list[str] | None, typer.Option("--remove", metavar="NAME", help="Remove an attribute or a part of it; repeat.")
]


def update(
    key: KeyArgument,
    to_set: SetOption = None,
    to_add: AddOption = None,
    to_remove: RemoveOption = None,
    endpoint_url: EndpointOption = None,
    table: TableOption = None,
    template: TemplateOption[Path] = Path("template.yaml"),
) -> int:
    """Change attributes of an item in the table of a running router dev, as UpdateItem does.

    KEY is the item's key as router dev prints it, such as pk=ORDER#1 sk=META, or a JSON object. NAME may be a path:
    address.city, lines.0.quantity. VALUE is JSON or DynamoDB JSON where it is one, else text: 5 is a number, "5" and
    SHIPPED are texts, {"SS": ["new"]} is a set.

    An item that does not exist is created, as AWS does. The table is found as by router put.
    """
    place = find_table(endpoint_url, table, template)
    written = key_of(key, place.key_types)
    expression = _Expression()
    expression.clause("SET", (assignment(each, "--set") for each in to_set or ()), " = ")
    expression.clause("ADD", (assignment(each, "--add") for each in to_add or ()), " ")
    expression.clause("REMOVE", ((name, None) for name in to_remove or ()), "")
    if not expression.clauses:
        msg = "found nothing to change, expected --set NAME=VALUE, --add NAME=VALUE or --remove NAME"
        raise CommandLineError(msg)
    place.call("update_item", written, **expression.parameters())
    print(printable(f"updated {shown_key(written, place.key_types)} in {place.name} at {place.url}"))
    return 0


class _Expression:
    """An update expression whose names and values are placeholders: a name may be a reserved word."""

    def __init__(self) -> None:
        self.clauses: list[str] = []
        self._names: dict[str, str] = {}
        self._values: dict[str, Any] = {}

    def clause(self, keyword: str, changes: Iterable[tuple[str, str | None]], between: str) -> None:
        parts = [self._path(path) + between + self._value(path, text) for path, text in changes]
        if parts:
            self.clauses.append(f"{keyword} {', '.join(parts)}")

    def parameters(self) -> Mapping[str, Any]:
        values = {"ExpressionAttributeValues": self._values} if self._values else {}
        return {"UpdateExpression": " ".join(self.clauses), "ExpressionAttributeNames": self._names, **values}

    def _path(self, path: str) -> str:
        """A path as an expression: ``lines.0.quantity`` becomes ``#0[0].#1``."""
        first, *others = path.split(".")
        return self._name(first) + "".join(
            f"[{part}]" if part.isdecimal() else f".{self._name(part)}" for part in others
        )

    def _name(self, name: str) -> str:
        return next((place for place, known in self._names.items() if known == name), None) or self._new_name(name)

    def _new_name(self, name: str) -> str:
        place = f"#n{len(self._names)}"
        self._names[place] = name
        return place

    def _value(self, path: str, text: str | None) -> str:
        if text is None:
            return ""
        place = f":v{len(self._values)}"
        self._values[place] = value_of(text, path)
        return place
