"""Read the tables and the functions of a template that run on a developer's machine, SAM's or CloudFormation's own.

A value that is unknown before deployment, such as an import from another stack, is an error only where it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from router.local.cloudformation.code import FunctionCode, code_of
from router.local.cloudformation.intrinsics import first_unknown
from router.local.cloudformation.mapping_settings import checked_settings, local_parameters
from router.local.cloudformation.mappings import (
    DeclaredMapping,
    chosen_function,
    main_mapping,
    source_text,
    table_mappings,
)
from router.local.cloudformation.resources import TABLES, Declaration, TemplateError, TemplateFile
from router.local.event_source_mapping import MappingSettings

__all__ = ["LocalFunction", "LocalResources", "LocalTable", "TemplateError", "read_template"]

T = TypeVar("T")

_CREATE = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "LocalSecondaryIndexes")
_OF_INDEX = ("IndexName", "KeySchema", "Projection")  # the table is billed per request, so it has no throughput
_DEFAULT_TIMEOUT = 3  # seconds: https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html
_DEFAULT_MEMORY = 128  # MB: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
_DEFAULT_ARCHITECTURE = "x86_64"


@dataclass(frozen=True)
class LocalTable:
    """A table.

    Args:
        name: ``TableName``, or else the logical ID.
        request: The parameters of CreateTable.
        view: The stream view type, or ``None`` without a stream.
        ttl: The time to live attribute, if TTL is enabled.
    """

    name: str
    request: Mapping[str, Any]
    view: str | None
    ttl: str | None = None


@dataclass(frozen=True)
class LocalFunction:
    """A function under a table's stream.

    Args:
        name: The logical ID.
        code: Its code on this machine, and its handler.
        timeout: In seconds.
        environment: The environment variables that hold the name of a table.
        table: The table's name.
        settings: The event source mapping's settings.
        memory: In MB.
        architecture: The instruction set, ``x86_64`` or ``arm64``.
    """

    name: str
    code: FunctionCode
    timeout: float
    environment: Mapping[str, str]
    table: str
    settings: MappingSettings
    memory: int = _DEFAULT_MEMORY
    architecture: str = _DEFAULT_ARCHITECTURE

    @property
    def handler(self) -> str | None:
        """``module.attribute``; ``None`` if the template does not name the app's."""
        return self.code.written


@dataclass(frozen=True)
class LocalResources:
    """The tables and functions of a template.

    Args:
        file: The template.
        tables: All tables, by name. Each is read when it is asked for, and may then raise :class:`TemplateError`.
        functions: The functions under a table's stream, by logical ID; read as tables are.
    """

    file: TemplateFile = field(repr=False)
    tables: Mapping[str, LocalTable]
    functions: Mapping[str, LocalFunction]

    @property
    def path(self) -> Path:
        """The file."""
        return self.file.path

    def function(self, name: str | None = None) -> LocalFunction:
        """The function of a name, or the only one.

        Args:
            name: The logical ID; ``None`` for the only one.

        Raises:
            TemplateError: There is none, none of that name, or more than one.
        """
        return self.functions[chosen_function(self.functions, name, self.file)]

    def table(self, name: str) -> LocalTable:
        """The table of a name.

        Args:
            name: The table's name.

        Raises:
            TemplateError: There is no such table.
        """
        if name not in self.tables:
            hint = f"there is {', '.join(self.tables)}" if self.tables else "it has none"
            msg = f"found no table {name!r} in {self.path}; {hint}"
            raise TemplateError(msg)
        return self.tables[name]


def read_template(path: Path) -> LocalResources:
    """Read a template.

    Args:
        path: The file.

    Raises:
        TemplateError: The file cannot be read, or is no template.

    Example:
        >>> read_template(Path("template.yaml")).function().table  # doctest: +SKIP
        'Shop'
    """
    return _Reader(TemplateFile(path)).read()


