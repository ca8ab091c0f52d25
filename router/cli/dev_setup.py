"""What ``router dev`` runs: a function, its tables and its app, from a template or from the command line alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from router.cli.app_source import AppSource, app_in_code
from router.cli.errors import CommandLineError
from router.local.cloudformation.code import FunctionCode
from router.local.cloudformation.template import LocalFunction, LocalResources, LocalTable, read_template
from router.local.event_source_mapping import MappingSettings
from router.local.project_settings import DEFAULT_APP
from router.stream_view import View

__all__ = ["DevSetup", "key_types_of", "setup_of_table", "setup_of_template"]

_VIEW: View = "NEW_AND_OLD_IMAGES"
_TIMEOUT = 60.0
_KEY = re.compile(r"(?P<name>[^:\s]+)(:(?P<type>[SNB]))?")
_MOST_KEYS = 2


@dataclass(frozen=True)
class DevSetup:
    """What a session runs.

    Args:
        function: The function.
        tables: The tables to create, by name.
        app: The app.
        one_table: Whether the template's functions read one table, so that ``router put`` needs no name.
    """

    function: LocalFunction
    tables: dict[str, LocalTable]
    app: AppSource
    one_table: bool

    @property
    def table(self) -> LocalTable:
        """The table whose stream the function reads."""
        return self.tables[self.function.table]


def setup_of_template(
    template: Path, name: str | None, table: str | None, app: str | None, *, window: bool
) -> DevSetup:
    """The function of a template.

    Args:
        template: The template.
        name: The function; ``None`` for the only one.
        table: Another name of its table; ``None`` for the template's.
        app: The value of ``--app``.
        window: Whether to keep the batching window.

    Raises:
        TemplateError: The template cannot be read, or has no such function.
        CommandLineError: There is no template, or neither it nor ``app`` names an app.
    """
    if not template.exists():
        wanted = table or "Shop"
        msg = (
            f"found no template {template}, expected one of SAM or CloudFormation; name another with --template, or "
            f"run without one: router dev --table {wanted} --key pk,sk"
        )
        raise CommandLineError(msg)
    found = read_template(template)
    function = _described(found, name, table, window=window)
    source = app_in_code(app, function.code, function.name, found.file)
    one_table = table is None and len(found.functions) == 1
    return DevSetup(function, _renamed(found, function, table), source, one_table)


def setup_of_table(table: str | None, key: str, ttl: str | None, app: str | None) -> DevSetup:
    """A function with Lambda's default settings and ``ReportBatchItemFailures`` on a table of the command line.

    Args:
        table: The table's name.
        key: The names of the key attributes, such as ``pk,sk`` or ``id:N``.
        ttl: The time to live attribute, if there is one.
        app: The value of ``--app``.

    Raises:
        CommandLineError: There is no table, or the key is none.

    Example:
        >>> setup_of_table("Shop", "pk,sk", None, None).table.request["KeySchema"][1]
        {'AttributeName': 'sk', 'KeyType': 'RANGE'}
    """
    if table is None:
        msg = f"found --key {key} without --table, expected both, such as --table Shop --key pk,sk"
        raise CommandLineError(msg)
    types = key_types_of(key)
    request = {
        "TableName": table,
        "KeySchema": [
            {"AttributeName": name, "KeyType": kind} for name, kind in zip(types, ("HASH", "RANGE"), strict=False)
        ],
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": attribute_type} for name, attribute_type in types.items()
        ],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": _VIEW},
    }
    settings = MappingSettings(function_response_types=["ReportBatchItemFailures"])
    function = LocalFunction("Function", FunctionCode((), None, has_handler=False), _TIMEOUT, {}, table, settings)
    tables = {table: LocalTable(table, request, _VIEW, ttl)}
    return DevSetup(function, tables, AppSource(app or DEFAULT_APP, (Path.cwd(),)), one_table=False)


def key_types_of(key: str) -> dict[str, str]:
    """The types of key attributes by their names: text where none is named.

    Args:
        key: The names, such as ``pk,sk`` or ``id:N``.

    Raises:
        CommandLineError: It names no key.
    """
    parts = [_KEY.fullmatch(part.strip()) for part in key.split(",")]
    found = {part["name"]: part["type"] or "S" for part in parts if part}
    if len(found) != len(parts) or len(found) > _MOST_KEYS:
        msg = f"found --key {key!r}, expected the names of one or two key attributes, such as pk,sk or id:N"
        raise CommandLineError(msg)
    return found


def _described(template: LocalResources, name: str | None, table: str | None, *, window: bool) -> LocalFunction:
    function = template.function(name)
    settings = function.settings
    if not window:
        settings = replace(settings, maximum_batching_window_in_seconds=0)
    table = table or function.table
    named = {key: table if value == function.table else value for key, value in function.environment.items()}
    return replace(function, settings=settings, table=table, environment=named)


def _renamed(template: LocalResources, function: LocalFunction, name: str | None) -> dict[str, LocalTable]:
    tables = dict(template.tables)
    if name is not None and name not in tables:
        old = tables.pop(template.function(function.name).table)
        tables[name] = replace(old, name=name, request={**old.request, "TableName": name})
    return tables