class _Reader:
    """Reads one template.

    Args:
        template: The template.
    """

    def __init__(self, template: TemplateFile) -> None:
        self._template = template

    def read(self) -> LocalResources:
        names = {self._template.reference(each.name): each for each in self._template.of_type(*TABLES)}
        found: dict[str, list[DeclaredMapping]] = {}
        for mapping in table_mappings(self._template):
            found.setdefault(mapping.function, []).append(mapping)
        return LocalResources(
            self._template,
            _OnDemand({name: partial(self._table, each) for name, each in names.items()}),
            _OnDemand(
                {name: partial(self._function, main_mapping(each, self._template)) for name, each in found.items()}
            ),
        )

    def _table(self, declaration: Declaration) -> LocalTable:
        properties = declaration.values
        request = {name: properties[name] for name in _CREATE if name in properties}
        self._refuse_unknown(request, declaration)
        if "KeySchema" not in request or "AttributeDefinitions" not in request:
            msg = f"found no KeySchema and AttributeDefinitions in table {declaration.name}, expected both"
            raise self._error(declaration, msg)
        for indexes in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
            if request.get(indexes):
                request[indexes] = [
                    {key: index[key] for key in _OF_INDEX if key in index} for index in _mappings_in(request[indexes])
                ]
        view = _part(properties, "StreamSpecification").get("StreamViewType")
        if view is not None:
            request["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": view}
        ttl = _part(properties, "TimeToLiveSpecification")
        name = self._template.reference(declaration.name)
        attribute = ttl.get("AttributeName") if ttl.get("Enabled") in (True, "true") else None
        return LocalTable(name, {"TableName": name, **request, "BillingMode": "PAY_PER_REQUEST"}, view, attribute)

    def _streamed_table(self, mapping: DeclaredMapping, where: Declaration) -> str:
        """The name of the table whose stream the mapping reads."""
        declaration = self._template.table_of(mapping.stream)
        if declaration is None:
            msg = (
                f"found {mapping.name}.{mapping.stream_property} to be {source_text(mapping.stream)}, "
                "expected !GetAtt TABLE.StreamArn of a table in this template"
            )
            raise self._error(where, msg)
        table = self._table(declaration)
        if table.view is None:
            msg = f"found table {declaration.name} without a stream, expected one: StreamSpecification"
            raise self._error(declaration, msg)
        return table.name

    def _function(self, mapping: DeclaredMapping) -> LocalFunction:
        declaration = self._template.resources.get(mapping.function)
        properties = declaration.values if declaration else {}
        where = declaration or mapping.declaration
        return LocalFunction(
            name=mapping.function,
            code=code_of(self._template, declaration),
            timeout=_number(properties.get("Timeout"), _DEFAULT_TIMEOUT),
            environment=self._environment(declaration),
            table=self._streamed_table(mapping, where if mapping.is_sam_event else mapping.declaration),
            settings=self._settings(mapping, where),
            memory=int(_number(properties.get("MemorySize"), _DEFAULT_MEMORY)),
            architecture=_architecture(properties),
        )

    def _environment(self, function: Declaration | None) -> dict[str, str]:
        """The variables that hold a table's name: tables exist locally under their names, buses and queues do not."""
        variables = self._template.variables_of(function, *TABLES) if function else {}
        known = {self._template.reference(each.name) for each in self._template.of_type(*TABLES)}
        return {key: value for key, value in variables.items() if value in known}

    def _settings(self, mapping: DeclaredMapping, where: Declaration) -> MappingSettings:
        given = local_parameters(mapping)
        self._refuse_unknown(given, where)
        return checked_settings(given, where, self._template)

    def _refuse_unknown(self, value: Any, where: Declaration) -> None:
        unknown = first_unknown(value)
        if unknown is not None:
            msg = (
                f"found {unknown.written} in {where.name}, which is not known here; give it a parameter with a default"
            )
            raise self._error(where, msg)

    def _error(self, where: Declaration, message: str) -> TemplateError:
        return TemplateError(f"{self._template.place(where.line)}: {message}")


class _OnDemand(Mapping[str, T]):
    """Values that are made when they are asked for."""

    def __init__(self, makers: Mapping[str, Callable[[], T]]) -> None:
        self._makers = makers
        self._made: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._makers

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


def _number(value: Any, default: float) -> float:
    """A number, which CloudFormation takes as text too; the default where the value is unknown before deployment."""
    try:
        return float(value) if isinstance(value, int | float | str) else default
    except ValueError:
        return default


def _architecture(properties: Mapping[str, Any]) -> str:
    found = properties.get("Architectures")
    name = found[0] if isinstance(found, list) and found else None
    return name if isinstance(name, str) else _DEFAULT_ARCHITECTURE


def _mappings_in(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _part(properties: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = properties.get(name)
    return part if isinstance(part, Mapping) else {}
